"""The table [words] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from atlas.config.fields import Flag, Part, Whole, distinct
from atlas.config.names import Names, Table


class Words(Part):
    """A word in every model: its tokens, else the tokenizer's split, its neighbors and its place
    on the maps. On where there is any map."""

    enabled: Flag = True
    """Whether there are pages and files of words at all."""
    list: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], AfterValidator(distinct)
    ] = ()
    """Words to know of besides the tokens of all models: each has a page, and the split of every
    tokenizer."""
    pages: Annotated[Whole, Field(ge=0)] = 500
    """How many words a language have a page because several models share them, most frequent
    first; members of landmarks, of claims and of sense maps, and those of `list`, have one
    besides."""
    max_pages: Annotated[Whole, Field(ge=0)] | None = None
    """The most words that have a page in all, for a small site: those of `list` and of sense maps
    first, then those of claims, the members of landmarks, some of each, and those that models
    share."""
    neighbors: Annotated[Whole, Field(ge=1, le=15)] = 10
    """How many true neighbors of a token an answer holds, in each space."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Words of the list that are nothing but spaces."""
        for table in tables:
            for place, word in table.texts("list"):
                if not word.strip():
                    yield f"{place}: is nothing but spaces"
