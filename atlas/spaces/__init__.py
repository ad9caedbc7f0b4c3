"""Tokens and vectors of a model: vocabularies, selections, embedding tables, outputs of layers."""
