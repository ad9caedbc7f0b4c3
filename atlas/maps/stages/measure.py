"""Faithfulness: how many true neighbors a layout keeps, and how far the false and the missing ones
are.

Overlap at k is the share of a point's k nearest neighbors in the original space that are also among
its k nearest on the layout (Lee & Verleysen 2009). Trustworthiness and continuity are told in
numeric/plane.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import Work, helper, stage
from atlas.maps.records import Faithfulness, Layout, Neighbors
from atlas.numeric import plane
from atlas.numeric.types import Facts, Floats
from atlas.numeric.vectors import directed
from atlas.spaces.records import Selection, Vectors

_MOST, _PAIRED = 2000, 50_000  # points sampled, from up to how many

NEAREST = helper("nearest", version=plane.VERSION)


@stage("measure", version=7, weight=4, uses=(NEAREST,), parallel=True)
def measure(
    vectors: Vectors,
    selection: Selection,
    neighbors: Neighbors,
    *layouts: Layout,
    k: int = 15,
    sampled: int | None = None,
    seed: int = 0,
    work: Work = Work(),
) -> Faithfulness:
    """Overlap of every point on each layout; trustworthiness and continuity over a random sample of
    `sampled` points against all points, with their standard errors: 2,000 where there are up to
    50,000, and then so many fewer that there are not more pairs, but 250. A point whose vector is
    zero has no neighbors: its overlap is 0, and no figure counts it.

    k is at most the number of neighbors given, and below n / 2, from where on the last two leave
    0..1; with fewer than 4 points every figure is 1.
    """
    n = len(neighbors.rows)
    k = min(k, neighbors.rows.shape[1], max((n - 1) // 2, 0))
    if n < 4 or k < 1:
        whole = np.ones((len(layouts), n), np.float32)
        return _told(whole, [plane.Faith(1, 1, 0, 0)] * len(layouts), max(k, 0), n)
    ids = np.asarray(selection.ids)
    there = np.flatnonzero(directed(vectors.values, ids))
    overlaps = np.zeros((len(layouts), n), np.float32)
    if not len(there):
        return _told(overlaps, [plane.Faith(0, 0, 0, 0)] * len(layouts), k, 0)
    true = np.asarray(neighbors.rows[:, :k])
    drawn = [plane.Drawn(one.xy, plane.nearest(one.xy, k, work.threads)) for one in layouts]
    for overlap, one in zip(overlaps, drawn, strict=True):
        overlap[there] = (plane.shared(true, one.near) / k)[there]
    count = min(sampled or _sampled(n), len(there))
    chosen = np.random.default_rng(seed).choice(len(there), count, replace=False)
    sample = there[np.sort(chosen)]
    faiths = plane.faithfulness(
        vectors.values, drawn, true, sample, work.progress, ids, work.threads
    )
    return _told(overlaps, faiths, k, len(sample), there)


def _told(
    overlaps: Floats,
    faiths: Sequence[plane.Faith],
    k: int,
    sampled: int,
    counted: npt.NDArray[np.int64] | None = None,
) -> Faithfulness:
    """The record, of whose points (n,) the figures count all or those."""
    pairs = zip(overlaps, faiths, strict=True)
    return Faithfulness(
        overlaps,
        tuple(
            _figures(overlap if counted is None else overlap[counted], faith, k, sampled)
            for overlap, faith in pairs
        ),
    )


def _sampled(n: int) -> int:
    return max(_MOST * _PAIRED // max(n, _PAIRED), 250)


def _figures(overlap: Floats, faith: plane.Faith, k: int, sampled: int) -> Facts:
    mean = float(overlap.mean(dtype=np.float64)) if len(overlap) else 1.0
    quantiles = np.quantile(overlap, [0.1, 0.5, 0.9]).tolist() if len(overlap) else [1.0, 1.0, 1.0]
    return {
        "overlap": round(mean, 6),
        **{name: round(float(value), 6) for name, value in faith._asdict().items()},
        "k": k,
        "sampled": sampled,
        "quantiles": [round(value, 6) for value in quantiles],
    }
