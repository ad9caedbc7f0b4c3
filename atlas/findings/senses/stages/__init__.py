"""Stages of a sense map."""
