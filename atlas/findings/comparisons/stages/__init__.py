"""Stages of a comparison."""
