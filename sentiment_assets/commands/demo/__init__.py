"""The demo: two branches on real reviews, from landing to scores, in one command."""
