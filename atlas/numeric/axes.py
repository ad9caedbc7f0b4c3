"""Layouts whose axes mean something, drawn in along them so that they fill a frame: the order along
an axis stays as it is, and steps along it become shorter the farther they are from the middle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from atlas.numeric.cartogram import box, crowding, fitted, foremost, overlapping, stretched
from atlas.numeric.types import Doubles, Facts, Floats, Ints

VERSION = 2  # raised when a result changes; the stages that use it follow


class _Way(NamedTuple):
    """How far a layout is drawn in, from how many median distances along an axis on (inverse
    hyperbolic sine); and how much longer the axis that the frame has room for may become."""

    scale: float
    stretch: float


# The boldest first.
_WAYS = (_Way(2, 1.7), _Way(2, 1.2), _Way(3, 1.2), _Way(2, 1), _Way(np.inf, 1.2), _Way(np.inf, 1))


def filled(xy: Floats, aspect: float, rows: Ints, threads: int = 1) -> tuple[Doubles, Facts]:
    """A layout (n, 2) drawn in along both axes, in units of the width of a frame of an aspect
    (height over width) from its lower left corner, and what is told of it: as `cartogram.filled`
    does, by the true neighbors `rows` (n, k), of which it keeps no fewer than the layout did."""
    frame = box(aspect)
    least = overlapping(xy, rows, threads)
    ways = (stretched(fitted(_drawn(xy, scale), frame), frame, most) for scale, most in _WAYS)
    best, _ = foremost(ways, least, rows, threads)
    facts = {"filled": round(crowding(best, *frame), 4), "overlap_as_drawn": round(least, 6)}
    return best / frame.wide, facts


def _drawn(xy: Floats, scale: float) -> Doubles:
    places = np.asarray(xy, np.float64)
    away = places - np.median(places, axis=0)
    unit = scale * float(np.median(np.abs(away), axis=0).mean())
    return np.asarray(np.arcsinh(away / unit) if 0 < unit < np.inf else away)
