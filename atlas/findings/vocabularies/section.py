"""The section of vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from atlas.findings import finding
from atlas.findings.vocabularies import data
from atlas.findings.vocabularies.config import Vocabularies
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.findings.vocabularies.plan import OrdersTarget, PairTarget, VocabularyTarget
    from atlas.findings.vocabularies.view import VocabulariesView
    from atlas.web.page import Page

F = TypeVar("F", data.OfModel, data.OfOrders)


class VocabulariesSection:
    """The vocabularies of all models, beside one another."""

    name, table, title, address = "vocabularies", "vocabularies", "Vocabularies", "vocabularies/"

    def targets(
        self, entries: Sequence[Vocabularies], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[VocabularyTarget | OrdersTarget | PairTarget]:
        """The targets of every model that has a map, and of every two; none if `ground.only`
        limits the build."""
        from atlas.findings.vocabularies.plan import plan_vocabularies

        for table in () if ground.only else entries:
            if table.enabled:
                yield from plan_vocabularies(table, ground, planned)

    def expected(
        self, entries: Sequence[Vocabularies], maps: Mapping[str, str]
    ) -> Iterator[Expected]:
        """The files of every model, and of every two. Where the table is left out, a site may be
        made of older data, which have none."""
        models = tuple(dict.fromkeys(maps.values()))
        for table in entries:
            if not table.enabled:
                continue
            asked = bool(table.model_fields_set)
            for model in models:
                own = frozenset({model})
                name = f"the vocabulary of {model}"
                yield Expected((data.of_model(model),), name, own, asked=asked)
                if table.order:
                    name = f"the orders of {model}"
                    yield Expected((data.of_orders(model),), name, own, asked=asked)
            for pair in combinations(models if table.pairs else (), 2):
                files = (data.list_of(*pair), data.of_pair(*pair))
                name = f"the vocabularies of {' and '.join(pair)}"
                yield Expected(files, name, frozenset(pair), asked=asked)

    def show(self, entries: Sequence[Vocabularies], gallery: Gallery) -> Iterator[VocabulariesView]:
        """All vocabularies whose data exist. Writes their data, and the pictures of walls. Raises
        DataError for faulty data."""
        from atlas.findings.vocabularies.drawing import across, picture
        from atlas.findings.vocabularies.view import VocabulariesView

        models = [
            model.id
            for model in gallery.models.values()
            if any(entry.id(model) in gallery.maps for entry in model.maps)
        ]
        for table in entries:
            own = [] if not table.enabled else _read(gallery, models, data.of_model, data.OfModel)
            if not own:
                continue
            orders = _read(gallery, models, data.of_orders, data.OfOrders) if table.order else []
            pairs = list(_pairs(gallery, [one.model for one in own])) if table.pairs else []
            view = VocabulariesView(table, gallery.models, own, orders, pairs)
            for wall in view.sets:
                for model, asked in wall.asked:
                    drawn = picture(asked.states, across(len(asked.items)))
                    name = f"vocabularies/{model.id}.{wall.name}.png"
                    wall.pictures[model.id] = gallery.writer.hashed(name, drawn)
            yield view

    def pages(self, views: Sequence[VocabulariesView]) -> Iterator[Page]:
        """The page of all, and those of pairs, sets and orders."""
        from atlas.findings.vocabularies.pages import pages

        return pages(self.address, views)


def _read(
    gallery: Gallery, models: Sequence[str], name: Callable[[str], str], kind: type[F]
) -> list[F]:
    """The files of models that exist, which are published. Raises DataError."""
    found = []
    for model in models:
        content = finding.read(gallery.data, name(model), kind, data.SCHEMA_VERSION)
        if content is not None:
            gallery.publish(name(model))
            found.append(content)
    return found


def _pairs(gallery: Gallery, models: Sequence[str]) -> Iterator[data.OfPair]:
    """The files of pairs that exist, which are published. Raises DataError."""
    for first, second in combinations(models, 2):
        name = data.of_pair(first, second)
        content = finding.read(gallery.data, name, data.OfPair, data.SCHEMA_VERSION)
        if content is not None:
            gallery.publish(name)
            gallery.publish(data.list_of(first, second))
            yield content
