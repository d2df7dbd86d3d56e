"""What tests and benchmarks both use: made-up reviews, small branches, real runs, servers and a whole platform."""
