"""Days on disk: day files, journals, the importer, chain files, caches and the archive."""
