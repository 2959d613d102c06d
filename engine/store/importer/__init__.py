"""Files of others made into days: recognised, read, sorted, written."""
