"""The section of the write-up on `inputs_embeds`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.findings import finding
from atlas.findings.inputs_embeds import data
from atlas.findings.inputs_embeds.config import Pitfall
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.findings.inputs_embeds.plan import WriteUpTarget
    from atlas.findings.inputs_embeds.view import WriteUpView
    from atlas.web.page import Page


class InputsEmbeds:
    """The experiment on every model, and its write-up."""

    name, table, title = "inputs_embeds", "pitfall", "Write-ups"
    address = "write-ups/inputs-embeds/"

    def targets(
        self, entries: Sequence[Pitfall], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[WriteUpTarget]:
        """The experiment on the available models; none if `ground.only` limits the build."""
        from atlas.findings.inputs_embeds.plan import plan_writeup
        from atlas.models import frameworks

        for table in () if ground.only else entries:
            installed = frameworks.installed()
            yield plan_writeup(table, ground.models.values(), ground.checkpoints, installed)

    def expected(self, entries: Sequence[Pitfall], maps: Mapping[str, str]) -> Iterator[Expected]:
        """The one file."""
        if entries:
            yield Expected((data.NAME,), "[pitfall]")

    def show(self, entries: Sequence[Pitfall], gallery: Gallery) -> Iterator[WriteUpView]:
        """The write-up, if its data exist. Raises DataError when they are faulty."""
        from atlas.findings.comparisons.view import ComparisonView
        from atlas.findings.inputs_embeds.measured import written
        from atlas.findings.inputs_embeds.view import WriteUpView

        content = finding.read(gallery.data, data.NAME, data.WriteUp, data.SCHEMA_VERSION)
        if entries and content is not None:
            gallery.publish(data.NAME)
            view = WriteUpView(gallery.models, content, gallery.of("comparisons", ComparisonView))
            for version, table in view.table.tables.items():
                gallery.writer.write(f"data/{data.families(version)}", written(table).encode())
            yield view

    def pages(self, views: Sequence[WriteUpView]) -> Iterator[Page]:
        """The page, that of the families, and those of models that it has no room for."""
        from atlas.findings.inputs_embeds.pages import pages

        return pages(self.address, views)
