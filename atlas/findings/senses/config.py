"""The table [[senses]] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from atlas.config.fields import Part, Slug, Text, Whole, distinct
from atlas.config.names import Names, Table


class Senses(Part):
    """Words of several senses, each occurrence in a sentence as the model reads it there."""

    name: Slug
    """Its name in addresses."""
    model: str
    """The id of the model."""
    corpus: Annotated[str, Field(min_length=1)]
    """A JSON Lines file of `word`, `sense` and `text`, relative to atlas.toml."""
    words: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(distinct)] | None = None
    """Which of its words; all when left out."""
    layer: Whole = -1
    """The layer whose outputs are shown: 0 is what enters the first, -1 the last. All are
    measured."""
    title: Text | None = None
    """Its title on the site; the model's when left out."""
    description: Text | None = None
    """A sentence under the title."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Models that do not exist or cannot read, and names that are taken."""
        for table in tables:
            model = table.text("model")
            if fault := names.unknown("model", model):
                yield f"{table.place}.model: {fault}"
            if names.known("table of vectors", model):
                yield f"{table.place}.model: {model!r} is a table of vectors: no model reads texts"
            name = table.text("name")
            if owner := names.take("sense map", name, table.place):
                yield f"{table.place}.name: {name!r} is the name of {owner} already"
