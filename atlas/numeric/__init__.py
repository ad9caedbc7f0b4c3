"""Algorithms on arrays. Knows nothing of atlases, stages or files."""
