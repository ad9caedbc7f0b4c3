"""Types of values in atlas.toml, and the faults of a file told. Knows no kind of thing."""
