"""Renders, writes and checks pages: templates, languages, links, assets. Knows no section."""
