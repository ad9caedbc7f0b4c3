"""Comparisons of two maps, over the tokens that both show."""
