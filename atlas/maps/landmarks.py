"""The tables [[landmarks]] and [[claims]] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from atlas.config.fields import Part, Pattern, Slug, Text, distinct
from atlas.config.names import Names, Table
from atlas.maps.cldr import Cldr

UniDic = Literal["place", "country", "person", "numeral", "counter"]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], AfterValidator(distinct)]


class _Scoped(Part):
    title: Text | None = None
    """Its name on the site, one text or one a language; made of its words when left out."""
    models: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only for these models, by id; for all when left out."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only for models of these languages; for all when left out."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Models that do not exist."""
        for table in tables:
            for place, model in table.texts("models"):
                if fault := names.unknown("model", model):
                    yield f"{place}: {fault}"

    def applies(self, model: str, language: str) -> bool:
        """Whether it is for a model of this id and language; `zh` includes `zh-Hant`."""
        return (self.models is None or model in self.models) and (
            self.languages is None
            or language in self.languages
            or language.split("-")[0] in self.languages
        )


class Landmark(_Scoped):
    """A set of words pinned on maps. Its members are those of all keys given, as far as the
    vocabulary has them as one token."""

    name: Slug
    """Its name in data and claims."""
    tokens: Words = ()
    """Words as a reader reads them."""
    cldr: Cldr | None = None
    """A lexicon of the Unicode CLDR, in the model's language, without words that are first of all
    something else."""
    unidic: UniDic | None = None
    """Words that UniDic classifies as such before all else; only for Japanese models."""
    scripts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Every word in these scripts, such as Punctuation or Digits; with `pattern`, both must
    hold."""
    pattern: Pattern | None = None
    """Every word in which this regular expression is found."""
    without: Words = ()
    """Words that are no members all the same."""

    @model_validator(mode="after")
    def _filled(self) -> Landmark:
        if not (self.tokens or self.cldr or self.unidic or self.scripts or self.pattern):
            raise ValueError("has no words; give it tokens, cldr, unidic, scripts or pattern")
        return self

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Names that are taken, and models that do not exist."""
        for table in tables:
            name = table.text("name")
            if owner := names.take("landmark", name, table.place):
                yield f"{table.place}.name: {name!r} is the name of {owner} already"
        yield from super().cross_check(tables, names)


class Claim(_Scoped):
    """A claim about a space: that a set keeps together, that it is near another, or that words are
    near one another."""

    set: Slug | None = None
    """A landmark. It holds when the cohesion of the set is above that of 95 % of random sets."""
    near: Slug | None = None
    """Another landmark, among whose members those of `set` are said to be."""
    words: Annotated[Words, Field(min_length=2)] | None = None
    """Words of which any two are near: one among the 15 nearest neighbors of the other."""

    @model_validator(mode="after")
    def _one_kind(self) -> Claim:
        if (self.set is None) == (self.words is None):
            raise ValueError("needs either `set`, the name of a landmark, or `words`")
        if self.near and not self.set:
            raise ValueError("near: goes with `set`, not with `words`")
        return self

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Models and landmarks that do not exist."""
        yield from super().cross_check(tables, names)
        for table in tables:
            for key in ("set", "near"):
                if fault := names.unknown("landmark", table.text(key)):
                    yield f"{table.place}.{key}: {fault}"
