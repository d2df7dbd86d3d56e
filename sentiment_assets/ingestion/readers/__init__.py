"""Readers of the formats that reviews land in. Nothing is loaded here, so that definitions load quickly."""
