"""Pages that people write: Markdown in `content/` beside atlas.toml, with parts of the atlas in
it. Nothing here computes."""
