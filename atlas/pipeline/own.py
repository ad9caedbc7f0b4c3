"""Faults of an author's own files that show without any map, told before anything is computed: it
may take hours, and rendering would tell one of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.atlas_toml import Config, placed
from atlas.content.pages import Writing
from atlas.content.shortcodes import checking
from atlas.content.texts import Article, at_fault, read
from atlas.pipeline import navigation
from atlas.pipeline.sections import SECTIONS
from atlas.web import identity
from atlas.web.links import Edition


def check(config: Config, *, drafts: bool = False) -> Sequence[Article]:
    """The pages of content. Raises AtlasError for what atlas.toml and they name that is not there,
    all of it at once."""
    site = config.site
    articles, told = read(config.root, site.languages, drafts=drafts)
    keys = [*identity.faults(config.root, site)]
    keys += navigation.faults(site, [section.name for section in SECTIONS], articles)
    told = [*placed(config, keys), *told, *_of_texts(config, articles, None)]
    if told:
        raise at_fault(told)
    return articles


def absent(config: Config, articles: Sequence[Article], maps: Sequence[str]) -> Iterator[str]:
    """A line for each shortcode whose map is not among those that a build shows."""
    return _of_texts(config, articles, maps)


def _of_texts(
    config: Config, articles: Sequence[Article], shown: Sequence[str] | None
) -> Iterator[str]:
    """A line for each shortcode and each link that is none, or that shows what is not `shown`."""
    maps = [row.id(model) for model in config.models for row in model.maps]
    writing = Writing(articles, (), "")
    part = checking(config.root, maps, maps if shown is None else shown)
    for language in config.site.languages:
        yield from writing.faults(Edition(config.site, language, ""), part)
