"""What is in a model's input table: its rows beside its tokens, rows that look untrained, and the
shape of the space."""
