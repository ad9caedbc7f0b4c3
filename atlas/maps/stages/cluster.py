"""Clusters at two levels, by HDBSCAN (Campello, Moulavi & Sander 2013) on the map's main
projection.

Both levels cut the same density hierarchy into its most persistent branches ("excess of mass"),
`coarse` into larger ones than `fine`. What belongs to none joins the coarse cluster that a part
of its neighbors are in, on the layout and in the space; where there is none, it is noise, and is
said to be.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import Work, helper, stage
from atlas.maps.names import cluster_names
from atlas.maps.records import Clusters, Layout, Neighbors
from atlas.maps.stages.measure import NEAREST
from atlas.maps.stages.naming import naming
from atlas.numeric import plane
from atlas.numeric import vectors as kernel
from atlas.numeric.density import NOISE, adopted, graph, lonely, members, numbered
from atlas.numeric.types import Floats, Ints
from atlas.spaces.records import KINDS, Selection, Vectors, Vocabulary

UNIT = helper("unit", version=kernel.VERSION)

CENTRAL = 24  # central tokens kept for each cluster
_LEAST = 30  # fewer points than this make no clusters
_NAMED = 3  # the first few central tokens, which make the name
# HDBSCAN's min_samples, the point itself not counted: more of them only made more noise on real
# vocabularies.
_SAMPLES = 2
# Neighbors on the layout, and as many in the space; the share of them in one cluster beyond which a
# token in none joins it, unless it is so many times farther off than they are from each other.
# benchmarks/names.py tells noise and purity.
_NEAR, _JOINED, _OFF = 15, 0.2, 4.0


@stage("cluster", version=10, weight=3, uses=(UNIT, NEAREST), parallel=True)
def cluster(
    vectors: Vectors,
    selection: Selection,
    layout: Layout,
    vocabulary: Vocabulary,
    neighbors: Neighbors,
    *,
    coarse: int | None = None,
    fine: int | None = None,
    work: Work = Work(),
) -> Clusters:
    """Coarse and fine clusters of a layout, numbered from the largest, equal sizes by their first
    row.

    `coarse` and `fine` are the smallest sizes; left out, they are n/300 (at least 15) and n/1200
    (at least 5). The largest are a twentieth and a fortieth of the map (or 500 and 125 tokens, on
    small maps), before others join: a vocabulary's centre would else be one cluster. The first
    three of a cluster's central tokens make its name (see `naming`), the others are those of
    highest cosine to its centroid in the original space. Nothing here is random, so there is no
    seed. Maps of fewer than 30 tokens have no clusters.
    """
    n = len(layout.xy)
    coarse = coarse or max(15, round(n / 300))
    fine = min(fine or max(5, round(n / 1200)), coarse)
    smallest = {"coarse": coarse, "fine": fine}
    largest = {"coarse": max(n // 20, 500, 2 * coarse), "fine": max(n // 40, 125, 2 * fine)}
    parameters = {
        "method": "HDBSCAN",
        "min_samples": _SAMPLES,
        "joined": _JOINED,
        "smallest": smallest,
        "largest": largest,
    }
    labels = {level: np.full(n, NOISE, np.int32) for level in smallest}
    if n >= _LEAST:
        labels = _labels(layout.xy, smallest, largest, neighbors.rows, work)
        work.progress(0.6)
    tokens = _tokens(vectors, selection, vocabulary)
    entries: list[dict[str, Any]] = []
    for level in labels:
        entries += _entries(level, labels, tokens)
        work.progress(0.8 if level == "coarse" else 1.0)
    return Clusters(labels["coarse"], labels["fine"], tuple(entries), parameters)


def _labels(
    xy: Floats, smallest: dict[str, int], largest: dict[str, int], true: Ints, work: Work
) -> dict[str, Ints]:
    """The cluster (n,) of each point (n, 2) by level, NOISE for none; `true` (n, k) are neighbors
    in the space."""
    from sklearn.cluster import HDBSCAN

    distances = graph(np.asarray(xy, np.float64), work.threads)
    work.progress(0.3)
    near = plane.nearest(xy, _NEAR, work.threads)
    around, free = np.hstack([near, true[:, :_NEAR]]), ~lonely(xy, near, _OFF)
    labels = {}
    for level, size in smallest.items():
        model = HDBSCAN(
            min_cluster_size=size,
            min_samples=_SAMPLES,
            max_cluster_size=largest[level],
            metric="precomputed",
            copy=True,
        )
        found = model.fit_predict(distances).astype(np.int32)
        # A fine one tells what is alike, and does not grow.
        labels[level] = numbered(
            adopted(found, around, _JOINED, free) if level == "coarse" else found
        )
    return labels


class _Tokens(NamedTuple):
    """The tokens of a map: unit vectors (n, d), places in the vocabulary (n,), texts, positions in
    KINDS (n,), and their mean direction (d,)."""

    directions: Floats
    ranks: Ints
    texts: list[str]
    kinds: npt.NDArray[np.int8]
    common: npt.NDArray[np.float64]


def _tokens(vectors: Vectors, selection: Selection, vocabulary: Vocabulary) -> _Tokens:
    ids = np.asarray(selection.ids)
    directions = kernel.unit(vectors.values, ids)
    mean = directions.mean(axis=0, dtype=np.float64) if len(ids) else np.zeros(0)
    return _Tokens(
        directions,
        ids + 1,
        [vocabulary.texts[token] for token in ids.tolist()],
        np.array([KINDS.index(vocabulary.kinds[token]) for token in ids.tolist()], np.int8),
        kernel.unit(mean[None])[0],
    )


def _entries(level: str, labels: dict[str, Ints], tokens: _Tokens) -> list[dict[str, Any]]:
    """The entries of Clusters of one level."""
    found = members(labels[level])
    central_ones = [_central(tokens, rows) for rows in found]
    names = cluster_names([[tokens.texts[row] for row in rows] for rows, _ in central_ones])
    entries = []
    for key, (rows, (central, cohesion)) in enumerate(zip(found, central_ones, strict=True)):
        entries.append(
            {
                "level": level,
                "key": key,
                "size": len(rows),
                "name": names[key],
                "central": central,
                "parent": _parent(labels["coarse"][rows]) if level == "fine" else None,
                "cohesion": cohesion,
            }
        )
    return entries


def _central(tokens: _Tokens, rows: npt.NDArray[np.intp]) -> tuple[tuple[int, ...], float]:
    """A cluster's central tokens, of its rows (m,), and the mean cosine of all its tokens to their
    centroid."""
    directions = tokens.directions[rows]
    centre = kernel.unit(directions.mean(axis=0, dtype=np.float64)[None])[0]
    # Not a matrix product: that would round differently by the number of threads.
    nearness = np.einsum("ij,j->i", directions, centre)
    order = rows[np.lexsort((rows, -nearness))]
    texts = [tokens.texts[row] for row in rows.tolist()]
    chosen = naming(
        directions, tokens.ranks[rows], texts, tokens.kinds[rows], tokens.common, _NAMED
    )
    first = rows[chosen]
    central = np.concatenate([first, order[~np.isin(order, first)]])[:CENTRAL]
    return tuple(central.tolist()), round(float(nearness.mean()), 6)


def _parent(coarse: Ints) -> int | None:
    """The coarse cluster that most of a fine cluster's tokens are in."""
    keys, counts = np.unique(coarse, return_counts=True)
    best = int(counts.argmax())
    return int(keys[best]) if keys[best] != NOISE and 2 * counts[best] > len(coarse) else None
