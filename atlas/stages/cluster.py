"""Clusters at two levels, by HDBSCAN (Campello, Moulavi & Sander 2013) on the map's main projection.

Both levels cut the same density hierarchy: `fine` takes its leaves, `coarse` its most persistent branches of a larger size.
What belongs to neither is noise, and is said to be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.data import NOISE, Clusters, Floats, Ints, Layout, Selection, Vectors, Vocabulary

VERSION = 1

CENTRAL = 24  # central tokens kept for each cluster
_LEAST = 30  # fewer points than this make no clusters
_BEFORE_WORDS = 3  # the first few central tokens, which make the name


def cluster(
    vectors: Vectors,
    selection: Selection,
    layout: Layout,
    vocabulary: Vocabulary,
    *,
    coarse: int | None = None,
    fine: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Clusters:
    """Coarse and fine clusters of a layout, numbered from the largest.

    `coarse` and `fine` are the smallest sizes; left out, they are n/300 (at least 15) and n/1200 (at least 5). No coarse
    cluster is larger than a tenth of the map: a vocabulary's centre would else be one. A cluster's central tokens are those of
    highest cosine to its centroid in the original space; where most are words, words come first, since they make its name.
    """
    n = len(layout.xy)
    coarse = coarse or max(15, round(n / 300))
    fine = min(fine or max(5, round(n / 1200)), coarse)
    parameters = {"method": "HDBSCAN", "coarse": coarse, "fine": fine, "min_samples": 5, "largest": max(n // 10, coarse + 1)}
    nobody = np.full(n, NOISE, np.int32)
    if n < _LEAST:
        return Clusters(nobody, nobody.copy(), (), parameters)
    from sklearn.cluster import HDBSCAN

    points = np.asarray(layout.xy, np.float64)
    model = HDBSCAN(min_cluster_size=fine, min_samples=5, cluster_selection_method="leaf", n_jobs=-1, copy=True).fit(points)
    progress(0.7)
    levels = {"coarse": _numbered(_coarse(model, points, coarse, max(n // 10, coarse + 1))), "fine": _numbered(model.labels_)}
    progress(0.8)
    values = np.asarray(vectors.values[selection.ids], np.float32)
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    words = np.array(vocabulary.kinds)[selection.ids] == "word"
    entries = [entry for level, labels in levels.items() for entry in _entries(level, labels, unit, words)]
    for entry in entries:
        if entry["level"] == "fine":
            entry["parent"] = _parent(levels["coarse"][levels["fine"] == entry["key"]])
    return Clusters(levels["coarse"], levels["fine"], tuple(entries), parameters)


def _coarse(model: Any, points: npt.NDArray[np.float64], size: int, most: int) -> npt.NDArray[Any]:
    """Labels of the coarse level, cut from the hierarchy already made: to make it is nearly all the work."""
    try:
        from sklearn.cluster._hdbscan._tree import tree_to_labels
    except ImportError:  # private, so it may go: then the hierarchy is made again
        from sklearn.cluster import HDBSCAN

        again = HDBSCAN(min_cluster_size=size, min_samples=5, max_cluster_size=most, n_jobs=-1, copy=True)
        return np.asarray(again.fit_predict(points))
    return np.asarray(tree_to_labels(model._single_linkage_tree_, size, "eom", False, 0.0, most)[0])


def _numbered(labels: npt.NDArray[Any]) -> Ints:
    """Labels numbered by falling size, then by first row."""
    found, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    real = found != NOISE
    order = np.lexsort((first[real], -sizes[real]))
    result = np.full(len(labels), NOISE, np.int32)
    for number, label in enumerate(found[real][order]):
        result[labels == label] = number
    return result


def _entries(level: str, labels: Ints, unit: Floats, words: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
    entries = []
    for key in range(int(labels.max(initial=NOISE)) + 1):
        rows = np.flatnonzero(labels == key)
        centre = unit[rows].mean(axis=0)
        nearness = unit[rows] @ (centre / max(float(np.linalg.norm(centre)), 1e-12))
        order = rows[np.lexsort((rows, -nearness))]
        mostly_words = words[rows].mean() > 0.5
        named = order[words[order]][:_BEFORE_WORDS] if mostly_words else order[:0]
        central = [*named, *(row for row in order[:CENTRAL].tolist() if row not in set(named.tolist()))][:CENTRAL]
        entries.append({
            "level": level, "key": key, "size": len(rows), "central": [int(row) for row in central],
            "parent": None, "cohesion": round(float(nearness.mean()), 6),
        })  # fmt: skip
    return entries


def _parent(coarse: Ints) -> int | None:
    keys, counts = np.unique(coarse[coarse != NOISE], return_counts=True)
    return int(keys[counts.argmax()]) if len(keys) and counts.max() * 2 > len(coarse) else None
