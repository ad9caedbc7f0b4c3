"""A projection of one's own: the first two parts of each vector, made as large as asked."""

from __future__ import annotations

import numpy as np

from atlas.numeric.types import Array, Facts, Floats, Near


def project(values: Floats, near: Near, *, size: float, **_: object) -> tuple[Array, Facts]:
    """Coordinates (n, 2) of vectors (n, d), and the parameters used."""
    xy = np.asarray(values[:, :2], np.float64) * size
    return xy, {"size": size, "neighbors": near.rows.shape[1]}
