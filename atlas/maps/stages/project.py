"""Projections: the plane coordinates of a map. Which there are is said in maps/projections.py."""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import GIB, Work, stage
from atlas.maps.projections import named
from atlas.maps.records import Layout, Neighbors
from atlas.numeric.pca import principal
from atlas.numeric.types import Array, Facts, Floats, Near
from atlas.spaces.records import Selection, Vectors


@stage("project", version=5, parallel=True, gpu=True, memory=2 * GIB, loads="torch")
def project(
    vectors: Vectors,
    selection: Selection,
    neighbors: Neighbors,
    *,
    method: str,
    seed: int = 0,
    work: Work = Work(),
    **options: object,
) -> Layout:
    """The layout (n, 2) of a selection, centred, the longer axis horizontal where axes mean
    nothing, the same for the same seed on one machine.

    Fewer than four points lie on a line, in id order. Raises StageError for an unknown method.
    """
    projection = named(method)
    n = len(selection.ids)
    if n < 4:
        xy, facts = _line(n)
    else:
        xy, facts = projection.function(
            _selected(vectors.values, np.asarray(selection.ids)),
            Near(neighbors.rows, neighbors.similarities),
            seed=seed,
            device=work.device,
            threads=work.threads,
            progress=work.progress,
            **options,
        )
    parameters = {"method": method, "seed": seed, **facts}
    return Layout(upright(xy, turn=projection.turned), parameters)


def _selected(values: Array, ids: Array) -> Floats:
    """Rows (n, d) of the vectors in float32, by ids that ascend; all of them are not copied."""
    return np.asarray(values[ids] if len(ids) < len(values) else values, np.float32)


def _line(n: int) -> tuple[Array, Facts]:
    return np.stack([np.arange(n, dtype=np.float64), np.zeros(n)], axis=1), {}


def upright(xy: Array, *, turn: bool) -> Floats:
    """The points (n, 2) centred, their mean squared distance from the centre 1; turned so that the
    longer axis lies flat, as most screens do."""
    points = np.asarray(xy, np.float64)
    if len(points) == 0:
        return np.zeros((0, 2), np.float32)
    points = points - points.mean(axis=0)
    if turn and len(points) > 2:
        points, _ = principal(points.astype(np.float32))
        if (points[: max(len(points) // 10, 1)].mean(axis=0) < 0)[0]:
            points = points * [-1, 1]
    scale = float(np.sqrt((points**2).sum(axis=1).mean())) or 1.0
    return np.ascontiguousarray(points / scale, dtype=np.float32)
