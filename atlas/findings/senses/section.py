"""Sense maps, as a kind of thing that a site shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.findings import finding
from atlas.findings.senses import data
from atlas.findings.senses.config import Senses
from atlas.findings.senses.pages import pages
from atlas.findings.senses.view import SenseView
from atlas.section import Expected, Gallery, Ground, Target
from atlas.web.page import Page

if TYPE_CHECKING:
    from atlas.findings.senses.plan import SenseTarget


class SenseMaps:
    """Words of several senses in sentences, an occurrence a point."""

    name, table, title, address = "senses", "senses", "Senses", "senses/"

    def targets(
        self, entries: Sequence[Senses], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[SenseTarget]:
        """The sense maps of models that can be had; none when only some maps were asked for.

        Raises DataError for a corpus that cannot be read.
        """
        from atlas.findings.senses.plan import plan_senses

        for entry in () if ground.only else entries:
            if (model := entry.model) in ground.checkpoints:
                yield plan_senses(
                    entry, ground.models[model], ground.checkpoints[model], ground.root
                )

    def expected(self, entries: Sequence[Senses], maps: Mapping[str, str]) -> Iterator[Expected]:
        """A file for each sense map."""
        for entry in entries:
            files = (data.file(entry.name),)
            yield Expected(files, f"the sense map {entry.name}", frozenset({entry.model}))

    def show(self, entries: Sequence[Senses], gallery: Gallery) -> Iterator[SenseView]:
        """The sense maps whose data are there."""
        for entry in entries:
            name = data.file(entry.name)
            found = finding.read(gallery.data, name, data.SenseMap, data.SCHEMA_VERSION)
            if found is not None:
                gallery.publish(name)
                yield SenseView(entry, gallery.models[entry.model], found)

    def pages(self, views: Sequence[SenseView]) -> Iterator[Page]:
        """A list of all sense maps, and a page for each."""
        return pages(self.address, views)
