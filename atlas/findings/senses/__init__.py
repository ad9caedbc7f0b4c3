"""Words of several senses in sentences, an occurrence a point."""
