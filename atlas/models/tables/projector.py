"""The files of a TensorBoard projector: tensors.tsv, a vector a line, and metadata.tsv with its
words."""

from __future__ import annotations

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

NAMES = ("tensors.tsv", "vectors.tsv", "vecs.tsv", "tensor.tsv")
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
    rows = sum(1 for _ in lines(path))
    words = labels.matching(files(path)[1], rows, path)
    return gather_words(path, iter([Block(words, None, 1)]))


def table(path: Path, progress: Progress) -> Table:
    """Its vectors. Raises ModelError."""
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
