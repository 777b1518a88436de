"""Campaigns: long seeded trouble around a real process, and an oracle that knows the contract only."""
