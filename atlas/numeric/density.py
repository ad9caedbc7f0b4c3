"""Clusters by density: the graph that the hierarchy is made from, and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from atlas.numeric.types import Array, Doubles, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NOISE = -1  # the label of points in no cluster

_NEAR = 15  # nearest points joined in the graph that the hierarchy is made from
# Of the map's width: float32 tells no smaller distances apart, and HDBSCAN divides by them.
_CLOSEST = 1e-7


def graph(xy: Doubles, threads: int) -> csr_array:
    """Distances (n, n) of points (n, 2), sparse and symmetric, along the edges from which HDBSCAN's
    spanning tree is made, in widths of the map.

    The edges join each point to its nearest and to its neighbors in the Delaunay triangulation. On
    every layout tried, the tree has the very weights of the one made from all pairs, which
    scikit-learn needs n² steps for: 2.6 s against 0.4 s for 30,522 points. A path through the
    points by x joins what neither does (repeated points, points on a line).
    """
    from scipy.sparse import coo_array
    from scipy.spatial import Delaunay, QhullError, cKDTree

    n = len(xy)
    k = min(_NEAR, n - 1)
    xy = (xy - xy.min(axis=0)) / (float(np.ptp(xy, axis=0).max()) or 1.0)
    # With the point itself, or one at the same place.
    near = cKDTree(xy).query(xy, k=k + 1, workers=threads)[1]
    path = np.lexsort((xy[:, 1], xy[:, 0]))
    starts, ends = [np.repeat(np.arange(n), k + 1), path[:-1]], [near.ravel(), path[1:]]
    try:
        offsets, neighbors = Delaunay(xy).vertex_neighbor_vertices
    except QhullError:  # all points on a line, or at one place
        offsets, neighbors = np.zeros(n + 1, np.intp), np.zeros(0, np.intp)
    starts.append(np.repeat(np.arange(n), np.diff(offsets)))
    ends.append(neighbors)
    a, b = np.concatenate(starts).astype(np.int64), np.concatenate(ends).astype(np.int64)
    a, b = np.minimum(a, b), np.maximum(a, b)
    # Counted, since NumPy then sorts them: its table of hashes takes twenty times as long.
    edges = np.unique((a * n + b)[a != b], return_counts=True)[0]
    a, b = edges // n, edges % n
    lengths = np.maximum(np.sqrt(((xy[a] - xy[b]) ** 2).sum(axis=1)), _CLOSEST)
    twice = coo_array(
        (np.tile(lengths, 2), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(n, n)
    )
    return twice.tocsr()


def numbered(labels: Array) -> Ints:
    """Labels (n,) numbered by falling size, then by first row, (n,) int32; what is below 0 is
    NOISE."""
    names, first, inverse, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    sizes[names < 0] = 0  # noise comes last, and loses its number
    numbers = np.empty(len(names), np.int32)
    numbers[np.lexsort((first, -sizes))] = np.arange(len(names))
    numbers[names < 0] = NOISE
    return numbers[inverse]


def adopted(labels: Ints, near: Ints, share: float, free: Array, rounds: int = 3) -> Ints:
    """The labels (n,) of points, where a point of NOISE takes the label that most of its neighbors
    (n, k) have, the lowest of equals, if more than this share of them have it and it is `free` (n,)
    to. Some rounds, since points that were taken in count in the next."""
    labels = labels.copy()
    for _ in range(rounds):
        rows = np.flatnonzero((labels == NOISE) & free)
        around = np.sort(labels[near[rows]], axis=1)
        best, most = np.full(len(rows), NOISE, np.int32), np.zeros(len(rows), np.int32)
        run = np.zeros(len(rows), np.int32)
        for column in range(around.shape[1]):
            same = (
                around[:, column] == around[:, column - 1] if column else np.zeros(len(rows), bool)
            )
            run = np.where(same, run + 1, 1)
            longer = (run > most) & (around[:, column] != NOISE)
            best[longer], most[longer] = around[longer, column], run[longer]
        taken = most > share * near.shape[1]
        if not taken.any():
            break
        labels[rows[taken]] = best[taken]
    return labels


def lonely(xy: Floats, near: Ints, times: float) -> Array:
    """Whether each of the points (n, 2) is farther from the last of its nearest (n, k) than so many
    times a quarter of these are, at most, from their own: an outlier (after Breunig et al. 2000).
    """
    reach = np.linalg.norm(xy[near[:, -1]].astype(np.float64) - xy, axis=1)
    return np.asarray(reach > times * np.quantile(reach[near], 0.25, axis=1))


def members(labels: Ints) -> list[npt.NDArray[np.intp]]:
    """The rows of each cluster, ascending, from the labels (n,)."""
    order = np.argsort(labels, kind="stable")
    return np.split(
        order, np.searchsorted(labels[order], np.arange(int(labels.max(initial=NOISE)) + 2))
    )[1:-1]
