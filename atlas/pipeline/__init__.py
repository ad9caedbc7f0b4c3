"""One build: options, places, plan, compute, compose, publish. Only this package and those above it
use the whole of atlas.toml."""
