"""Dormancy and ordered ends."""
