"""What was fetched of past days, and how far."""
