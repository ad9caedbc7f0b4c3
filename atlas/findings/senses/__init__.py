"""Sense maps: words of several senses in sentences, a point for each occurrence."""
