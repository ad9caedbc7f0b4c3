"""The pages of sense maps, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.findings.senses.view import SenseView
from atlas.web.page import Page


@dataclass(frozen=True)
class SensesPage:
    """The context of senses/index.html: `sense_maps`, all sense maps."""

    sense_maps: Sequence[SenseView]


@dataclass(frozen=True)
class SensePage:
    """The context of senses/sense.html: `sense_map`."""

    sense_map: SenseView


def pages(address: str, views: Sequence[SenseView]) -> Iterator[Page]:
    """A list of all sense maps, and a page for each."""
    if views:
        yield Page(address, "senses/index.html", SensesPage(views))
    for view in views:
        yield Page(f"{address}{view.id}/", "senses/sense.html", SensePage(view))
