"""The section of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.findings import finding
from atlas.findings.words import data
from atlas.findings.words.config import Words
from atlas.findings.words.entries import chosen
from atlas.findings.words.lexicon import Lexicon, ModelLexicon
from atlas.findings.words.pages import pages
from atlas.findings.words.published import publish
from atlas.findings.words.view import WordsView
from atlas.maps.config import Model
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
                words = [*table.list, *_said(ground, planned)]
                yield from plan_words(words, ground.models, ground.checkpoints)

    def expected(self, entries: Sequence[Words], maps: Mapping[str, str]) -> Iterator[Expected]:
        """Three files for each model with a map, and one for the list. Where the table is left out,
        a site may be made of older data, which have none."""
        for table in entries:
            asked = bool(table.model_fields_set)
            for model in dict.fromkeys(maps.values()) if table.enabled else ():
                names = data.files(model)
                yield Expected(names, f"the words of {model}", frozenset({model}), asked=asked)
            if table.enabled:
                yield Expected((data.LISTED,), "the list of words", asked=bool(table.list))

    def show(self, entries: Sequence[Words], gallery: Gallery) -> Iterator[WordsView]:
        """The words of the models whose data exist. Writes the files of answers. Raises DataError
        when data are faulty."""
        views = gallery.of("maps", MapView)
        for table in entries:
            found = lexicon(table, gallery.models, views, gallery.data) if table.enabled else None
            if found is not None:
                view = WordsView(table, found, chosen(found, views, table))
                publish(view, gallery)
                yield view

    def pages(self, views: Sequence[WordsView]) -> Iterator[Page]:
        """The page of all words."""
        for view in views:
            yield from pages(self.address, view)


def _said(ground: Ground, planned: Sequence[Target]) -> Iterator[str]:
    """The words of claims and of sense maps."""
    from atlas.findings.senses.plan import SenseTarget

    for claim in ground.claims:
        yield from claim.words or ()
    for target in planned:
        if isinstance(target, SenseTarget):
            yield from target.words


def lexicons(
    table: Words, models: Mapping[str, Model], views: Iterable[MapView], folder: Path
) -> Iterator[ModelLexicon]:
    """What each model that has one of these maps knows of words, from a data folder. Raises
    DataError."""
    maps: dict[str, list[MapView]] = {}
    for view in views:
        maps.setdefault(view.model.id, []).append(view)
    for model, own in maps.items():
        content = data.read(folder, model)
        if content is not None:
            yield ModelLexicon(models[model], content, own, table.neighbors)


def lexicon(
    table: Words, models: Mapping[str, Model], views: Sequence[MapView], folder: Path
) -> Lexicon | None:
    """What all models with these maps know of words; None where the data folder has nothing of it.
    Raises DataError."""
    own = list(lexicons(table, models, views, folder))
    if not own:
        return None
    read = finding.read(folder, data.LISTED, data.Listed, data.SCHEMA_VERSION)
    return Lexicon(own, read.words if read else ())
