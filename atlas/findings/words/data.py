"""Atlas data of words: for each model two Parquet tables and a JSON file, and a JSON file of the
words that atlas.toml lists.

    <model>.tokens.parquet   the whole vocabulary, a row a token in id order: token_id int32, token,
                             text, kind, pos, reading, latin
    <model>.splits.parquet   how the tokenizer splits words, a row a word: word, ids list of int32,
                             pieces list of string, as `tokenizer.tokenize` gives them
    <model>.tokenizer.json   the tokenizer as the browser's library reads it (`tokenizer`, as in a
                             tokenizer.json, and its `family`); `null` where it does not
    <model>.words.json       ModelWords
    listed.words.json        Listed

`latin` is a Japanese token's reading in Latin letters, for addresses and search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from atlas.engine.files import replacing
from atlas.engine.parquet import numbers, write_table
from atlas.engine.record import Record, need
from atlas.errors import DataError
from atlas.findings import finding
from atlas.findings.finding import AGAIN, Finding, Part
from atlas.maps.facts import Slug, Tag
from atlas.numeric.types import Array, Ints

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 2  # plain strings in place of dictionaries
LISTED = "listed.words.json"


def token_columns() -> dict[str, pa.DataType]:
    """The columns of a model's tokens."""
    import pyarrow as pa

    texts = ("token", "text", "kind", "pos", "reading", "latin")
    return {"token_id": pa.int32(), **dict.fromkeys(texts, pa.string())}


def split_columns() -> dict[str, pa.DataType]:
    """The columns of a model's splits."""
    import pyarrow as pa

    return {"word": pa.string(), "ids": pa.list_(pa.int32()), "pieces": pa.list_(pa.string())}


@dataclass(frozen=True, eq=False)
class Splits(Record):
    """How a tokenizer splits words.

    words    each once, as it was asked of the tokenizer
    offsets  (w + 1,) int64: the pieces of word i are those from offsets[i] to offsets[i + 1]
    ids      (p,) int32
    pieces   as `tokenizer.tokenize` gives them
    """

    words: tuple[str, ...]
    offsets: Ints
    ids: Ints
    pieces: tuple[str, ...]

    def __post_init__(self) -> None:
        need(len(self.offsets) == len(self.words) + 1, self, "offsets are not one a word and one")
        need(len(self.ids) == len(self.pieces), self, "ids and pieces differ in length")

    def __iter__(self) -> Iterator[tuple[Sequence[str], list[int]]]:
        """The pieces of each word and their ids."""
        ids = self.ids.tolist()
        for begin, end in pairwise(self.offsets.tolist()):
            yield self.pieces[begin:end], ids[begin:end]


@dataclass(frozen=True, eq=False)
class Portable(Record):
    """A tokenizer as JSON; empty where the browser's library does not read it."""

    text: str


class ModelWords(Finding):
    """The JSON file of a model's words."""

    model: Slug = Field(description="the id of the model")
    language: Tag = Field(description="the language of the model's vocabulary")
    family: str = Field(description="of the tokenizer; `words` for a table of vectors without one")
    tokens: int = Field(ge=0, description="tokens of the vocabulary")
    words: int = Field(ge=0, description="words whose split is known")
    split: bool = Field(description="whether there is a tokenizer that could be asked")
    portable: int = Field(
        default=0, ge=0, description="bytes of the tokenizer's file; 0 where it holds none"
    )
    dictionary: str = Field(description="of parts of speech and readings; empty without one")


class ListedWord(Part):
    """A word that atlas.toml lists; its reading in katakana and in Latin letters."""

    word: str = Field(description="the word")
    reading: str | None = Field(default=None, description="in katakana; none where it is not known")
    latin: str | None = Field(
        default=None, description="in Latin letters; none where it is not known"
    )


class Listed(Finding):
    """The JSON file of the words that atlas.toml lists."""

    words: tuple[ListedWord, ...]


