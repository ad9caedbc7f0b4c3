"""Comparisons, as a kind of thing that a site shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from atlas.findings import finding
from atlas.findings.comparisons import data
from atlas.findings.comparisons.config import Compare
from atlas.findings.comparisons.pages import pages
from atlas.findings.comparisons.view import VERSION, ComparisonView
from atlas.maps.files import payload
from atlas.maps.files.addresses import FOLDER, MapFiles
from atlas.maps.files.published import drawn
from atlas.maps.view import MapView
from atlas.section import Expected, Gallery, Ground, Target
from atlas.web.page import Page

if TYPE_CHECKING:
    from atlas.findings.comparisons.plan import ComparisonTarget
    from atlas.web.writer import Derived


class Comparisons:
    """Two maps side by side, over the tokens that both show."""

    name, table, title, address = "comparisons", "compare", "Comparisons", "compare/"

    def targets(
        self, entries: Sequence[Compare], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[ComparisonTarget]:
        """The comparisons of which both maps are made."""
        from atlas.findings.comparisons.plan import plan_comparison
        from atlas.maps.plan import MapTarget

        maps = {target.id: target for target in planned if isinstance(target, MapTarget)}
        for entry in entries:
            if set(entry.maps) <= maps.keys():
                yield plan_comparison(entry, *(maps[map_id] for map_id in entry.maps))

    def expected(self, entries: Sequence[Compare], maps: Mapping[str, str]) -> Iterator[Expected]:
        """A file for each comparison of two of these maps."""
        for entry in entries:
            if set(entry.maps) <= maps.keys():
                models = frozenset(maps[map_id] for map_id in entry.maps)
                yield Expected((data.name(*entry.maps),), "the comparison", models)

    def show(self, entries: Sequence[Compare], gallery: Gallery) -> Iterator[ComparisonView]:
        """The comparisons whose maps and data are there, with the second map as it lies on the
        first."""
        maps = {view.id: view for view in gallery.of("maps", MapView)}
        for entry in entries:
            name = data.name(*entry.maps)
            if not set(entry.maps) <= maps.keys():
                continue
            found = finding.read(gallery.data, name, data.Comparison, data.SCHEMA_VERSION)
            if found is None:
                continue
            first, second = (maps[map_id] for map_id in entry.maps)
            pair = ComparisonView(entry, found, first, second)
            recipes = f"{found.recipe} {first.about.recipe} {second.about.recipe}"
            key = f"{payload.VERSION} {VERSION} {recipes}"
            facts = dict(gallery.writer.derive(pair.id, key, partial(_drawn, pair)))
            pair.pairs = facts.pop("pairs")
            pair.beside.files = MapFiles(**facts, cards=second.files.cards)
            gallery.publish(name)
            yield pair

    def pages(self, views: Sequence[ComparisonView]) -> Iterator[Page]:
        """A list of all comparisons, and a page for each."""
        return pages(self.address, views)


def _drawn(pair: ComparisonView) -> Derived[dict[str, Any]]:
    """What the second map's stage fetches, its posters, and the ids of shared tokens."""
    files, facts = drawn(pair.beside, [pair.beside.main], pair.id)
    facts["pairs"] = None
    if pair.data.pairs is not None:
        sides = [pair.ids[:, side].tolist() for side in (0, 1)]
        content = json.dumps(sides, separators=(",", ":")).encode()
        digest = hashlib.sha256(content).hexdigest()[:10]
        facts["pairs"] = f"{FOLDER}{pair.id}.pairs.{digest}.json"
        files[facts["pairs"]] = content
    return files, facts
