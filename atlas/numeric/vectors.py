"""Vectors at length 1."""

from __future__ import annotations

import mmap
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Real = TypeVar("Real", np.float32, np.float64)

VERSION = 1  # raised when a result changes; the stages that use it follow

_PART = 1024  # rows taken to float64 at a time


class NotFiniteError(ValueError):
    """A row holds a value that is not finite; `row` is the first such row."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row} holds a value that is not finite")
        self.row = row


def directed(
    values: npt.NDArray[Real], rows: npt.NDArray[np.integer] | None = None
) -> npt.NDArray[np.bool_]:
    """Whether each row of (n, d), or of those given (m,), has a direction: a row of zeros has none,
    and no neighbors."""
    count = len(values) if rows is None else len(rows)
    result = np.empty(count, np.bool_)
    for begin in range(0, count, _PART):
        at = slice(begin, begin + _PART)
        result[at] = values[at if rows is None else rows[at]].any(axis=1)
    return result


def lengths(
    values: npt.NDArray[Real], rows: npt.NDArray[np.integer] | None = None
) -> npt.NDArray[np.float64]:
    """The lengths of the rows of (n, d), or of those given (m,), taken in float64 in blocks."""
    count = len(values) if rows is None else len(rows)
    result = np.empty(count)
    for begin in range(0, count, _PART):
        at = slice(begin, begin + _PART)
        part = values[at if rows is None else rows[at]].astype(np.float64)
        result[at] = np.sqrt(np.einsum("nd,nd->n", part, part))
    return result


def finite(values: npt.NDArray[Real]) -> npt.NDArray[np.bool_]:
    """Whether each row of (n, d) holds no NaN or infinity, and so has a length, as
    `unit` asks."""
    return np.isfinite(lengths(values))


def unit(
    values: npt.NDArray[Real], rows: npt.NDArray[np.integer] | None = None
) -> npt.NDArray[Real]:
    """The rows of (n, d), or those given (m,), at length 1, in the precision given; a row of zeros
    stays zero, so that its cosine with every row is 0.

    Lengths are taken in float64: neither 1e-30 nor 1e30 squared fits in float32. Rows are read in
    blocks, and pages of a file let go, so that no second copy is held. Raises NotFiniteError for a
    row with NaN or infinity, by its place among those given.
    """
    count = len(values) if rows is None else len(rows)
    result = np.empty((count, *values.shape[1:]), values.dtype)
    for begin in range(0, count, _PART):
        at = slice(begin, begin + _PART)
        part = values[at if rows is None else rows[at]].astype(np.float64)
        lengths = np.sqrt(np.einsum("nd,nd->n", part, part))
        if not np.isfinite(lengths).all():
            raise NotFiniteError(begin + int(np.flatnonzero(~np.isfinite(lengths))[0]))
        result[at] = part / np.where(lengths > 0, lengths, 1)[:, None]
        forget(values)
    return result


def forget(values: npt.NDArray[Real]) -> None:
    """Lets go of the pages of a memory map that were read; they are read again when asked for."""
    base: object = values
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
