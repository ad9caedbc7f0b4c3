"""The stages of words."""
