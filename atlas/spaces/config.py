"""Tables of atlas.toml that say which tokens and texts a space is made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from atlas.config.fields import Part, Pattern, Whole


def _range(value: tuple[int, int] | None) -> tuple[int, int] | None:
    if value and value[0] > value[1]:
        raise ValueError(f"the range [{value[0]}, {value[1]}] is empty; write the smaller id first")
    return value


class Selection(Part):
    """Which tokens a map shows. All conditions must hold; `first` and `last` count among what the
    others leave."""

    first: Annotated[Whole, Field(gt=0)] | None = None
    """The first N tokens by id: in most WordPiece vocabularies the most frequent ones."""
    last: Annotated[Whole, Field(gt=0)] | None = None
    """The last N tokens by id."""
    ids: Annotated[
        tuple[Annotated[Whole, Field(ge=0)], Annotated[Whole, Field(ge=0)]] | None,
        AfterValidator(_range),
    ] = None
    """A closed range of ids, [from, to]."""
    kinds: (
        Annotated[
            tuple[Literal["word", "continuation", "special", "byte", "unused"], ...],
            Field(min_length=1),
        ]
        | None
    ) = None
    """Kinds to keep."""
    scripts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Scripts to keep, such as Latin, Han, Hiragana, Katakana, Digits."""
    pattern: Pattern | None = None
    """A regular expression searched in the readable text."""
    without: Annotated[tuple[Annotated[Whole, Field(ge=0)], ...], Field(min_length=1)] | None = None
    """Ids to leave out, such as those whose vectors hold NaN."""

    @model_validator(mode="after")
    def _sensible(self) -> Selection:
        if self.first and self.last:
            raise ValueError("last: excludes `first`; make two maps")
        return self

    def conditions(self) -> dict[str, Any]:
        """Only what is set, as JSON."""
        return self.model_dump(mode="json", exclude_none=True)


class Corpus(Part):
    """Texts over whose occurrences a contextual space is averaged."""

    path: Annotated[str, Field(min_length=1)]
    """Files of text (a text a line), JSON Lines or Parquet, relative to atlas.toml; * and ** stand
    for any name."""
    field: Annotated[str, Field(min_length=1)] = "text"
    """The field or column that holds the text, of JSON Lines and Parquet."""
    least: Annotated[Whole, Field(ge=1)] = 1
    """How often a token must be seen to be shown."""
    chunk: Annotated[Whole, Field(ge=1)] = 1_000_000
    """Bytes that are read in one go, and repeated when a build is killed; a row group of
    Parquet."""
