"""One file a command; what two of them share stands beside them."""
