"""Who may provision, credentials, policies, the upgrade."""
