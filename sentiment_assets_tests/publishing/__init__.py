"""Tests of ``sentiment_assets.publishing``."""
