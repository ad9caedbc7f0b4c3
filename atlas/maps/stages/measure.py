"""Faithfulness: how many true neighbors a layout keeps, and how far the false and the missing ones
are.

Overlap at k is the share of a point's k nearest neighbors in the original space that are also among
its k nearest on the layout (Lee & Verleysen 2009). Trustworthiness and continuity are told in
numeric/plane.
"""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import Work, helper, stage
from atlas.maps.records import Faithfulness, Layout, Neighbors
from atlas.numeric import plane
from atlas.numeric.types import Facts, Floats
from atlas.numeric.vectors import directed
from atlas.spaces.records import Selection, Vectors

NEAREST = helper("nearest", version=plane.VERSION)


@stage("measure", version=4, weight=2, uses=(NEAREST,))
def measure(
    vectors: Vectors,
    selection: Selection,
    neighbors: Neighbors,
    layout: Layout,
    *,
    k: int = 15,
    sampled: int = 2000,
    seed: int = 0,
    work: Work = Work(),
) -> Faithfulness:
    """Overlap of every point; trustworthiness and continuity over a random sample of `sampled`
    points against all points. A point whose vector is zero has no neighbors: its overlap is 0, and
    no figure counts it.

    k is at most the number of neighbors given, and below n / 2, from where on the last two leave
    0..1; with fewer than 4 points every figure is 1.
    """
    n = len(layout.xy)
    k = min(k, neighbors.rows.shape[1], max((n - 1) // 2, 0))
    if n < 4 or k < 1:
        whole = np.ones(n, np.float32)
        return Faithfulness(whole, _figures(whole, 1.0, 1.0, max(k, 0), n))
    there = np.flatnonzero(directed(vectors.values[selection.ids]))
    if not len(there):
        none = np.zeros(n, np.float32)
        return Faithfulness(none, _figures(none, 0.0, 0.0, k, 0))
    true = np.asarray(neighbors.rows[:, :k])
    near = plane.nearest(layout.xy, k, work.threads)
    overlap = (plane.shared(true, near) / k).astype(np.float32)
    overlap[np.setdiff1d(np.arange(n), there)] = 0
    drawn = np.random.default_rng(seed).choice(len(there), min(sampled, len(there)), replace=False)
    sample = there[np.sort(drawn)]
    trust, continuity = plane.faithfulness(
        vectors.values[selection.ids], layout.xy, true, near, sample, work.progress
    )
    return Faithfulness(overlap, _figures(overlap[there], trust, continuity, k, len(sample)))


def _figures(overlap: Floats, trust: float, continuity: float, k: int, sampled: int) -> Facts:
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
