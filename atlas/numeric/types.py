"""Types of arrays, and of functions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


Doubles = npt.NDArray[np.float64]


Ints = npt.NDArray[np.int32]


Bytes = npt.NDArray[np.uint8]

Array = npt.NDArray[Any]

Progress = Callable[[float], None]  # takes how far a computation is, 0..1

Facts = dict[str, Any]  # JSON values that say how a result came about


class Near(NamedTuple):
    """The k nearest rows of each of n rows, nearest first, the row itself left out.

    rows           (n, k) int32
    similarities   (n, k) float32, cosine, falling along each row
    """

    rows: Ints
    similarities: Floats


def silent(fraction: float) -> None:
    """Takes note of no progress."""
