"""Words: what every model of a site makes of one word, and the answers in files that others may
read."""
