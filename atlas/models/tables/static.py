"""Static embeddings of model2vec and sentence-transformers: a table in model.safetensors beside a
tokenizer.json.

model2vec may keep fewer rows than tokens (`mapping` names the row of each), a weight for each token
(`weights`), and its table as int8 by one scale, which it drops: directions are right, and so is
every cosine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from atlas.models import tokenizer_files
from atlas.models.tables.finding import Place
from atlas.models.tables.table import Progress, Table, Tokens, fault
from atlas.models.weights import read_header
from atlas.numeric.types import Floats

TITLE = "static embeddings, model.safetensors beside tokenizer.json"
READERS: tuple[str, ...] = ()

_TABLES = ("embeddings", "embedding.weight")  # model2vec's, sentence-transformers'
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I8": "<i1"}
_EXTRA = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I32": "<i4", "I64": "<i8"}
_PIECE = 1 << 21  # values read at a time


def files(path: Path) -> tuple[Path, ...]:
    """The table, its tokenizer, and what says more of its tokens. Raises ModelError without a
    tokenizer."""
    return Place("static", path).files()


def tokens(path: Path) -> Tokens:
    """The tokens in id order, one for each row of the table as the model looks it up. Raises
    ModelError."""
    found = tokenizer_files.load_fast(files(path)[1].parent)
    names = [found.rows.get(row, f"<row {row}>") for row in range(_rows(path))]
    return Tokens(names, found.family, frozenset(found.special), frozenset(found.added))


def table(path: Path, progress: Progress) -> Table:
    """The vector of each token as the model takes it: the row that is its, times its weight. Raises
    ModelError for a type that is not known."""
    header, start, name = _header(path)
    values = _values(path, header[name], start, progress)
    told = f"{name} of {path.name}"
    if "mapping" in header:
        places = _extra(path, header["mapping"], start)
        if len(places) and not (places.min() >= 0 and places.max() < len(values)):
            raise fault(path, f"mapping names rows that {name} does not have")
        values = values[places.astype(np.int64)]
        told += ", each token's by mapping"
    if "weights" in header:
        weights = _extra(path, header["weights"], start)
        if len(weights) != len(values):
            raise fault(path, f"has {len(weights):,} weights for {len(values):,} tokens")
        values *= weights.astype(np.float32)[:, None]
        told += ", times weights"
    if header[name]["dtype"] == "I8":
        told += ", int8 without its scale"
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values).all(axis=1)))
        raise fault(path, f"row {row} of {name} has a number that is not finite")
    return Table(values, told)


def number_format(path: Path) -> tuple[str, int]:
    """The type of the table's numbers, as safetensors names it, and its bytes. Raises
    ModelError."""
    header, _, name = _header(path)
    begin, end = header[name]["data_offsets"]
    return str(header[name]["dtype"]), int(end) - int(begin)


def _rows(path: Path) -> int:
    header, _, name = _header(path)
    rows: int = header["mapping" if "mapping" in header else name]["shape"][0]
    return rows


def _header(path: Path) -> tuple[dict[str, Any], int, str]:
    with path.open("rb") as file:
        header, start = read_header(file, str(path))
    matrices = [name for name, entry in header.items() if len(entry["shape"]) == 2]
    name = next((name for name in _TABLES if name in matrices), None)
    if name is None and len(matrices) == 1:
        name = matrices[0]
    if name is None:
        raise fault(
            path,
            f"has none of {' and '.join(_TABLES)}, nor one matrix alone",
            "Point `source` at a folder that model2vec or StaticEmbedding has written.",
        )
    entry = header[name]
    if entry["dtype"] not in _TYPES:
        raise fault(
            path,
            f"{name} is stored as {entry['dtype']}, which is not read without its scales",
            "Save it as float32, float16 or bfloat16, or as model2vec's int8.",
        )
    size = path.stat().st_size
    if start + max(int(one["data_offsets"][1]) for one in header.values()) > size:
        raise fault(path, "ends before its tensors do")
    if 0 in entry["shape"]:
        raise fault(path, f"{name} is empty")
    return header, start, name


def _values(path: Path, entry: Mapping[str, Any], start: int, progress: Progress) -> Floats:
    """The table in float32, turned into it piece by piece."""
    kind = np.dtype(_TYPES[entry["dtype"]])
    rows, width = entry["shape"]
    values = np.empty(rows * width, np.float32)
    at = start + entry["data_offsets"][0]
    for done in range(0, len(values), _PIECE):
        count = min(_PIECE, len(values) - done)
        raw = np.fromfile(path, kind, count, offset=at + done * kind.itemsize)
        if entry["dtype"] == "BF16":  # the upper half of a float32
            raw = (raw.astype("<u4") << 16).view("<f4")
        with np.errstate(over="ignore"):
            values[done : done + count] = raw
        progress((done + count) / len(values))
    return values.reshape(rows, width)


def _extra(path: Path, entry: Mapping[str, Any], start: int) -> np.ndarray[Any, Any]:
    """A vector beside the table. Raises ModelError for a type that is not known."""
    if entry["dtype"] not in _EXTRA or len(entry["shape"]) != 1:
        raise fault(path, f"holds a list stored as {entry['dtype']} of shape {entry['shape']}")
    return np.fromfile(
        path,
        np.dtype(_EXTRA[entry["dtype"]]),
        entry["shape"][0],
        offset=start + entry["data_offsets"][0],
    )
