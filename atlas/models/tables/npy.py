"""An array of NumPy, a row a word, with a list of words beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from atlas.errors import ModelError
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

TITLE = "an array of NumPy with a list of words beside it"
READERS: tuple[str, ...] = ()

_ROWS = 4096  # of a block


def files(path: Path) -> tuple[Path, ...]:
    """The array and the list of its words. Raises ModelError without a list."""
    found = labels.beside(path)
    if found is None:
        stem = path.stem
        hint = f"Write the words beside it, one a line, as {stem}.txt or words.txt."
        if ".vectors" in path.suffixes or stem.endswith(".vectors"):
            hint = (
                "gensim keeps the words in its pickle, which is never read. "
                f"{hint} Or save the vectors by `save_word2vec_format`."
            )
        raise fault(path, "has no list of words beside it", hint)
    return path, found


def looks(path: Path) -> bool:
    """Whether a file is a table of numbers in this format."""
    try:
        found = labels.mapped(path)
    except ModelError:
        return False
    return found.ndim == 2 and found.dtype.kind in "fiu"


def tokens(path: Path) -> Tokens:
    """Its words, the first of those that are there twice. Raises ModelError."""
    return gather_words(path, _blocks(path, False))


def table(path: Path, progress: Progress) -> Table:
    """Its vectors. Raises ModelError."""
    rows = len(_opened(path))
    return gather_values(path, _blocks(path, True), rows, progress, "row")


def _blocks(path: Path, wanted: bool) -> Iterator[Block]:
    found = _opened(path)
    words = labels.matching(files(path)[1], len(found), path)
    for first in range(0, len(words), _ROWS):
        count = min(_ROWS, len(words) - first)
        with np.errstate(over="ignore"):
            values = np.asarray(_part(path, found, first, count), np.float32) if wanted else None
        yield Block(words[first : first + count], values, first + 1)


def _part(path: Path, found: labels.Array, first: int, count: int) -> np.ndarray[Any, Any]:
    """Some rows. Read and not mapped, so that what was read does not stay in memory."""
    width = found.shape[1]
    if not found.flags.c_contiguous:
        return found[first : first + count]
    start = found.offset + first * width * found.itemsize
    return np.fromfile(path, found.dtype, count * width, offset=start).reshape(count, width)


def _opened(path: Path) -> labels.Array:
    found = labels.mapped(path)
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        what = f"{found.dtype}, {found.ndim} dimensions"
        raise fault(path, f"is no table of numbers ({what})", "It must be (words, numbers).")
    if not found.size:
        raise fault(path, "is empty")
    return found
