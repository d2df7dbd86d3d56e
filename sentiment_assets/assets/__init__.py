"""The Dagster layer, a file an asset, named after it: read, call, write, describe."""
