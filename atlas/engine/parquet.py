"""Parquet tables as they are written: small, and read by every reader of the format's version 2.
Columns of numbers go to NumPy and back without pandas, which Arrow imports else, where it is; that
takes longer than to read a table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

LEVEL = 9  # of zstd
FEW = 4  # rows for each distinct value, from which on a dictionary of these is smaller


def write_table(table: pa.Table, where: Path | BinaryIO) -> None:
    """Write a table, each column as it is smallest: what recurs as a dictionary, other fractions
    by their bytes, other whole numbers by their differences, other texts as they are. Raises
    OSError."""
    import pyarrow.parquet as pq

    recurring: list[str] = []
    encodings: dict[str, str] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        leaf, values = _leaf(name, column)
        encoding = _encoding(values)
        if encoding is None:
            recurring.append(leaf)
        else:
            encodings[leaf] = encoding
    pq.write_table(
        table,
        where,
        compression="zstd",
        compression_level=LEVEL,
        use_dictionary=recurring,
        column_encoding=encodings,
    )


def _leaf(name: str, column: pa.ChunkedArray) -> tuple[str, pa.ChunkedArray]:
    """The name of the values of a column within a file, and the values; of a list its items."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(column.type):
        return f"{name}.list.element", pc.list_flatten(column)
    return name, column


def _encoding(values: pa.ChunkedArray) -> str | None:
    """How values are written; None for a dictionary."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.count_distinct(values).as_py() * FEW <= len(values):
        return None
    if pa.types.is_floating(values.type):
        return "BYTE_STREAM_SPLIT"
    return "DELTA_BINARY_PACKED" if pa.types.is_signed_integer(values.type) else "PLAIN"


def numbers(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column of numbers, of which none is missing, as an array (n,) that is not to be written to.
    Raises pyarrow.ArrowTypeError for any other."""
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):  # whose one chunk would be copied, too
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return np.from_dlpack(column)


def of_numbers(values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    """A column of numbers of an array (n,)."""
    import pyarrow as pa

    held = np.ascontiguousarray(values, kind.to_pandas_dtype())
    return pa.Array.from_buffers(kind, len(held), [None, pa.py_buffer(held)])
