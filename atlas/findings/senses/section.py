"""The section of sense maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.errors import DataError
from atlas.findings import finding
from atlas.findings.senses import data
from atlas.findings.senses.config import Senses
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.findings.senses.plan import SenseTarget
    from atlas.findings.senses.view import SenseView
    from atlas.web.page import Page


class SenseMaps:
    """The sense maps of all models."""

    name, table, title, address = "senses", "senses", "Senses", "senses/"

    def targets(
        self, entries: Sequence[Senses], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[SenseTarget]:
        """The sense maps of available models; none if `ground.only` limits the build.

        Raises DataError when a corpus cannot be read or is faulty.
        """
        from atlas.findings.senses.plan import plan_senses

        for table in () if ground.only else entries:
            if (model := table.model) in ground.checkpoints:
                yield plan_senses(
                    table, ground.models[model], ground.checkpoints[model], ground.root
                )

    def expected(self, entries: Sequence[Senses], maps: Mapping[str, str]) -> Iterator[Expected]:
        """A file for each sense map."""
        for table in entries:
            files = (data.file(table.name),)
            yield Expected(files, f"the sense map {table.name}", frozenset({table.model}))

    def show(self, entries: Sequence[Senses], gallery: Gallery) -> Iterator[SenseView]:
        """The sense maps whose data exist. Raises DataError when they are faulty."""
        from atlas.findings.senses.view import SenseView

        for table in entries:
            name = data.file(table.name)
            content = finding.read(gallery.data, name, data.SenseMap, data.SCHEMA_VERSION)
            if content and (content.name, content.model) != (table.name, table.model):
                raise DataError(
                    f"{gallery.data / name}: holds {content.name} of the model {content.model}",
                    finding.AGAIN,
                )
            if content is not None:
                gallery.publish(name)
                yield SenseView(table, gallery.models[table.model], content)

    def pages(self, views: Sequence[SenseView]) -> Iterator[Page]:
        """A list of all sense maps, and a page for each."""
        from atlas.findings.senses.pages import pages

        return pages(self.address, views)
