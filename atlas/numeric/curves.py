"""Orders of points along a curve."""

from __future__ import annotations

import numpy as np

from atlas.numeric.types import Array


def morton(points: Array) -> Array:
    """The order of the points (n, 2), whole numbers in 0..65535, along a Morton curve, (n,) int;
    equal places by row."""
    code = np.zeros(len(points), np.uint64)
    for axis in (0, 1):
        spread = points[:, axis].astype(np.uint64)
        for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            spread = (spread | (spread << np.uint64(shift))) & np.uint64(mask)
        code |= spread << np.uint64(axis)
    return np.argsort(code, kind="stable")
