"""The section of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.findings import finding
from atlas.findings.words import data
from atlas.findings.words.config import Words
from atlas.findings.words.lexicon import Lexicon, ModelLexicon
from atlas.findings.words.pages import pages
from atlas.findings.words.published import publish
from atlas.findings.words.view import WordsView
from atlas.maps.view import MapView
from atlas.section import Expected, Gallery, Ground, Target
from atlas.web.page import Page

if TYPE_CHECKING:
    from atlas.findings.words.plan import ListedTarget, ModelTarget


class WordsOfAll:
    """The words of all models."""

    name, table, title, address = "words", "words", "Words", "words/"

    def targets(
        self, entries: Sequence[Words], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[ModelTarget | ListedTarget]:
        """The words of available models, and those listed; none if `ground.only` limits the
        build."""
        from atlas.findings.words.plan import plan_words

        for table in () if ground.only else entries:
            if table.enabled:
                yield from plan_words(table.list, ground.models, ground.checkpoints)

    def expected(self, entries: Sequence[Words], maps: Mapping[str, str]) -> Iterator[Expected]:
        """Three files for each model with a map, and one for the list. Where the table is left out,
        a site may be made of older data, which have none."""
        for table in entries:
            asked = bool(table.model_fields_set)
            for model in dict.fromkeys(maps.values()) if table.enabled else ():
                names = data.files(model)
                yield Expected(names, f"the words of {model}", frozenset({model}), asked=asked)
            if table.enabled and table.list:
                yield Expected((data.LISTED,), "the list of words")

    def show(self, entries: Sequence[Words], gallery: Gallery) -> Iterator[WordsView]:
        """The words of the models whose data exist. Writes the files of answers. Raises DataError
        when data are faulty."""
        for table in entries:
            models = list(lexicons(table, gallery)) if table.enabled else []
            if models:
                read = finding.read(gallery.data, data.LISTED, data.Listed, data.SCHEMA_VERSION)
                listed = read.words if read and table.list else ()
                view = WordsView(table, Lexicon(models, listed))
                publish(view, gallery)
                yield view

    def pages(self, views: Sequence[WordsView]) -> Iterator[Page]:
        """The page of all words."""
        for view in views:
            yield from pages(self.address, view)


def lexicons(table: Words, gallery: Gallery) -> Iterator[ModelLexicon]:
    """What each model that has a map knows of words. Raises DataError."""
    views: dict[str, list[MapView]] = {}
    for view in gallery.of("maps", MapView):
        views.setdefault(view.model.id, []).append(view)
    for model, maps in views.items():
        content = data.read(gallery.data, model)
        if content is not None:
            yield ModelLexicon(gallery.models[model], content, maps, table.neighbors)
