"""Stages of vocabularies."""
