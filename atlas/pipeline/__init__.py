"""One build: its options and places, plan, compute, compose, publish. The only package that sees
the whole of atlas.toml."""
