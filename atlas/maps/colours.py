"""Colours of a map's clusters: clusters that border on each other never share one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atlas.maps.data import Dataset
from atlas.maps.frame import layout
from atlas.numeric.types import Array, Doubles, Ints
from atlas.web.palette import PALETTE, differences

GRID = 96  # cells across a map, by which it is told what borders on what
# Steps of difference between colours, in OKLab; from the second on, colours are told apart well.
_STEP, _ENOUGH = 0.04, 2


def colours(data: Dataset, palette: int) -> dict[int, int]:
    """An index below `palette` for each coarse cluster by key.

    Clusters take turns by how many different colours border on them already (DSATUR, Brélaz 1979),
    then by how many clusters do, then by key. Each takes the colour that stands out most from its
    neighbors', to all eyes, and of those that stand out as much the one used least.
    """
    keys = data.column("cluster_coarse")
    count = sum(cluster.level == "coarse" for cluster in data.about.clusters)
    near = borders(layout(data, data.about.map.clustered_on), keys, count)
    apart = differences(PALETTE[:palette])
    chosen = np.full(count, -1, np.int64)
    used = np.zeros(palette, np.int64)
    for _ in range(count):
        around = [set(chosen[row].tolist()) - {-1} for row in near]
        turn = max(
            np.flatnonzero(chosen < 0).tolist(),
            key=lambda key: (len(around[key]), near[key].sum(), -key),
        )
        gaps = apart[:, sorted(around[turn])].min(axis=1, initial=np.inf)
        steps = np.minimum(np.floor(gaps / _STEP), _ENOUGH)
        chosen[turn] = int(np.lexsort((used, -steps))[0])
        used[chosen[turn]] += 1
    return dict(enumerate(chosen.tolist()))


def borders(xy: Array, keys: Ints, count: int) -> npt.NDArray[np.bool_]:
    """Which of `count` clusters (count, count) border on each other on a layout (n, 2), by their
    keys (n,), negative for none.

    Those do that have points in one cell of a grid over the layout, or in two side by side. Each
    cell belongs to the cluster with most points in it; clusters then grow into empty cells around
    them, a cell at a time, and border where they meet.
    """
    if not count:
        return np.zeros((0, 0), bool)
    sizes = _sizes(xy, keys, count)
    there = sizes > 0
    wider = np.zeros_like(there)
    for step in _STEPS:
        wider |= _moved(there, step, 0)
    # Bits, and not a product, for which BLAS would start its threads.
    held, wide = (np.packbits(cells.reshape(count, -1), axis=1) for cells in (there, wider))
    near = np.stack([(wide & own).any(axis=1) for own in held])
    owners = np.where(sizes.any(axis=0), sizes.argmax(axis=0), -1)
    for _ in range(GRID // 8):
        for step in _STEPS:
            owners = np.where(owners < 0, _moved(owners, step, -1), owners)
    for a, b in ((owners[1:], owners[:-1]), (owners[:, 1:], owners[:, :-1])):
        meet = (a >= 0) & (b >= 0)
        near[a[meet], b[meet]] = True
    near |= near.T
    np.fill_diagonal(near, False)
    return near


_STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1), (0, 0))


def _moved(cells: Array, step: tuple[int, int], fill: int) -> Array:
    """Cells (…, a, b) moved by a step, `fill` where none moved to."""
    moved = np.full_like(cells, fill)
    to = tuple(slice(max(by, 0), by if by < 0 else None) for by in step)
    of = tuple(slice(max(-by, 0), -by if by > 0 else None) for by in step)
    moved[(..., *to)] = cells[(..., *of)]
    return moved


def _sizes(xy: Array, keys: Ints, count: int) -> npt.NDArray[np.int32]:
    """How many points of each cluster are in each cell (count, GRID, GRID)."""
    places: Doubles = np.asarray(xy, np.float64) - xy.min(axis=0, initial=np.inf)
    places *= (GRID - 1) / (float(places.max(initial=0.0)) or 1.0)
    across, up = np.round(places).astype(np.int64).T
    inside = (keys >= 0) & (keys < count)
    sizes = np.zeros((count, GRID, GRID), np.int32)
    np.add.at(sizes, (keys[inside], across[inside], up[inside]), 1)
    return sizes
