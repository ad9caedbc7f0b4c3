"""The pages that belong to no section: home, about, embedding, 404."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.maps.sharing import Sharing
from atlas.maps.view import MapView
from atlas.web.page import Page


@dataclass(frozen=True)
class HomePage:
    """What home.html is told.

    views   all maps
    models  the same by model
    """

    views: Sequence[MapView]
    models: Sequence[Sequence[MapView]]


@dataclass(frozen=True)
class AboutPage:
    """What about.html is told: all maps."""

    views: Sequence[MapView]


@dataclass(frozen=True)
class EmbeddingPage:
    """What embedding.html is told.

    views    all maps
    sharing  the snippet of the first, the page's example
    """

    views: Sequence[MapView]
    sharing: Sharing


@dataclass(frozen=True)
class NotFoundPage:
    """What 404.html is told: nothing besides the names of every page."""


def pages(views: Sequence[MapView]) -> Iterator[Page]:
    """Home, how the maps are made, how to put one into a page, and the page for what is not there."""
    models: dict[str, list[MapView]] = {}
    for view in views:
        models.setdefault(view.model.id, []).append(view)
    yield Page("", "home.html", HomePage(views, list(models.values())))
    yield Page("about/", "about.html", AboutPage(views))
    yield Page(
        "embedding/", "embedding.html", EmbeddingPage(views, Sharing(views[0].site, views[0]))
    )
    yield Page("404.html", "404.html", NotFoundPage(), indexed=False)
