"""A day that can be read, folded and sought."""
