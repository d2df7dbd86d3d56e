"""Asset checks: thin wrappers neighbours ``monitoring``."""
