"""Colours of a map's clusters."""

from __future__ import annotations

import numpy as np

from atlas.maps.data import Dataset


def colours(data: Dataset, palette: int) -> dict[int, int]:
    """An index below `palette` for each coarse cluster by key. Near clusters differ: each takes, in
    the order of the file, an index that is free or whose clusters' anchors are farthest."""
    main = data.about.map.clustered_on
    coarse = [cluster for cluster in data.about.clusters if cluster.level == "coarse"]
    chosen: dict[int, int] = {}
    for cluster in coarse:
        here = np.array(cluster.anchors[main])
        gaps = np.full(palette, np.inf)
        for other in coarse:
            if other.key in chosen:
                gap = float(np.linalg.norm(here - other.anchors[main]))
                gaps[chosen[other.key]] = min(gaps[chosen[other.key]], gap)
        used = np.bincount(list(chosen.values()), minlength=palette)
        free = np.flatnonzero(np.isinf(gaps))
        chosen[cluster.key] = int(free[0]) if len(free) else int(np.lexsort((used, -gaps))[0])
    return chosen
