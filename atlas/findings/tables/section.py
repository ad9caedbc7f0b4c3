"""The section of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.errors import DataError
from atlas.findings import finding
from atlas.findings.tables import data
from atlas.findings.tables.config import Tables
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.findings.tables.plan import TableTarget
    from atlas.findings.tables.view import TableView
    from atlas.maps.view import MapView
    from atlas.web.page import Page


class ModelTables:
    """The input tables of all models."""

    name, table, title, address = "tables", "tables", "Tables", "tables/"

    def targets(
        self, entries: Sequence[Tables], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[TableTarget]:
        """The tables of available models; none if `ground.only` limits the build."""
        from atlas.findings.tables.plan import plan_tables

        for table in () if ground.only else entries:
            for model, checkpoint in ground.checkpoints.items() if table.enabled else ():
                yield plan_tables(ground.models[model], checkpoint, table.verify)

    def expected(self, entries: Sequence[Tables], maps: Mapping[str, str]) -> Iterator[Expected]:
        """A file for each model with a map. Where the table is left out, a site may be made of
        older data, which have none."""
        for table in entries:
            asked = bool(table.model_fields_set)
            for model in dict.fromkeys(maps.values()) if table.enabled else ():
                files, title = (data.file(model),), f"the table of {model}"
                yield Expected(files, title, frozenset({model}), asked=asked)

    def show(self, entries: Sequence[Tables], gallery: Gallery) -> Iterator[TableView]:
        """The tables of models that have a map and whose data exist. Writes the lists as CSV.
        Raises DataError when data are faulty."""
        from atlas.findings.tables.view import TableView
        from atlas.maps.view import MapView

        maps: dict[str, list[MapView]] = {}
        for view in gallery.of("maps", MapView):
            maps.setdefault(view.model.id, []).append(view)
        for table in entries:
            for model, views in maps.items() if table.enabled else ():
                name = data.file(model)
                content = finding.read(gallery.data, name, data.TableFile, data.SCHEMA_VERSION)
                if content is None:
                    continue
                if content.model != model:
                    raise DataError(
                        f"{gallery.data / name}: holds the model {content.model}", finding.AGAIN
                    )
                shown = TableView(gallery.models[model], content, views)
                gallery.publish(name)
                gallery.writer.write(f"data/{shown.csv}", shown.lists_csv())
                yield shown

    def pages(self, views: Sequence[TableView]) -> Iterator[Page]:
        """A list of all tables, and a page for each."""
        from atlas.findings.tables.pages import pages

        return pages(self.address, views)
