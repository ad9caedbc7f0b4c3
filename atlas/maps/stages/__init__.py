"""Stages of one map."""
