"""Importing this module preloads what steps need: Python's forkserver can do nothing but import."""

from sentiment_assets.execution.preloading import preload

preload()
