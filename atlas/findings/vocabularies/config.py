"""The table [vocabularies] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from atlas.config.fields import Flag, Part, Slug, Text, distinct
from atlas.config.names import Names, Table

Wall = Literal["joyo", "hiragana", "katakana", "forms", "eras", "prefectures", "emoji", "numbers"]
WALL: tuple[Wall, ...] = get_args(Wall)
JAPANESE = ("joyo", "hiragana", "katakana", "forms", "eras", "prefectures")  # sets of these signs
ORDERS = ("months", "months-short", "weekdays", "weekdays-short", "numbers", "years")
JAPANESE_ORDERS = ("eras", "numerals")


class Ordered(Part):
    """Words of a known order, looked for on a circle and on a line."""

    name: Slug
    """Its name in data and addresses."""
    title: Text | None = None
    """Its title on the site; its name when left out."""
    tokens: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=6),
        AfterValidator(distinct),
    ]
    """The words in their order, of which those that are tokens are looked at."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only for models of these languages; for all when left out."""


class Vocabularies(Part):
    """Vocabularies beside one another, and order in them. On without this table; its keys turn
    parts off."""

    enabled: Flag = True
    """Whether there are pages of vocabularies at all."""
    pairs: Flag = True
    """Whether every two models are compared."""
    texts: Flag = True
    """Whether the tokens of the atlas's own corpora are counted, for each model with a
    tokenizer."""
    wall: tuple[Wall, ...] = WALL
    """Signs and words that each vocabulary is asked for; `[]` for none. Those of Japanese are left
    out where no model is Japanese and no vocabulary has any, unless this key names them."""
    order: Flag = True
    """Whether months, weekdays, numbers, years, eras and the like are looked for on circles and
    lines."""
    layers: Flag = True
    """Whether they are in every layer too, of models that a map runs anyway."""
    orders: tuple[Ordered, ...] = ()
    """More words of a known order."""

    @model_validator(mode="after")
    def _named_apart(self) -> Vocabularies:
        names = [*ORDERS, *JAPANESE_ORDERS, *(row.name for row in self.orders)]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"orders: {twice!r} is the name of another order already")
        return self

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Nothing: it names nothing of other tables."""
        yield from ()
