"""Faithfulness: how many true neighbors a layout keeps, and how far the false and the missing ones
are.

Overlap at k is the share of a point's k nearest neighbors in the original space that are also among
its k nearest on the layout (Lee & Verleysen 2009). Trustworthiness and continuity are those of
Venna & Kaski 2001, the ranks in the original space being by cosine; trustworthiness is the one of
`sklearn.manifold.trustworthiness`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.maps.records import Faithfulness, Layout, Neighbors
from atlas.numeric.types import Floats, Ints
from atlas.spaces.records import Selection, Vectors

VERSION = 2

_BLOCK = 128  # points at a time
_ROOM = 2**24  # distances held at a time, at most: 128 MB in float64


def measure(
    vectors: Vectors,
    selection: Selection,
    neighbors: Neighbors,
    layout: Layout,
    *,
    k: int = 15,
    sampled: int = 2000,
    seed: int = 0,
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Faithfulness:
    """Overlap of every point; trustworthiness and continuity over a random sample of `sampled`
    points against all points.

    k is at most the number of neighbors given, and below n / 2, from where on the last two leave
    0..1; with fewer than 4 points every figure is 1.
    """
    n = len(layout.xy)
    k = min(k, neighbors.rows.shape[1], max((n - 1) // 2, 0))
    if n < 4 or k < 1:
        whole = np.ones(n, np.float32)
        return Faithfulness(whole, _figures(whole, 1.0, 1.0, max(k, 0), n))
    true = np.asarray(neighbors.rows[:, :k])
    near = nearest(layout.xy, k, threads)
    kept = _shared(true, near)
    overlap = (kept / k).astype(np.float32)
    sample = np.sort(np.random.default_rng(seed).choice(n, min(sampled, n), replace=False))
    trust, continuity = _rank_penalties(
        vectors, selection, layout.xy, true, near, sample, k, progress
    )
    return Faithfulness(overlap, _figures(overlap, trust, continuity, k, len(sample)))


def _figures(
    overlap: Floats, trust: float, continuity: float, k: int, sampled: int
) -> dict[str, Any]:
    mean = float(overlap.mean(dtype=np.float64)) if len(overlap) else 1.0
    quantiles = np.quantile(overlap, [0.1, 0.5, 0.9]).tolist() if len(overlap) else [1.0, 1.0, 1.0]
    return {
        "overlap": round(mean, 6),
        "trustworthiness": round(trust, 6),
        "continuity": round(continuity, 6),
        "k": k,
        "sampled": sampled,
        "quantiles": [round(value, 6) for value in quantiles],
    }


def nearest(xy: Floats, k: int, threads: int = 1) -> Ints:
    """The k nearest points on the plane, the point itself left out; equal distances by row."""
    from scipy.spatial import cKDTree

    points = np.asarray(xy, np.float64)
    n = len(points)
    want = min(k + 4, n)
    _, found = cKDTree(points).query(points, k=want, workers=threads)
    found = np.asarray(found).reshape(n, want)
    # Distances are taken again, so that ties (duplicates) fall by row and not by the tree's order.
    gap = ((points[found] - points[:, None]) ** 2).sum(2)
    gap[found == np.arange(n)[:, None]] = np.inf
    order = np.lexsort((found, gap), axis=1)[:, :k]
    near = np.take_along_axis(found, order, axis=1).astype(np.int32)
    if want == n:
        return near
    # More equals than candidates: the tree may have left out one of a lower row, so these points
    # look at all the others.
    last = np.where(np.isinf(gap), -np.inf, gap).max(axis=1)
    doubtful = np.flatnonzero(
        np.take_along_axis(gap, order[:, -1:], axis=1)[:, 0] >= last * (1 - 1e-12)
    )
    for rows in np.array_split(doubtful, max(len(doubtful) // _block(n), 1)):
        apart = ((points[rows, None] - points[None]) ** 2).sum(2)
        apart[np.arange(len(rows)), rows] = np.inf
        near[rows] = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return near


def _block(n: int) -> int:
    return max(min(_BLOCK, _ROOM // n), 1)


def _shared(one: Ints, other: Ints) -> npt.NDArray[np.int64]:
    """How many entries of each row of `one` are in the same row of `other`; entries of a row are
    distinct."""
    both = np.sort(np.concatenate([one, other], axis=1), axis=1)
    return np.asarray(np.count_nonzero(both[:, 1:] == both[:, :-1], axis=1), np.int64)


def _rank_penalties(
    vectors: Vectors,
    selection: Selection,
    xy: Floats,
    true: Ints,
    near: Ints,
    sample: npt.NDArray[np.int64],
    k: int,
    progress: Callable[[float], None],
) -> tuple[float, float]:
    """Trustworthiness and continuity of the sampled points. Equal distances rank by row, as a
    stable sort would."""
    n = len(xy)
    values = np.asarray(vectors.values[selection.ids], np.float32)
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    x, y = np.ascontiguousarray(xy.T, np.float64)
    false_far = missing_far = 0
    for start in range(0, len(sample), _block(n)):
        rows = sample[start : start + _block(n)]
        similar = unit[rows] @ unit.T
        both = near[rows][:, :, None] == true[rows][:, None, :]
        false, missing = ~both.any(2), ~both.any(1)
        for i, row in enumerate(rows):  # one at a time, which caches hold
            similar[i, row] = np.inf
            false_far += _excess(-similar[i], near[row, false[i]], k)
            apart = (x - x[row]) ** 2 + (y - y[row]) ** 2
            apart[row] = -np.inf
            missing_far += _excess(apart, true[row, missing[i]], k)
        progress((start + len(rows)) / len(sample))
    worst = len(sample) * k * (2 * n - 3 * k - 1) / 2
    return 1 - false_far / worst, 1 - missing_far / worst


def _excess(apart: npt.NDArray[Any], wrong: Ints, k: int) -> int:
    """Sum of (rank - k) over the wrong neighbors, ranks by `apart`, in which the point itself is
    first."""
    # Counting is cheaper than sorting the row for 15 ranks, and far cheaper without an axis.
    return sum(max(int(np.count_nonzero(apart < gap)) - k, 0) for gap in apart[wrong])
