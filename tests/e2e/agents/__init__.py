"""Programs behind the agent link and as children."""
