"""Points on a plane: which are nearest, and how far the wrong and the missing neighbors are.

Trustworthiness and continuity are those of Venna & Kaski 2001, the ranks in the original space
being by cosine; trustworthiness is the one of `sklearn.manifold.trustworthiness`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atlas.numeric.threads import one_blas_thread
from atlas.numeric.types import Array, Doubles, Floats, Ints, Progress, silent
from atlas.numeric.vectors import unit

VERSION = 1  # raised when a result changes; the stages that use it follow

_BLOCK = 128  # points at a time
_SPARES = 4, 60  # candidates beyond the k nearest; of points that have more at one distance
_ROOM = 2**24  # similarities held by a thread, at most: 64 MB
_ALIKE = np.float32(2**-21)  # by which products of equal vectors may differ in float32


def nearest(xy: Floats, k: int, threads: int = 1) -> Ints:
    """The k nearest of the points (n, 2), k < n, as rows (n, k) int32, nearest first, the point
    itself left out; equal distances by row."""
    from scipy.spatial import cKDTree

    points = np.asarray(xy, np.float64)
    n = len(points)
    tree = cKDTree(points)
    near = np.empty((n, k), np.int32)
    doubtful = np.arange(n)
    for spare in _SPARES:
        if not len(doubtful):
            break
        want = min(k + spare, n)
        _, found = tree.query(points[doubtful], k=want, workers=threads)
        candidates = np.asarray(found).reshape(-1, want)
        # Distances are taken again, so that ties (duplicates) fall by row, not by the tree's order.
        gap = ((points[candidates] - points[doubtful, None]) ** 2).sum(2)
        gap[candidates == doubtful[:, None]] = np.inf
        order = np.lexsort((candidates, gap), axis=1)[:, :k]
        near[doubtful] = np.take_along_axis(candidates, order, axis=1)
        if want == n:
            return near
        # More equals than candidates: the tree may have left out one of a lower row.
        last = np.where(np.isinf(gap), -np.inf, gap).max(axis=1)
        kth = np.take_along_axis(gap, order[:, -1:], axis=1)[:, 0]
        doubtful = doubtful[kth >= last * (1 - 1e-12)]
    if len(doubtful):
        _among_all(points, k, doubtful, near)
    return near


def _among_all(points: Doubles, k: int, doubtful: npt.NDArray[np.intp], near: Ints) -> None:
    """Fill in the rows `doubtful` of near (n, k) by distances to all points; those that share a
    place have the same nearest, but for themselves, and are looked up once."""
    x, y = np.ascontiguousarray(points.T)
    _, first, numbers = np.unique(points[doubtful], axis=0, return_index=True, return_inverse=True)
    members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
    for at, shares in zip(doubtful[first], members, strict=True):
        apart = (x - x[at]) ** 2 + (y - y[at]) ** 2
        rows = np.flatnonzero(apart <= np.partition(apart, k)[k])
        best = rows[np.argsort(apart[rows], kind="stable")[: k + 1]]
        own = doubtful[shares][:, None] == best
        own[~own.any(1), k] = True  # of a point that is not among them, one is too many
        near[doubtful[shares]] = np.broadcast_to(best, own.shape)[~own].reshape(-1, k)


def shared(first: Ints, second: Ints) -> npt.NDArray[np.int64]:
    """How many entries of each row of `first` (n, k) are in the same row of `second` (n, k), (n,)
    in 0..k; the entries of a row are distinct."""
    both = np.sort(np.concatenate([first, second], axis=1), axis=1)
    return np.asarray(np.count_nonzero(both[:, 1:] == both[:, :-1], axis=1), np.int64)


class Faith(NamedTuple):
    """Trustworthiness and continuity, each 0..1, and their standard errors where they are of a
    sample; 0 where it is all points."""

    trustworthiness: float
    continuity: float
    trustworthiness_error: float
    continuity_error: float


class Drawn(NamedTuple):
    """The places xy (n, 2) of points on a plane, and the k rows nearest to each there (n, k)."""

    xy: Floats
    near: Ints


def faithfulness(
    values: Floats,
    layouts: Sequence[Drawn],
    true: Ints,
    sample: npt.NDArray[np.int64],
    progress: Progress = silent,
    ids: Ints | None = None,
    threads: int = 1,
) -> list[Faith]:
    """Trustworthiness and continuity of each layout of n points for the vectors (n, d), or for
    those of the rows ids (n,), over the rows `sample` (s,).

    true (n, k) are the k nearest rows by cosine, k < n / 2. A point ranks behind those that are
    nearer, and not behind those that are as near. The same on any number of threads.
    """
    n, k = true.shape
    directions = unit(np.asarray(values, np.float32), ids)
    places = [np.ascontiguousarray(one.xy.T, np.float64) for one in layouts]
    far = np.zeros((len(layouts), 2, len(sample)))

    def measure(start: int) -> int:
        rows = sample[start : start + _block(n)]
        similar = directions[rows] @ directions.T
        both = [one.near[rows][:, :, None] == true[rows][:, None, :] for one in layouts]
        found = [(~one.any(2), ~one.any(1)) for one in both]
        for i, row in enumerate(rows):  # one at a time, which caches hold
            similar[i, row] = np.inf
            false = [
                similar[i, one.near[row, wrong[i]]]
                for one, (wrong, _) in zip(layouts, found, strict=True)
            ]
            similar[i].sort()
            for number, ((x, y), (_, missing)) in enumerate(zip(places, found, strict=True)):
                before = n - np.searchsorted(similar[i], false[number] + _ALIKE, "right")
                far[number, 0, start + i] = np.maximum(before - k, 0).sum()
                apart = _apart(x, y, int(row))
                far[number, 1, start + i] = _excess(apart, true[row, missing[i]], k)
        return start + len(rows)

    # Whole blocks to each thread: a product shared by several is rounded as they share it.
    with one_blas_thread(), ThreadPoolExecutor(max(threads, 1)) as pool:
        for done in pool.map(measure, range(0, len(sample), _block(n))):
            progress(done / len(sample))
    return [_faith(own, n, k) for own in far]


def _faith(far: Doubles, n: int, k: int) -> Faith:
    """The measures of a layout from by how much false and missing neighbors (2, s) of a sample are
    too far."""
    sampled = far.shape[1]
    worst = k * (2 * n - 3 * k - 1) / 2
    trust, continuity = (1 - far.sum(axis=1) / (sampled * worst)).tolist()
    # Drawn without putting back: nothing is left to chance where all points are.
    errors = far.std(axis=1) / worst * np.sqrt((1 - sampled / n) / sampled)
    return Faith(trust, continuity, *errors.tolist())


def _apart(x: Doubles, y: Doubles, row: int) -> Doubles:
    """Squared distances (n,) from one point, which is before all others."""
    apart = np.asarray((x - x[row]) ** 2 + (y - y[row]) ** 2)
    apart[row] = -np.inf
    return apart


def _excess(apart: Array, wrong: Ints, k: int) -> int:
    """Sum of (rank - k) over the wrong neighbors, ranks by `apart` (n,), in which the point itself
    is first."""
    # Counting is cheaper than sorting the row for 15 ranks, and far cheaper without an axis.
    return sum(max(int(np.count_nonzero(apart < gap)) - k, 0) for gap in apart[wrong])


def _block(n: int) -> int:
    return max(min(_BLOCK, _ROOM // n), 1)
