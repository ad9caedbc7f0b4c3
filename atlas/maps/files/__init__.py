"""The files that a map page fetches."""
