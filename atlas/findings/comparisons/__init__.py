"""Two maps side by side, over the tokens that both show."""
