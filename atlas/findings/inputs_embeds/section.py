"""The write-up of the experiment on `inputs_embeds`, as a kind of thing that a site shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.findings import finding
from atlas.findings.comparisons.view import ComparisonView
from atlas.findings.inputs_embeds import data
from atlas.findings.inputs_embeds.config import Pitfall
from atlas.findings.inputs_embeds.pages import pages
from atlas.findings.inputs_embeds.view import WriteUpView
from atlas.section import Expected, Gallery, Ground, Target
from atlas.web.page import Page

if TYPE_CHECKING:
    from atlas.findings.inputs_embeds.plan import WriteUpTarget


class InputsEmbeds:
    """The experiment on every model, and its write-up."""

    name, table, title = "inputs_embeds", "pitfall", "Write-ups"
    address = "write-ups/inputs-embeds/"

    def targets(
        self, entries: Sequence[Pitfall], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[WriteUpTarget]:
        """The experiment on the models that can be had; none when only some maps were asked for."""
        from atlas.findings.inputs_embeds.plan import plan_writeup
        from atlas.models import frameworks

        for entry in () if ground.only else entries:
            there = frameworks.installed()
            yield plan_writeup(entry, ground.models.values(), ground.checkpoints, there)

    def expected(self, entries: Sequence[Pitfall], maps: Mapping[str, str]) -> Iterator[Expected]:
        """The one file."""
        if entries:
            yield Expected((data.NAME,), "[pitfall]")

    def show(self, entries: Sequence[Pitfall], gallery: Gallery) -> Iterator[WriteUpView]:
        """The write-up, where its data are there."""
        found = finding.read(gallery.data, data.NAME, data.WriteUp, data.SCHEMA_VERSION)
        if entries and found is not None:
            gallery.publish(data.NAME)
            yield WriteUpView(gallery.models, found, gallery.of("comparisons", ComparisonView))

    def pages(self, views: Sequence[WriteUpView]) -> Iterator[Page]:
        """The one page."""
        return pages(self.address, views)
