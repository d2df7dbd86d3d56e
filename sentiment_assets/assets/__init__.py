"""The Dagster layer, one file per asset and named after it: each reads, calls, writes and describes."""
