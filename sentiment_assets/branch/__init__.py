"""A branch: what its YAML file may say, how Dagster loads it, and what it is made of."""
