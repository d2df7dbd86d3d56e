"""Champions that answer at once: in Python, and over HTTP."""
