"""The files of vocabularies, and what their stages return: one of each model, one of each model's
orders, and of each pair a JSON file and a Parquet table of all their texts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from atlas.engine.files import write_whole
from atlas.engine.parquet import write_table
from atlas.errors import DataError
from atlas.findings.finding import Finding, Part
from atlas.maps.facts import Slug, Tag

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 2  # plain strings in place of dictionaries

# How a vocabulary has a member of a set, by the letter that says so in `states`.
STATES = {
    "t": "one token",
    "o": "one token that reads otherwise, as in a vocabulary without accents",
    "p": "several tokens",
    "b": "bytes, or some of it",
    "u": "unknown, or some of it",
    "-": "no token, and no tokenizer says how it would be split",
}


class Span(Part):
    """A group of a set: its name, which may be empty, and how many members it has."""

    name: str = Field(description="its name, which may be empty")
    size: int = Field(gt=0, description="how many items it has")


class Asked(Part):
    """A set of signs or words, and how a vocabulary has each of them."""

    name: Slug = Field(description="the name of the set")
    groups: tuple[Span, ...] = Field(description="parts of `items`, in their order")
    items: tuple[str, ...] = Field(description="its signs or words")
    states: str = Field(
        pattern="^[topbu-]*$",
        description="a letter for each item: t one token, o one token that reads otherwise, "
        "p several, b bytes, u unknown, - no token",
    )
    pieces: tuple[int, ...] = Field(
        description="how many tokens each item is; 0 where that is not known"
    )

    def count(self, states: str) -> int:
        """The number of items in any of these states."""
        return sum(self.states.count(letter) for letter in states)


class Wall(Part):
    """All sets that a vocabulary was asked for."""

    sets: tuple[Asked, ...]
    reason: str = Field(description="why its tokenizer was not asked; empty where it was")


class Counted(Part):
    """The tokens of a model in some texts."""

    texts: int = Field(ge=0, description="texts that were counted")
    characters: int = Field(ge=0, description="spaces included")
    words: int = Field(ge=0, description="of Japanese UniDic's; else letters or digits in a row")
    tokens: int = Field(ge=0, description="tokens that they are")
    unknown: int = Field(ge=0, description="of these, unknown ones")
    bytes: int = Field(ge=0, description="of these, single bytes")
    reason: str = Field(default="", description="why they were not counted")


class Read(Part):
    """A corpus of the atlas as a model's tokenizer reads it: its first texts."""

    corpus: str = Field(description="the name of its file, or the pattern of its files")
    language: Tag = Field(description="the language of the model's vocabulary")
    counted: Counted


class OfModel(Finding):
    """<model>.vocabulary.json: a vocabulary by itself."""

    model: Slug = Field(description="the id of the model")
    language: Tag = Field(description="the language of the model's vocabulary")
    family: str = Field(description="of the tokenizer")
    tokens: int = Field(ge=0, description="tokens of the vocabulary")
    kinds: dict[str, int] = Field(description="tokens by kind")
    scripts: dict[str, int] = Field(description="words and continuations by script, most first")
    read: tuple[Read, ...]
    wall: Wall | None


class Counts(Part):
    """Texts that two vocabularies share, and those of one alone."""

    shared: int = Field(ge=0, description="that both have")
    first: int = Field(ge=0, description="that the first alone has")
    second: int = Field(ge=0, description="that the second alone has")


class Changed(Part):
    """An id that stands for another token in the second vocabulary."""

    id: int = Field(description="the id in both tokenizers")
    first: str = Field(description="the token in the first")
    second: str = Field(description="the token in the second")


class Shared(Part):
    """What two vocabularies share. A text is a token without the marks of a word's start, its end
    and a continuation; tokens that read alike are one text."""

    texts: Counts
    same_kind: int = Field(
        ge=0, description="of the shared texts those that both have as a token of one kind"
    )
    folded: Counts = Field(description="the same without case, width and accents")
    kinds: dict[str, Counts] = Field(
        description="by the kind of a text's first token, in the first vocabulary where it is there"
    )
    scripts: dict[str, Counts] = Field(description="words and continuations by script")
    ids: int = Field(ge=0, description="ids that both have")
    same_id: int = Field(ge=0, description="of these, ids of one token in both")
    moved: int = Field(ge=0, description="tokens that both have under different ids")
    changed: tuple[Changed, ...] = Field(
        description="ids with another token, the first of them; none where most ids differ"
    )
    examples: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = Field(
        description="words that both have, that the first alone has, and the second alone"
    )


