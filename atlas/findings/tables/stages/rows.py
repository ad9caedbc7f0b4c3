"""The rows of an input table beside the tokens of its tokenizer."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import numpy as np

from atlas.engine.stage import Work, stage
from atlas.findings.tables.data import Group, Listed, Rows
from atlas.models import round_trip, tokenizer_files
from atlas.models.checkpoint import READ_JSON
from atlas.models.round_trip import ROUND_TRIP, Tested
from atlas.models.tables import gguf, static
from atlas.models.tables.table import WORDS
from atlas.models.tensors import OUTPUTS, TENSORS, has_head, read_table, stored
from atlas.numeric.types import Array, Floats
from atlas.numeric.vectors import directed, finite
from atlas.spaces.records import Vectors, Vocabulary
from atlas.spaces.stages.vocabulary import readable

_START = 16  # numbers of a row by which it is told from most others


@dataclass(frozen=True)
class _Tokenizer:
    """What a tokenizer says: tokens by id, how they are written, and ids of special and of added
    ones."""

    rows: Mapping[int, str]
    family: str = WORDS
    special: frozenset[int] = frozenset()
    added: frozenset[int] = frozenset()
    tested: Tested = field(default_factory=lambda: Tested("none"))


@stage("rows", version=3, weight=1, uses=(READ_JSON, TENSORS, ROUND_TRIP))
def rows(
    vocabulary: Vocabulary,
    vectors: Vectors,
    *,
    format: str = "",  # noqa: A002  # a param's name
    work: Work = Work(),
) -> Rows:
    """What a table holds beside its tokenizer; `format` is that of a table of vectors. Raises
    ModelError for files that cannot be read."""
    found = _tokenizer(vocabulary, format, work.location)
    count, width = vectors.values.shape
    inside = set(range(count))

    beyond = _beyond(found, count)

    def listed(ids: Iterable[int]) -> Listed:
        chosen = sorted(ids)
        texts = [vocabulary.texts[row] if row in inside else beyond[row] for row in chosen]
        return Listed(ids=tuple(chosen), texts=tuple(texts))

    kind = {name: _of_kind(vocabulary, name) for name in ("byte", "unused")}
    empty = [row for row in kind["unused"] if row not in found.rows]
    lists = {
        "rows_without_tokens": empty,
        "tokens_without_rows": found.rows.keys() - inside,
        "special": found.special,
        "added": found.added,
        "reserved": set(kind["unused"]) - set(empty),
        "bytes": kind["byte"],
        "unreachable": found.tested.never,
        "parts": found.tested.parts,
        "zero": np.flatnonzero(~directed(vectors.values)).tolist(),
        "not_finite": np.flatnonzero(~finite(vectors.values)).tolist(),
    }
    form, size = _stored(format, work.location, count * width)
    return Rows(
        rows=count,
        dimensions=width,
        tokens=len(found.rows),
        words=vocabulary.family == WORDS,
        format=form,
        bytes=size,
        unembedding=_unembedding(format, work.location, vectors.values),
        tested=cast("Literal['tokenizer', 'subwords', 'none']", found.tested.how),
        lists={name: listed(ids) for name, ids in lists.items() if ids},
        alike=_groups(vocabulary, alike(vocabulary)),
        same=_groups(vocabulary, same(vectors.values)),
    )


def _beyond(found: _Tokenizer, count: int) -> dict[int, str]:
    """The texts of tokens that have no row in a table of `count`, as a person reads them."""
    ids = sorted(row for row in found.rows if row >= count)
    if not ids:
        return {}

    def places(some: frozenset[int]) -> set[int]:
        return {place for place, row in enumerate(ids) if row in some}

    names = [found.rows[row] for row in ids]
    read = readable(names, found.family, places(found.special), places(found.added))
    return dict(zip(ids, read.texts, strict=True))


def alike(vocabulary: Vocabulary) -> list[list[int]]:
    """Groups of words or continuations whose texts are one after NFKC (Unicode Annex 15)."""
    places: dict[str, list[int]] = {}
    for row, (text, kind) in enumerate(zip(vocabulary.texts, vocabulary.kinds, strict=True)):
        if kind in ("word", "continuation"):
            plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
            places.setdefault(plain, []).append(row)
    return [ids for ids in places.values() if len(ids) > 1]


def same(values: Floats) -> list[list[int]]:
    """Groups of rows of (n, d) that are equal, finite and not zero, number for number."""
    rows = np.flatnonzero(directed(values) & finite(values)).tolist()
    starts = np.ascontiguousarray(values[:, :_START])  # rows of other beginnings are not compared
    begun: dict[bytes, list[int]] = {}
    for row in rows:
        begun.setdefault(starts[row].tobytes(), []).append(row)
    places: dict[bytes, list[int]] = {}
    for row in sorted(row for ids in begun.values() if len(ids) > 1 for row in ids):
        digest = hashlib.blake2b(np.ascontiguousarray(values[row]).data, digest_size=16).digest()
        places.setdefault(digest, []).append(row)
    return [ids for ids in places.values() if len(ids) > 1]


def _groups(vocabulary: Vocabulary, found: Sequence[Sequence[int]]) -> tuple[Group, ...]:
    return tuple(
        Group(ids=tuple(ids), texts=tuple(vocabulary.texts[row] for row in ids)) for ids in found
    )


def _of_kind(vocabulary: Vocabulary, name: str) -> list[int]:
    return [row for row, kind in enumerate(vocabulary.kinds) if kind == name]


def _tokenizer(vocabulary: Vocabulary, form: str, location: str) -> _Tokenizer:
    """What the tokenizer says of a model or of a table of vectors; of a list of words its words."""
    if not form:
        found = tokenizer_files.load(location)
        tested = round_trip.test(
            location, _used(found.rows, vocabulary), found.family, frozenset(found.added)
        )
        return _Tokenizer(
            found.rows, found.family, frozenset(found.special), frozenset(found.added), tested
        )
    path = Path(location.removeprefix("vectors:"))
    if form == "gguf":
        table = gguf.tokens(path)
        names = gguf.read_head(path).facts.get("tokenizer.ggml.tokens") or []
        return _Tokenizer(dict(enumerate(names)), table.family, table.special, table.added)
    if form == "static":
        file = static.files(path)[1]
        found = tokenizer_files.load_fast(file.parent)
        tested = round_trip.of_file(
            file, _used(found.rows, vocabulary), found.family, frozenset(found.added)
        )
        return _Tokenizer(
            found.rows, found.family, frozenset(found.special), frozenset(found.added), tested
        )
    return _Tokenizer(dict(enumerate(vocabulary.tokens)))


def _used(tokens: Mapping[int, str], vocabulary: Vocabulary) -> dict[int, str]:
    """Tokens that have a row and are not unused by their names."""
    unused = set(_of_kind(vocabulary, "unused"))
    return {
        row: token for row, token in tokens.items() if row < len(vocabulary) and row not in unused
    }


def _stored(form: str, location: str, numbers: int) -> tuple[str, int]:
    """The format of a table's numbers, and its bytes as it is stored, 0 where that is not known."""
    if not form:
        found = stored(location)
        return (found.dtype, found.bytes) if found else ("", 0)
    path = Path(location.removeprefix("vectors:"))
    if form == "gguf":
        return gguf.number_format(path)
    if form == "static":
        return static.number_format(path)
    if form == "npy":
        kind = np.load(path, mmap_mode="r", allow_pickle=False).dtype
        return f"{kind.kind.upper()}{kind.itemsize * 8}", numbers * kind.itemsize
    return ("F32", numbers * 4) if form == "word2vec" else (form, 0)


def _unembedding(form: str, location: str, values: Floats) -> Literal["tied", "own", "none"]:
    """Whether there is a table of its own on the way out. One that is written and equals the input
    table is tied; where a head is and no table is written, it can only be the input table."""
    if form == "gguf":
        head = gguf.read_head(Path(location.removeprefix("vectors:")))
        return "own" if "output.weight" in head.tensors else "tied"
    if form:
        return "none"
    if stored(location, OUTPUTS) is None:
        return "tied" if has_head(location) else "none"
    found = read_table(location, lambda _: None, OUTPUTS)
    return "tied" if found is None or _equal(found[1], values) else "own"


def _equal(first: Array, second: Array) -> bool:
    """Whether two tables are equal, looked at in blocks."""
    return first.shape == second.shape and all(
        np.array_equal(first[begin : begin + 4096], second[begin : begin + 4096], equal_nan=True)
        for begin in range(0, len(first), 4096)
    )
