"""Day files: how a finished day is written, described, found and read."""
