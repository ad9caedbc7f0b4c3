"""A toy kind of finding: how often each letter begins a token of a vocabulary.

It is what a new kind in `atlas/findings/` would be, folder for folder; see findings/test_a_new_kind.py.
"""
