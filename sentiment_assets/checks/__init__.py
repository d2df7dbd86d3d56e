"""Asset checks: thin wrappers around ``monitoring``."""
