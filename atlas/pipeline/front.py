"""The pages that belong to no section: home, about, embedding, 404."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.maps.sharing import Sharing
from atlas.maps.view import MapView
from atlas.web.page import Page


@dataclass(frozen=True)
class HomePage:
    """The context of home.html.

    large  maps that stand large at its top
    more   all others
    """

    large: Sequence[MapView]
    more: Sequence[MapView]


@dataclass(frozen=True)
class AboutPage:
    """The context of about.html: `views`, all maps."""

    views: Sequence[MapView]


@dataclass(frozen=True)
class EmbeddingPage:
    """The context of embedding.html.

    views    all maps
    sharing  the snippets of the first map, which is the page's example
    """

    views: Sequence[MapView]
    sharing: Sharing


@dataclass(frozen=True)
class NotFoundPage:
    """The context of 404.html, which needs the common names alone."""


def pages(views: Sequence[MapView], first: Sequence[str] = ()) -> Iterator[Page]:
    """The home page, the page on how maps are made, the one on how to embed them, and the 404
    page. `first` are ids of maps that stand large on the home page; none for the first of each
    model."""
    models: dict[str, list[MapView]] = {}
    for view in views:
        models.setdefault(view.model.id, []).append(view)
    chosen = [view for name in first for view in views if view.id == name]
    large = chosen or [maps[0] for maps in models.values()]
    more = [view for maps in models.values() for view in maps if view not in large]
    yield Page("", "home.html", HomePage(large, more))
    yield Page("about/", "about.html", AboutPage(views))
    yield Page(
        "embedding/", "embedding.html", EmbeddingPage(views, Sharing(views[0].site, views[0]))
    )
    yield Page("404.html", "404.html", NotFoundPage(), indexed=False)
