"""What atlas.toml asks for besides maps: comparisons, sense maps, the `inputs_embeds` experiment."""

from __future__ import annotations

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

from pydantic import AfterValidator, Field

from atlas.fields import Part, Slug, Text, Whole, distinct

FRAMEWORKS = ("torch", "tensorflow")
QUESTION = "Hello, my dog is cute"  # the sentence of the question that the write-up answers

Sentences = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=400)], ...], Field(min_length=1), AfterValidator(distinct)]


class Corpus(Part):
    """Texts over whose occurrences a contextual space is averaged."""

    path: Annotated[str, Field(min_length=1)]
    """Files of text (a text a line), JSON Lines or Parquet, relative to atlas.toml; * and ** stand for any name."""
    field: Annotated[str, Field(min_length=1)] = "text"
    """The field or column that holds the text, of JSON Lines and Parquet."""
    least: Annotated[Whole, Field(ge=1)] = 1
    """How often a token must be seen to be shown."""
    chunk: Annotated[Whole, Field(ge=1)] = 1_000_000
    """Bytes that are read in one go, and repeated when a build is killed; a row group of Parquet."""


class Compare(Part):
    """Two maps side by side, over the tokens that both show, and how alike their spaces are."""

    maps: Annotated[tuple[str, str], AfterValidator(distinct)]
    """The ids of the maps, <model>-<name>. The second is turned and scaled to lie on the first."""
    title: Text | None = None
    """Its title on the site; made of both maps' titles when left out."""
    description: Text | None = None
    """A sentence under the title."""

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return "--".join(self.maps)


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
    """The layer whose outputs are shown: 0 is what enters the first, -1 the last. All are measured."""
    title: Text | None = None
    """Its title on the site; the model's when left out."""
    description: Text | None = None
    """A sentence under the title."""


class Pitfall(Part):
    """What a model answers when it is given `hidden_states[0]` for `inputs_embeds`; with this table the site has a write-up of it."""

    sentences: dict[str, Sentences] = Field(default_factory=dict)
    """Sentences by language of the model, measured beside the question's own, which every model gets."""

    def of(self, language: str) -> tuple[str, ...]:
        """The sentences for a model of a language, the question's first; `zh` stands for `zh-Hant`, too."""
        own = self.sentences.get(language) or self.sentences.get(language.split("-")[0], ())
        return tuple(dict.fromkeys((QUESTION, *own)))


def installed() -> tuple[str, ...]:
    """The frameworks in which a model can be run here. TensorFlow counts with tf-keras and a transformers that has TFBertModel."""
    try:
        tensorflow = all(importlib.util.find_spec(name) for name in ("tensorflow", "tf_keras"))
        tensorflow = tensorflow and int(version("transformers").partition(".")[0]) < 5
    except (ImportError, ValueError, PackageNotFoundError):  # something keeps them from being found
        tensorflow = False
    return FRAMEWORKS if tensorflow else FRAMEWORKS[:1]
