"""Where tapes come from; feeds share `transport` and know nothing of each other."""
