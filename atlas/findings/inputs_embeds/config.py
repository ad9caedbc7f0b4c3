"""The table [pitfall] of atlas.toml."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from atlas.config.fields import Part, distinct

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

    def of(self, language: str) -> tuple[str, ...]:
        """The sentences for a model of a language, the question's first; `zh` includes
        `zh-Hant`."""
        own = self.sentences.get(language) or self.sentences.get(language.split("-")[0], ())
        return tuple(dict.fromkeys((QUESTION, *own)))
