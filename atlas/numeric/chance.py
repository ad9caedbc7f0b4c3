"""What chance alone would give: random sets and shuffles, and the range that most of them fall
into."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atlas.numeric.types import Array


def random_sets(kinds: Array, members: Array, draws: int, seed: int) -> list[Array]:
    """Random sets of rows, `draws` of them, each with as many rows of each kind as the members
    have. kinds (n,) int, from 0 on; members (m,) rows."""
    random = np.random.default_rng([seed, len(members)])
    counts = np.bincount(kinds[members])
    pools = [
        (np.flatnonzero(kinds == kind), int(count)) for kind, count in enumerate(counts) if count
    ]
    return [
        np.concatenate([random.choice(pool, count, replace=False) for pool, count in pools])
        for _ in range(draws)
    ]


def middle(values: npt.ArrayLike) -> tuple[float, float]:
    """The range that 95 % of the values (n,) lie in: their 2.5 and 97.5 % quantiles."""
    low, high = np.quantile(np.asarray(values, np.float64), (0.025, 0.975))
    return float(low), float(high)
