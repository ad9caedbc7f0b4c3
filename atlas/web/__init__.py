"""Pages as such: templates, languages, links, assets, the writer and the checks. Knows no kind of
page."""
