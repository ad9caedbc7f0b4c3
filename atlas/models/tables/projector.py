"""The files of a TensorBoard projector: tensors.tsv, a vector a line, or tensors.bytes, float32 of
the shape in projector_config.json, and metadata.tsv with its words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from atlas.models.tables import labels
from atlas.models.tables.table import (
    Block,
    Progress,
    Table,
    Tokens,
    fault,
    gather_values,
    gather_words,
)
from atlas.models.tables.text import lines, most_lines, parsed, strictly

TITLE = "the files of a TensorBoard projector"
READERS: tuple[str, ...] = ()

NAMES = ("tensors.tsv", "tensors.bytes", "vectors.tsv", "vecs.tsv", "tensor.tsv")
CONFIG = "projector_config.json"
_METADATA = ("metadata.tsv", "meta.tsv", "labels.tsv")
_ROWS = 1024  # of a block


def files(path: Path) -> tuple[Path, ...]:
    """The vectors and their words. Raises ModelError when there are none beside them."""
    for name in _METADATA:
        if path.with_name(name).is_file():
            return path, path.with_name(name)
    raise fault(path, "has no metadata.tsv beside it", "The words stand there, one a line.")


def tokens(path: Path) -> Tokens:
    """Its words, the first of those that are there twice. Raises ModelError."""
    rows = _shape(path)[0] if _binary(path) else sum(1 for _ in lines(path))
    words = labels.matching(files(path)[1], rows, path)
    return gather_words(path, iter([Block(words, None, 1)]))


def table(path: Path, progress: Progress) -> Table:
    """Its vectors. Raises ModelError."""
    if _binary(path):
        return gather_values(path, _packed(path), _shape(path)[0], progress, "row")
    first = next(lines(path), None)
    if first is None:
        raise fault(path, "is empty")
    width = len(first[1].split())
    return gather_values(path, _blocks(path, width), most_lines(path, width), progress)


def _blocks(path: Path, width: int) -> Iterator[Block]:
    rows = lines(path)
    words = labels.matching(files(path)[1], sum(1 for _ in lines(path)), path)
    done = 0
    with strictly(), np.errstate(over="ignore"):
        while batch := list(islice(rows, _ROWS)):
            values = np.stack([parsed(line, width, path, number) for number, line in batch])
            yield Block(words[done : done + len(batch)], values, batch[0][0])
            done += len(batch)


def _binary(path: Path) -> bool:
    return path.suffix == ".bytes"


def _shape(path: Path) -> tuple[int, int]:
    """The rows and the width of a binary file. Raises ModelError where they are not told."""
    try:
        told = json.loads(path.with_name(CONFIG).read_bytes())["embeddings"]
        (shape,) = [one["tensorShape"] for one in told if one["tensorPath"] == path.name]
        rows, width = (int(one) for one in shape)
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise fault(
            path, f"has no shape in {CONFIG}", "It names tensorPath and tensorShape."
        ) from problem
    if rows < 1 or width < 1 or path.stat().st_size != rows * width * 4:
        raise fault(path, f"is not of {rows} × {width} float32 numbers, as {CONFIG} says")
    return rows, width


def _packed(path: Path) -> Iterator[Block]:
    rows, width = _shape(path)
    words = labels.matching(files(path)[1], rows, path)
    for first in range(0, rows, _ROWS):
        count = min(_ROWS, rows - first)
        values = np.fromfile(path, "<f4", count * width, offset=first * width * 4)
        yield Block(words[first : first + count], values.reshape(count, width), first + 1)
