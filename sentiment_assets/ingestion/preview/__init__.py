"""A look at a review file before a branch takes it in: what is in it, and the settings that would read it."""
