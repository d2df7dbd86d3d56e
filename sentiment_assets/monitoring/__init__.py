"""Statements about a batch or a model, each a pure function with a frozen result. Pure Python."""
