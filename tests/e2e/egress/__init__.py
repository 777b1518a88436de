"""Actions on their way to a chat."""
