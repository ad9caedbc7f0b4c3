"""What the files of answers hold, for those who read them: the shapes of their JSON.

Writing a hundred thousand answers through these classes would take minutes, so `lexicon` makes them
as plain values; tests hold all files against the classes, and the site's OpenAPI file is made of
them. Keys of which nothing is known are left out.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from atlas.maps.facts import Titles
from atlas.spaces.records import Kind


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Cluster(_Part):
    """The smallest cluster of a map that holds a token."""

    title: str | Titles = Field(description="its tokens, or by language what most of them are")
    href: str = Field(description="below the root of each edition")


class InSpace(_Part):
    """What one space says of a token."""

    space: int = Field(ge=0, description="the place of the space among those of the model")
    near: tuple[tuple[str, float], ...] = Field(
        description="true neighbors by cosine, nearest first: text and similarity; empty of a "
        "token whose vector is zero"
    )
    kept: int = Field(ge=0, description="how many of its k nearest neighbors the map keeps near")
    cluster: Cluster | None = Field(None, description="left out of tokens in no cluster")
    at: tuple[float, float] | None = Field(
        None, description="where it lies on the poster, from the left and the top, 0..1 each"
    )


class TokenAnswer(_Part):
    """A token of a word."""

    id: int = Field(ge=0)
    text: str = Field(description="as a person reads it: `##ing`, `␣hello`")
    kind: Kind
    rank: int = Field(ge=1, description="its place in the vocabulary, from 1")
    pos: str | None = Field(None, description="part of speech, where a dictionary knows it")
    reading: str | None = Field(None, description="in katakana, where a dictionary knows it")
    spaces: tuple[InSpace, ...] = Field((), description="of the maps that show it")


class Split(_Part):
    """The pieces that a tokenizer makes of a text, as a person reads them, and their ids."""

    split: tuple[str, ...]
    ids: tuple[int, ...]


_FORM = "the text that was split, where that is not the key itself"
_FORMS = (
    "splits of other written forms, and of forms after a space where the tokenizer tells these "
    "apart, by the text"
)


class ModelAnswer(_Part):
    """What a model makes of a word."""

    tokens: tuple[TokenAnswer, ...] = Field((), description="of any of its written forms")
    split: tuple[str, ...] | None = Field(
        None, description="the tokenizer's pieces; left out where it was not asked"
    )
    ids: tuple[int, ...] | None = Field(None, description="their ids")
    form: str | None = Field(None, description=_FORM)
    forms: dict[str, Split] = Field(default={}, description=_FORMS)


class PackedToken(_Part):
    """A token of a word in a file of answers. Its rank is its id and one."""

    id: int = Field(ge=0)
    text: str = Field(description="as a person reads it: `##ing`, `␣hello`")
    kind: Kind
    pos: str | None = Field(None, description="part of speech, where a dictionary knows it")
    reading: str | None = Field(None, description="in katakana, where a dictionary knows it")
    spaces: tuple[int, ...] = Field(
        (),
        description="the places, among those of the model, of the spaces whose maps show it; the "
        "lists below have an item for each",
    )
    near: tuple[tuple[int, ...], ...] = Field(
        (),
        description="true neighbors by cosine, nearest first, by their places among the file's "
        "`texts`; empty of a token whose vector is zero",
    )
    cosine: tuple[tuple[int, ...], ...] = Field(
        (), description="the similarities of these, in thousandths"
    )
    kept: tuple[int, ...] = Field(
        (), description="how many of its k nearest neighbors each map keeps near"
    )
    cluster: tuple[int | None, ...] = Field(
        (), description="its place among the file's `clusters`; null in no cluster"
    )
    at: tuple[tuple[int, int] | None, ...] = Field(
        (),
        description="where it lies on the poster, from the left and the top, in thousandths of its "
        "width and height; null where that does not show it",
    )


class PackedAnswer(_Part):
    """What a model makes of a word, in a file of answers."""

    tokens: tuple[PackedToken, ...] = Field((), description="of any of its written forms")
    split: tuple[str, ...] | None = Field(
        None,
        description="the tokenizer's pieces; left out where it was not asked, and where `ids` is "
        "the one id of a token above, whose text it is",
    )
    ids: tuple[int, ...] | None = Field(
        None, description="their ids; left out where the tokenizer was not asked"
    )
    form: str | None = Field(None, description=_FORM)
    forms: dict[str, Split] = Field(default={}, description=_FORMS)


class AnswersFile(_Part):
    """A file of answers: those of all models, in the order of the index, by key; null of a model
    that knows nothing of a word."""

    version: Literal[2]
    texts: tuple[str, ...] = Field(description="of neighbors, the most frequent first")
    clusters: tuple[tuple[str | Titles, str], ...] = Field(
        description="the smallest that hold tokens: title (by language, where it says what most of "
        "its tokens are), and address below `clusters/` of the map's page"
    )
    words: dict[str, tuple[PackedAnswer | None, ...]]


class SpaceTold(_Part):
    """A space of a model, and the map that shows it."""

    map: str
    space: str
    title: Titles
    href: str = Field(description="of the map's page, below the root of each edition")
    poster: str = Field(description="the address of the map's poster, below the root of the site")
    k: int = Field(description="the number of neighbors that `kept` counts of")


class TokenizerTold(_Part):
    """How a tokenizer can be asked: its file, below the root of the site, if it is published; and
    whether it is known for the words of the files alone, or for any text."""

    file: str | None
    bytes: int | None = Field(None, description="of the file, which holds `family` and `tokenizer`")
    known: Literal["words", "any"]


class ModelTold(_Part):
    """A model."""

    id: str
    title: Titles
    language: str
    spaces: tuple[SpaceTold, ...]
    tokenizer: TokenizerTold | None = Field(description="null of a table of vectors")


class IndexFile(_Part):
    """The index of the files of answers.

    The answers to a word are in the file of the last bound that is not after the word's key, in the
    order of code points. A file is named after the bytes of its bound in UTF-8, in hexadecimal
    digits; the first bound is empty, and its file is `_.json`. The key of a word is its text in
    NFKC by folded case, without the marks of continuations and of spaces.
    """

    version: Literal[2]
    models: tuple[ModelTold, ...]
    shards: tuple[str, ...] = Field(description="the bounds, ascending")


class OneAnswer(_Part):
    """A model's answer to one word."""

    id: str = Field(description="of the model")
    answer: ModelAnswer | None


class SharedNeighbor(_Part):
    """A neighbor that several models share."""

    text: str
    models: tuple[str, ...]


class WordFile(_Part):
    """The file of a word that has a page of its own."""

    version: Literal[1]
    word: str
    key: str
    page: str = Field(description="its page, below the root of each edition")
    models: tuple[OneAnswer, ...]
    shared: tuple[SharedNeighbor, ...]
