"""The section of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atlas.findings.words import data
from atlas.findings.words.config import Words
from atlas.section import Expected, Gallery, Ground, Target

if TYPE_CHECKING:
    from atlas.findings.words.plan import ListedTarget, ModelTarget
    from atlas.findings.words.view import WordsView
    from atlas.web.page import Page


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
        """The words of the models whose data exist. Writes these, and asks for the files of
        answers. Raises DataError when data are faulty."""
        from atlas.findings.words.entries import chosen
        from atlas.findings.words.lexicon import lexicon
        from atlas.findings.words.published import publish
        from atlas.findings.words.view import WordsView
        from atlas.maps.view import MapView

        views = gallery.of("maps", MapView)
        for table in entries:
            found = lexicon(table, gallery.models, views, gallery.data) if table.enabled else None
            if found is not None:
                view = WordsView(table, found, chosen(found, views, table))
                publish(view, gallery)
                yield view

    def pages(self, views: Sequence[WordsView]) -> Iterator[Page]:
        """The page of all words."""
        from atlas.findings.words.pages import pages

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
