"""Stages of the experiment."""
