"""Events on their way to an agent."""