def files(model: str) -> tuple[str, ...]:
    """The names of a model's files in the data folder, the JSON file last."""
    return (
        f"{model}.tokens.parquet",
        f"{model}.splits.parquet",
        f"{model}.tokenizer.json",
        f"{model}.words.json",
    )


@dataclass(frozen=True, eq=False)
class WordData:
    """The files of a model's words in memory; that of the tokenizer is published as it is."""

    about: ModelWords
    tokens: pa.Table
    splits: pa.Table


def tokenizer_file(portable: Portable | None, family: str) -> bytes:
    """The content of the file of a tokenizer."""
    if portable is None or not portable.text:
        return b"null"
    return f'{{"family":"{family}","tokenizer":{portable.text}}}'.encode()


def table(values: Mapping[str, Any], columns: Mapping[str, pa.DataType]) -> pa.Table:
    """An Arrow table of these columns."""
    import pyarrow as pa

    arrays = {
        name: values[name] if isinstance(values[name], pa.Array) else pa.array(values[name], kind)
        for name, kind in columns.items()
    }
    return pa.table(arrays, schema=pa.schema(columns))


def listed(offsets: Array, values: pa.Array) -> pa.Array:
    """A column of lists: those of row i are `values` from offsets[i] to offsets[i + 1]."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def write(folder: Path, data: WordData, tokenizer: bytes) -> None:
    """Write a model's files, the JSON last. Raises DataError when the folder cannot be written."""
    names = files(data.about.model)
    mark = {b"atlas_recipe": data.about.recipe.encode()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / names[-1]).unlink(missing_ok=True)
        for name, content in zip(names, (data.tokens, data.splits), strict=False):
            with replacing(folder / name) as beside:
                write_table(content.replace_schema_metadata(mark), beside)
        with replacing(folder / names[2]) as beside:
            beside.write_bytes(tokenizer)
    except OSError as problem:
        raise DataError(
            f"{folder}: {problem.strerror or problem}",
            "Check the permissions and the free space there.",
        ) from problem
    finding.write(folder, names[-1], data.about)


def read(folder: Path, model: str) -> WordData | None:
    """A model's files, None where there is no JSON file. Raises DataError naming the file and its
    fault."""
    names = files(model)
    about = finding.read(folder, names[-1], ModelWords, SCHEMA_VERSION)
    if about is None:
        return None
    if about.model != model:
        raise DataError(f"{folder / names[-1]}: holds the model {about.model}", AGAIN)
    found = WordData(
        about,
        _read(folder / names[0], token_columns(), about.recipe),
        _read(folder / names[1], split_columns(), about.recipe),
    )
    ids = found.tokens.column("token_id")
    fits = len(ids) == about.tokens and not ids.null_count
    if not fits or not np.array_equal(numbers(ids), np.arange(len(ids))):
        raise DataError(f"{folder / names[0]}: token_id does not count from 0", AGAIN)
    ranges = [found.splits.column(name).combine_chunks() for name in ("ids", "pieces")]
    if not ranges[0].offsets.equals(ranges[1].offsets):
        raise DataError(f"{folder / names[1]}: ids and pieces are of different words", AGAIN)
    if ranges[0].values.null_count:
        raise DataError(f"{folder / names[1]}: ids has empty cells", AGAIN)
    return found


def _read(path: Path, columns: Mapping[str, pa.DataType], recipe: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:  # read_table imports pandas where it is
            content = file.read()
    except (OSError, ValueError, pa.ArrowException) as problem:
        raise DataError(f"{path}: cannot be read ({problem})", AGAIN) from problem
    if (content.schema.metadata or {}).get(b"atlas_recipe", b"").decode() != recipe:
        raise DataError(f"{path}: made by another build than the JSON file beside it", AGAIN)
    kinds = dict(zip(content.schema.names, content.schema.types, strict=True))
    if kinds != dict(columns):
        raise DataError(f"{path}: its columns are {', '.join(kinds)}", AGAIN)
    return content
