"""Vocabularies beside one another: what two share, what each has of writing, and order in it."""
