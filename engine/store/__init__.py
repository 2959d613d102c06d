"""What is on disk: day files that can be replayed, and the importer that makes them."""
