"""Clusters at two levels, by HDBSCAN (Campello, Moulavi & Sander 2013) on the map's main
projection.

Both levels cut the same density hierarchy into its most persistent branches ("excess of mass"),
`coarse` into larger ones than `fine`, so a fine cluster lies within one coarse cluster or outside
all of them. What belongs to none is noise, and is said to be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import Work, helper, stage
from atlas.maps.records import Clusters, Layout
from atlas.numeric import vectors as kernel
from atlas.numeric.density import NOISE, graph, members, numbered
from atlas.numeric.types import Floats, Ints
from atlas.spaces.records import KINDS, Selection, Vectors, Vocabulary

UNIT = helper("unit", version=kernel.VERSION)

CENTRAL = 24  # central tokens kept for each cluster
_LEAST = 30  # fewer points than this make no clusters
_NAMED = 3  # the first few central tokens, which make the name
# HDBSCAN's min_samples, the point itself not counted: more of them only made more noise on real
# vocabularies.
_SAMPLES = 2


@stage("cluster", version=3, weight=3, uses=(UNIT,))
def cluster(
    vectors: Vectors,
    selection: Selection,
    layout: Layout,
    vocabulary: Vocabulary,
    *,
    coarse: int | None = None,
    fine: int | None = None,
    work: Work = Work(),
) -> Clusters:
    """Coarse and fine clusters of a layout, numbered from the largest, equal sizes by their first
    row.

    `coarse` and `fine` are the smallest sizes; left out, they are n/300 (at least 15) and n/1200
    (at least 5). The largest are a tenth and a fortieth of the map (or 500 and 125 tokens, on small
    maps): a vocabulary's centre would else be one cluster. A cluster's central tokens are those of
    highest cosine to its centroid in the original space; the first three, which make its name, are
    of one kind: words, where a third of the central tokens are, and else the kind that most of them
    are. Nothing here is random, so there is no seed. Maps of fewer than 30 tokens have no clusters.
    """
    n = len(layout.xy)
    coarse = coarse or max(15, round(n / 300))
    fine = min(fine or max(5, round(n / 1200)), coarse)
    smallest = {"coarse": coarse, "fine": fine}
    largest = {"coarse": max(n // 10, 500, 2 * coarse), "fine": max(n // 40, 125, 2 * fine)}
    parameters = {
        "method": "HDBSCAN",
        "min_samples": _SAMPLES,
        "smallest": smallest,
        "largest": largest,
    }
    labels = {level: np.full(n, NOISE, np.int32) for level in smallest}
    if n >= _LEAST:
        labels = _labels(layout.xy, smallest, largest, work)
        work.progress(0.6)
    values = vectors.values[selection.ids]
    kinds = _kinds(selection, vocabulary)
    entries: list[dict[str, Any]] = []
    for level in labels:
        entries += _entries(level, labels, values, kinds)
        work.progress(0.8 if level == "coarse" else 1.0)
    return Clusters(labels["coarse"], labels["fine"], tuple(entries), parameters)


def _labels(
    xy: Floats, smallest: dict[str, int], largest: dict[str, int], work: Work
) -> dict[str, Ints]:
    """The cluster (n,) of each point (n, 2) by level, NOISE for none."""
    from sklearn.cluster import HDBSCAN

    distances = graph(np.asarray(xy, np.float64), work.threads)
    work.progress(0.3)
    labels = {}
    for level, size in smallest.items():
        model = HDBSCAN(
            min_cluster_size=size,
            min_samples=_SAMPLES,
            max_cluster_size=largest[level],
            metric="precomputed",
            copy=True,
        )
        labels[level] = numbered(model.fit_predict(distances))
    return labels


def _kinds(selection: Selection, vocabulary: Vocabulary) -> npt.NDArray[np.int8]:
    """The position in KINDS of each selected token, (n,)."""
    kinds = [KINDS.index(vocabulary.kinds[token]) for token in selection.ids.tolist()]
    return np.array(kinds, np.int8)


def _entries(
    level: str, labels: dict[str, Ints], values: Floats, kinds: npt.NDArray[np.int8]
) -> list[dict[str, Any]]:
    """The entries of Clusters of one level, from the vectors (n, d) and kinds (n,) of all
    tokens."""
    entries = []
    for key, rows in enumerate(members(labels[level])):
        central, cohesion = _central(values[rows], rows, kinds)
        entries.append(
            {
                "level": level,
                "key": key,
                "size": len(rows),
                "central": central,
                "parent": _parent(labels["coarse"][rows]) if level == "fine" else None,
                "cohesion": cohesion,
            }
        )
    return entries


def _central(
    values: Floats, rows: npt.NDArray[np.intp], kinds: npt.NDArray[np.int8]
) -> tuple[tuple[int, ...], float]:
    """The rows of a cluster's central tokens, and the mean cosine of all its tokens to their
    centroid, from the vectors (m, d) at its rows (m,) and the kinds (n,) of all tokens."""
    directions = kernel.unit(values)
    centre = kernel.unit(directions.mean(axis=0, dtype=np.float64)[None])[0]
    # Not a matrix product: that would round differently by the number of threads.
    nearness = np.einsum("ij,j->i", directions, centre)
    order = rows[np.lexsort((rows, -nearness))]
    counts = np.bincount(kinds[order[:CENTRAL]], minlength=len(KINDS))
    kind = 0 if 3 * counts[0] >= counts.sum() else int(counts.argmax())
    first = order[kinds[order] == kind][:_NAMED]
    central = np.concatenate([first, order[~np.isin(order, first)]])[:CENTRAL]
    return tuple(central.tolist()), round(float(nearness.mean()), 6)


def _parent(coarse: Ints) -> int | None:
    """The coarse cluster that most of a fine cluster's tokens are in."""
    keys, counts = np.unique(coarse, return_counts=True)
    best = int(counts.argmax())
    return int(keys[best]) if keys[best] != NOISE and 2 * counts[best] > len(coarse) else None
