"""Benchmarks: what spymon promises in figures, measured on this machine and printed as one table."""
