"""Finished days in an S3-compatible bucket."""
