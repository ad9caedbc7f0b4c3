"""Types of values in atlas.toml, and messages about its faults. Knows no section."""
