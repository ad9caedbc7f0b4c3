"""Points of a plane that lie among their own."""

from __future__ import annotations

import numpy as np

from atlas.numeric.types import Array

_IN_A_CELL = 6  # points in a cell where points are as dense as on average
_FEWEST = 4  # of the same key around a point, itself among them


def gathered(places: Array, keys: Array, share: float = 0.5) -> Array:
    """Whether each point lies among its own (n,): at least `share` of the points with a key in its
    cell of a grid and in the eight cells around have its key, and they are four or more.

    places  (n, 2)
    keys    (n,) from 0; points with a negative one have none and lie among nobody
    """
    told = np.flatnonzero(keys >= 0)
    among = np.zeros(len(keys), bool)
    if not len(told):
        return among
    cells = _cells(places[told])
    own = keys[told].astype(np.int64)
    columns = int(cells[:, 1].max()) + 3  # a free column at either edge
    cell = (cells[:, 0] + 1) * columns + cells[:, 1] + 1
    every, counts = np.unique(cell, return_counts=True)
    most = int(own.max()) + 1
    pairs, shared = np.unique(cell * most + own, return_counts=True)
    around = np.zeros(len(told), np.int64)
    same = np.zeros(len(told), np.int64)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            there = cell + down * columns + right
            around += _looked_up(every, counts, there)
            same += _looked_up(pairs, shared, there * most + own)
    among[told] = (same >= share * around) & (same >= _FEWEST)
    return among


def _cells(places: Array) -> Array:
    """The row and the column (n, 2) from 0 of each point's cell. The middle nine tenths of the
    points along either axis decide the size of cells, which outliers would widen."""
    low, high = np.quantile(places, (0.05, 0.95), axis=0)
    side = float(np.sqrt(np.prod(high - low) * _IN_A_CELL / len(places)))
    if side == 0:
        return np.zeros(places.shape, np.int64)
    start = places.min(axis=0)
    # Farther out than this many cells, outliers share the last one.
    cells: Array = np.minimum((places - start) / side, 1 << 20).astype(np.int64)
    return cells


def _looked_up(names: Array, counts: Array, wanted: Array) -> Array:
    """The counts (n,) of the wanted names; 0 for one that is not among the ascending `names`."""
    at = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    found: Array = np.where(names[at] == wanted, counts[at], 0)
    return found
