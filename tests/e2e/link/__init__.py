"""One connection: dials, frames, ends."""
