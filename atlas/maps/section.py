"""The section of maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.maps.config import Model
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.maps.plan import MapTarget
    from atlas.maps.view import MapView
    from atlas.web.page import Page


class Maps:
    """The maps of all models."""

    name, table, title, address = "maps", "models", "", "maps/"

    def targets(
        self, entries: Sequence[Model], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[MapTarget]:
        """The maps of available models that `ground.only` allows.

        Raises DataError when a corpus or a file of words cannot be read.
        """
        from atlas.maps.plan import plan_map
        from atlas.maps.wording import wording

        said = wording(ground.root, ground.languages)
        for model in entries:
            for row in model.maps if model.id in ground.checkpoints else ():
                if not ground.only or ground.only & {model.id, row.id(model)}:
                    yield plan_map(
                        ground.root,
                        model,
                        row,
                        ground.checkpoints[model.id],
                        ground.landmarks,
                        ground.claims,
                        said,
                    )

    def expected(self, entries: Sequence[Model], maps: Mapping[str, str]) -> Iterator[Expected]:
        """The Parquet and the JSON file of each of these maps."""
        for model in entries:
            for row in model.maps:
                if (map_id := row.id(model)) in maps:
                    files = (f"{map_id}.parquet", f"{map_id}.json")
                    yield Expected(files, f"the map {map_id}", frozenset({model.id}), map_id)

    def show(self, entries: Sequence[Model], gallery: Gallery) -> Iterator[MapView]:
        """The maps of `gallery.maps`, in their order.

        Writes their data, and asks for their files. Raises DataError for faulty atlas data.
        """
        from atlas.maps import data
        from atlas.maps.files.published import publish
        from atlas.maps.view import MapView

        tables = {row.id(model): (model, row) for model in entries for row in model.maps}
        views = [
            MapView(*tables[map_id], data.read(gallery.data, map_id)) for map_id in gallery.maps
        ]
        publish(views, gallery)
        for view in views:
            view.site = gallery.site
            for path in data.paths(gallery.data, view.id):
                gallery.publish(path.name)
            yield view

    def pages(self, views: Sequence[MapView]) -> Iterator[Page]:
        """The pages of models, maps and clusters."""
        from atlas.maps.pages import pages

        return pages(views)
