"""The table [pitfall] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from atlas.config.fields import Part, distinct
from atlas.config.names import Names, Table

DATA = "inputs-embeds"  # the name of its data, which no map may have
FAMILIES = "families"  # its page beside those of models, so that no model may have this id
QUESTION = "Hello, my dog is cute"  # the sentence of the question that the write-up answers
Sentences = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=400)], ...],
    Field(min_length=1),
    AfterValidator(distinct),
]


class Pitfall(Part):
    """The experiment that passes `hidden_states[0]` as `inputs_embeds`; with this table the site
    has a write-up of it."""

    sentences: dict[str, Sentences] = Field(default_factory=dict)
    """Sentences by language of the model, measured beside the question's own, which every model
    gets."""

    families: bool = False
    """Measure the table of families with the installed transformers, about a minute of one core,
    in place of what was recorded."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """A map whose data would stand where those of the write-up do, a model whose page would
        stand where that of the families does."""
        for table in tables:
            if owner := names.take("model", FAMILIES, table.place):
                yield (
                    f"{owner}.id: a page of [pitfall] has the address of a model {FAMILIES!r}; "
                    "choose another id"
                )
            if owner := names.take("map", DATA, table.place):
                yield (
                    f"{owner}.name: the map id {DATA!r} is what data of [pitfall] are called; "
                    "choose another name"
                )

    def of(self, language: str) -> tuple[str, ...]:
        """The sentences for a model of a language, the question's first; `zh` includes
        `zh-Hant`."""
        own = self.sentences.get(language) or self.sentences.get(language.split("-")[0], ())
        return tuple(dict.fromkeys((QUESTION, *own)))
