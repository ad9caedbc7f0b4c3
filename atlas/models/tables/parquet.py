"""Parquet: a column of words and a column of lists of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from atlas.models.tables.table import (
    Block,
    Progress,
    Table,
    Tokens,
    fault,
    gather_values,
    gather_words,
)
from atlas.numeric.types import Floats

Arrow = Any  # of pyarrow, which has no types

TITLE = "Parquet, a column of words and one of lists of numbers"
READERS: tuple[str, ...] = ()

_ROWS = 4096  # of a block
_PIECE = 1 << 20  # bytes read of a column at a time, which is else read whole
# What columns are called, where there are several of a type.
_WORDS = ("word", "token", "label", "text", "term", "name")
_VECTORS = ("vector", "embedding", "vectors", "embeddings", "values")


def files(path: Path) -> tuple[Path, ...]:
    """The file."""
    return (path,)


def tokens(path: Path) -> Tokens:
    """Its words, the first of those that are there twice. Raises ModelError."""
    return gather_words(path, _blocks(path, False))


def table(path: Path, progress: Progress) -> Table:
    """Its vectors. Raises ModelError."""
    rows = _opened(path).metadata.num_rows
    return gather_values(path, _blocks(path, True), rows, progress, "row")


def _blocks(path: Path, wanted: bool) -> Iterator[Block]:
    import pyarrow as pa

    file = _opened(path)
    word, vector = _columns(path, file.schema_arrow)
    columns = [word, vector] if wanted else [word]
    first, width = 1, None
    try:
        for batch in _batches(file, columns):
            column = batch.column(0)
            words = column.cast(pa.string()).to_pylist()
            for row, text in enumerate(words):
                if not text:
                    raise fault(path, f"row {first + row} has no word in the column {word}")
            values = _values(path, batch.column(1), first, vector, width) if wanted else None
            width = values.shape[1] if values is not None else None
            yield Block(words, values, first)
            first += len(words)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        raise fault(path, f"cannot be read ({problem})") from problem


def _batches(file: Arrow, columns: list[str]) -> Iterator[Arrow]:
    """A row group at a time, each of which pyarrow holds while it is read."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(_ROWS, row_groups=[group], columns=columns)


def _values(path: Path, column: Arrow, first: int, name: str, width: int | None) -> Floats:
    """The lists of a column as rows, all of one length."""
    import pyarrow.compute as pc

    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), -1))
    width = width if width is not None else max(int(lengths[0]), 0)
    wrong = np.flatnonzero(lengths != width)
    if len(wrong) or not width:
        row = int(wrong[0]) if len(wrong) else 0
        what = "no list" if lengths[row] < 0 else f"{lengths[row]} numbers, not {width}"
        raise fault(path, f"row {first + row} has {what} in the column {name}")
    flat = column.flatten()
    if flat.null_count:
        row = int(np.argmax(np.asarray(flat.is_null()))) // width
        raise fault(path, f"row {first + row} has a number missing in the column {name}")
    with np.errstate(over="ignore"):
        return np.asarray(flat.to_numpy(zero_copy_only=False), np.float32).reshape(-1, width)


def _opened(path: Path) -> Arrow:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, buffer_size=_PIECE)
    except (pa.ArrowException, OSError) as problem:
        raise fault(path, f"is not a Parquet file ({problem})") from problem


def _columns(path: Path, schema: Arrow) -> tuple[str, str]:
    """The columns of words and of lists. Raises ModelError when it is not clear which they are."""
    from pyarrow import types

    def text(kind: Arrow) -> bool:
        kind = kind.value_type if types.is_dictionary(kind) else kind
        return bool(types.is_string(kind) or types.is_large_string(kind))

    def numbers(kind: Arrow) -> bool:
        lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        return bool(
            lists and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type))
        )

    def one(names: list[str], known: tuple[str, ...], what: str) -> str:
        called = [name for name in names if name.lower() in known] if len(names) > 1 else names
        if len(called) != 1:
            found = f"several columns of {what}: {', '.join(names)}" if names else f"no {what}"
            raise fault(
                path,
                f"has {found}",
                f"Keep one column of {what}, or call it {' or '.join(known[:2])}.",
            )
        return called[0]

    words = [entry.name for entry in schema if text(entry.type)]
    lists = [entry.name for entry in schema if numbers(entry.type)]
    return one(words, _WORDS, "words"), one(lists, _VECTORS, "lists of numbers")
