"""Stages of a model's vocabulary and vectors."""
