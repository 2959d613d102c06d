"""The rules of the fold, one file each, and what all of them share."""
