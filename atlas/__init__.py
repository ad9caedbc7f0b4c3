"""Publish maps of language models' embedding spaces as a static website."""

__version__ = "0.1.0"
