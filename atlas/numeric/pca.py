"""Principal directions of vectors: a projection of their own, and where UMAP and t-SNE start
from."""

from __future__ import annotations

import numpy as np

from atlas.numeric.types import Doubles, Facts, Floats, Near

_PART = 8192  # rows taken to float64 at a time


def project(values: Floats, near: Near, **_: object) -> tuple[Doubles, Facts]:
    """PCA as a projection: coordinates (n, 2) of the vectors (n, d), of which nothing is random."""
    return principal(values)


def principal(values: Floats) -> tuple[Doubles, Facts]:
    """Coordinates (n, 2) of (n, d) on the first two principal directions, and the share of variance
    that each holds, as `variance`, 0..1."""
    middle = values.mean(axis=0, dtype=np.float64)
    parts = [values[begin : begin + _PART] for begin in range(0, len(values), _PART)]
    covariance = np.zeros((len(middle), len(middle)))
    for part in parts:  # in float64, but never all of them at once
        centred = part - middle
        covariance += centred.T @ centred
    spread, directions = np.linalg.eigh(covariance)
    axes = directions[:, ::-1][:, :2]
    if axes.shape[1] < 2:
        axes = np.concatenate([axes, np.zeros((len(axes), 1))], axis=1)
    # An eigenvector has no sign of its own; the largest part is made positive.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1, 1)
    xy = np.concatenate([(part - middle) @ axes for part in parts])
    # Rounded to a millionth of the longest, because the last digits of a sum depend on how many
    # threads took it, and a layout magnifies any difference. The unit is a power of two, so that it
    # does not move with those digits.
    longest = float(np.abs(xy).max(initial=0))
    unit = 2.0 ** (np.floor(np.log2(longest)) - 20) if longest > 0 else 1.0
    total = max(float(spread.sum()), 1e-300)
    facts = {"variance": [round(max(float(part), 0.0) / total, 6) for part in spread[::-1][:2]]}
    return np.round(xy / unit) * unit, facts


def start(values: Floats, spread: float, seed: int) -> Doubles:
    """A start (n, 2) from the PCA of (n, d): its deviation along the first direction is `spread`,
    and a little noise lets duplicates part."""
    xy, _ = principal(values)
    deviation = float(xy[:, 0].std()) or 1.0
    noise = np.random.default_rng(seed).normal(0, 1e-3, xy.shape)
    return (xy / deviation + noise) * spread
