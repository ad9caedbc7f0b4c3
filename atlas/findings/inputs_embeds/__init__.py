"""The experiment on `inputs_embeds`, and its write-up."""
