"""Points at random: what a map that knows nothing would look like, the baseline of every
measure."""

from __future__ import annotations

import numpy as np

from atlas.numeric.types import Doubles, Facts, Floats, Near


def project(values: Floats, near: Near, *, seed: int, **_: object) -> tuple[Doubles, Facts]:
    """As many points as there are vectors (n, d), (n, 2), uniform in a disk of radius 1."""
    n = len(values)
    generator = np.random.default_rng(seed)
    angle, radius = generator.uniform(0, 2 * np.pi, n), np.sqrt(generator.uniform(0, 1, n))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), {}
