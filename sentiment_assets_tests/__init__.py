"""Tests, by the room of what they test."""

import gc

# By default every 700 objects are a reason to search for garbage, and the libraries make hundreds of thousands.
gc.set_threshold(100_000, 20, 100)
