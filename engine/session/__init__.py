"""Which days are open, what is shown of them, and who runs."""
