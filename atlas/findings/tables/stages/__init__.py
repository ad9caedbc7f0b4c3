"""Stages of a table."""
