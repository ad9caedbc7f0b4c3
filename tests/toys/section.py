"""Toys, as a kind of thing that a site shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from atlas.findings import finding
from atlas.section import Expected, Gallery, Ground, Target
from atlas.web.page import Page
from toys.config import Toy
from toys.data import SCHEMA_VERSION, ToyFile, file
from toys.view import ToyView


@dataclass(frozen=True)
class ToyPage:
    """What toys/toy.html is told: the toy."""

    toy: ToyView


class Toys:
    """How often each letter begins a token."""

    name, table, title, address = "toys", "toys", "Toys", "toys/"

    def targets(
        self, entries: Sequence[Toy], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[Target]:
        """A target for each table whose model has a map."""
        from atlas.maps.plan import MapTarget
        from toys.plan import plan_toy

        for entry in entries:
            maps = (target for target in planned if isinstance(target, MapTarget))
            for target in (target for target in maps if target.model.id == entry.model):
                yield plan_toy(entry, target.vocabulary)
                break

    def expected(self, entries: Sequence[Toy], maps: Mapping[str, str]) -> Iterator[Expected]:
        """A file for each table."""
        for entry in entries:
            yield Expected((file(entry.name),), f"the toy {entry.name}", frozenset({entry.model}))

    def show(self, entries: Sequence[Toy], gallery: Gallery) -> Iterator[ToyView]:
        """The toys whose data are there."""
        for entry in entries:
            data = finding.read(gallery.data, file(entry.name), ToyFile, SCHEMA_VERSION)
            if data is not None:
                gallery.publish(file(entry.name))
                yield ToyView(entry, data)

    def pages(self, views: Sequence[ToyView]) -> Iterator[Page]:
        """A page for each."""
        for view in views:
            yield Page(f"toys/{view.id}/", "toys/toy.html", ToyPage(view))
        if views:
            yield Page("toys/", "toys/toy.html", ToyPage(views[0]))
