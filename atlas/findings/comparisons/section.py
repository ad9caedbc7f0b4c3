"""The section of comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.errors import DataError
from atlas.findings import finding
from atlas.findings.comparisons import data
from atlas.findings.comparisons.config import Compare
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.findings.comparisons.plan import ComparisonTarget
    from atlas.findings.comparisons.view import ComparisonView
    from atlas.web.page import Page


class Comparisons:
    """The comparisons of two maps."""

    name, table, title, address = "comparisons", "compare", "Comparisons", "compare/"

    def targets(
        self, entries: Sequence[Compare], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[ComparisonTarget]:
        """The comparisons whose maps are both planned."""
        from atlas.findings.comparisons.plan import plan_comparison
        from atlas.maps.plan import MapTarget

        maps = {target.id: target for target in planned if isinstance(target, MapTarget)}
        for table in entries:
            if set(table.maps) <= maps.keys():
                yield plan_comparison(table, *(maps[map_id] for map_id in table.maps))

    def expected(self, entries: Sequence[Compare], maps: Mapping[str, str]) -> Iterator[Expected]:
        """A file for each comparison of two of these maps."""
        for table in entries:
            if set(table.maps) <= maps.keys():
                models = frozenset(maps[map_id] for map_id in table.maps)
                yield Expected((data.name(*table.maps),), "the comparison", models)

    def show(self, entries: Sequence[Compare], gallery: Gallery) -> Iterator[ComparisonView]:
        """The comparisons whose maps are shown and whose data exist. Writes their data, and asks
        for the files of the second map as it is aligned with the first. Raises DataError for faulty
        data."""
        from atlas.findings.comparisons import files
        from atlas.findings.comparisons.view import ComparisonView
        from atlas.maps.view import MapView

        maps = {view.id: view for view in gallery.of("maps", MapView)}
        pairs = []
        for table in entries:
            name = data.name(*table.maps)
            if not set(table.maps) <= maps.keys():
                continue
            content = finding.read(gallery.data, name, data.Comparison, data.SCHEMA_VERSION)
            if content is None:
                continue
            if content.maps != table.maps:
                raise DataError(
                    f"{gallery.data / name}: maps: compares {' and '.join(content.maps)}",
                    finding.AGAIN,
                )
            first, second = (maps[map_id] for map_id in table.maps)
            pairs.append(ComparisonView(table, content, first, second))
            gallery.publish(name)
        files.publish(pairs, gallery)
        yield from pairs

    def pages(self, views: Sequence[ComparisonView]) -> Iterator[Page]:
        """A list of all comparisons, and a page for each."""
        from atlas.findings.comparisons.pages import pages

        return pages(self.address, views)