class OfPair(Finding, Shared):
    """<first>--<second>.vocabularies.json: two vocabularies."""

    models: tuple[Slug, Slug] = Field(description="the ids of both models")
    tokens: tuple[int, int] = Field(description="tokens of either vocabulary")


class Measured(Part):
    """An order in one space."""

    space: str = Field(
        pattern="^(input|output|encoder-input|contextual|averaged|layer)$",
        description="`averaged` over a corpus; `layer`, with its number, has each token alone",
    )
    map: str = Field(default="", description="the id of the map whose space it is")
    layer: int | None = Field(
        default=None, description="the number of the layer; none for other spaces"
    )
    members: int = Field(ge=0, description="tokens that the space has a vector of")
    circle: float = Field(description="left-out correlation of the places with a circle's, -1..1")
    line: float = Field(description="the same with a line's")
    seam: float = Field(
        ge=0,
        description="how much a line leaves unexplained, by how much it does where it is cut best "
        "elsewhere: about 1 on a circle, less on an open curve",
    )
    shape: str = Field(
        pattern="^(circle|line)$",
        description="what describes it, be it by chance: a circle where that correlation is higher "
        "and the ends meet, else a line",
    )
    holds: bool = Field(default=False, description="whether that is more than chance")
    p: float = Field(gt=0, le=1, description="of shuffled orders, for the better of the two")
    q: float = Field(gt=0, le=1, description="p adjusted for all orders and spaces of the model")
    p_circle: float = Field(gt=0, le=1, description="of shuffled orders, for the circle")
    p_line: float = Field(gt=0, le=1, description="of shuffled orders, for the line")
    rank_circle: float = Field(description="circular rank correlation (Fisher & Lee 1982)")
    rank_line: float = Field(description="Spearman's rank correlation")
    random: tuple[float, float] = Field(
        description="95 % of random sets of the same kinds, for the better of the two"
    )
    places: tuple[tuple[float, float], ...] = Field(
        description="where what was fitted to the others puts each member: on the plane of the "
        "circle, or on the line and 0"
    )
    at: tuple[int, ...] = Field(description="the members, as positions in `words`")


class Ordered(Part):
    """Words of a known order, and how far each space has it."""

    name: Slug = Field(description="its name")
    words: tuple[str, ...] = Field(description="the words in their order")
    ids: tuple[int | None, ...] = Field(description="token ids; null where a word is no token")
    enough: bool = Field(description="whether so many are tokens that shuffling can tell anything")
    spaces: tuple[Measured, ...]


class Orders(Part):
    """All orders in all spaces of a model."""

    orders: tuple[Ordered, ...]
    shuffles: int = Field(description="shuffled orders beside each")
    sets: int = Field(description="random sets beside each")
    reason: str = Field(description="why there are no layers; empty where there are, or none asked")


class OfOrders(Finding, Orders):
    """<model>.orders.json: order in the spaces of a model."""

    model: Slug = Field(description="the id of the model")
    language: Tag = Field(description="the language of the model's vocabulary")


def of_model(model: str) -> str:
    """The name of a vocabulary's file in the data folder."""
    return f"{model}.vocabulary.json"


def of_orders(model: str) -> str:
    """The name of the file of a model's orders."""
    return f"{model}.orders.json"


def of_pair(first: str, second: str) -> str:
    """The name of a pair's file."""
    return f"{first}--{second}.vocabularies.json"


def list_of(first: str, second: str) -> str:
    """The name of the Parquet table of a pair: each text with its ids in either vocabulary."""
    return f"{first}--{second}.vocabularies.parquet"


def _columns() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("text", pa.string(), nullable=False),
            pa.field("first", pa.list_(pa.int32()), nullable=False),
            pa.field("second", pa.list_(pa.int32()), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("script", pa.string(), nullable=False),
        ]
    )


def write_list(path: Path, columns: Sequence[Sequence[object]], recipe: str) -> None:
    """Write a pair's table: each text with its ids in the `first` and in the `second` vocabulary,
    and the kind and the script of its first token. Raises DataError when it cannot be written."""
    import pyarrow as pa

    schema = _columns().with_metadata({"schema_version": str(SCHEMA_VERSION), "recipe": recipe})
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    raw = io.BytesIO()
    write_table(pa.table(arrays, schema=schema), raw)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, raw.getvalue())
    except OSError as problem:
        raise DataError(
            f"{path}: {problem.strerror or problem}",
            "Check the permissions and the free space there.",
        ) from problem


def list_recipe(path: Path) -> str | None:
    """The recipe in a pair's table; None where there is none that can be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_schema(path)
    except (OSError, pa.ArrowException):
        return None
    told = (found.metadata or {}).get(b"recipe")
    return told.decode() if told and found.equals(_columns()) else None
