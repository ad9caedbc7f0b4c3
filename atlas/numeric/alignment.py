"""How alike two sets of vectors of the same rows are: shared neighbors, kernel alignment, and the
best way to lay one on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atlas.numeric.plane import shared
from atlas.numeric.types import Doubles, Floats, Ints
from atlas.numeric.vectors import unit

VERSION = 1  # raised when a result changes; the stages that use it follow


def kept(first: Ints, second: Ints) -> Floats:
    """Share of each row's neighbors (n, k) in `first` that are among those in `second` (n, k), (n,)
    float32 in 0..1; those of a row are distinct. Raises ValueError when the shapes differ."""
    n, k = first.shape
    if second.shape != first.shape:
        raise ValueError(f"{second.shape} neighbors cannot be compared with {first.shape}")
    return (shared(first, second) / k).astype(np.float32) if k else np.zeros(n, np.float32)


def cka(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Linear centered kernel alignment (Kornblith et al. 2019) of (n, d) and (n, e), 0..1.

    1 for spaces that differ by a rotation, a shift and a scale; 0 where one of them is a single
    point.
    """
    left, right = (np.asarray(values, np.float64) for values in (first, second))
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    between = np.sum((left.T @ right) ** 2)
    within = np.linalg.norm(left.T @ left) * np.linalg.norm(right.T @ right)
    return float(between / within) if within > 0 else 0.0


def cka_by_chance(first: Floats, second: Floats, seed: int) -> float:
    """The alignment of (n, d) and (n, e) that is left when the rows of the second are shuffled,
    0..1."""
    shuffled = np.random.default_rng(seed).permutation(len(second))
    return cka(first, second[shuffled])


def similarity(values: Floats, rows: Ints) -> Floats:
    """Mean cosine of each row of (n, d) to its `rows` (n, k), (n,) float32 in -1..1. Raises
    NotFiniteError for a row with NaN or infinity."""
    directions = unit(values)
    sums = np.zeros(len(directions))
    for column in rows.T:
        sums += np.einsum("nd,nd->n", directions, directions[column])
    return np.asarray(sums / max(rows.shape[1], 1), np.float32)


@dataclass(frozen=True)
class Fit:
    """The best way to lay one map on another: `scale * (points - centre) @ rotation + target`;
    `reflected` when it turns it over. `residual` is the share of the other's squared spread that
    is left, 0 for maps of one shape."""

    rotation: Doubles
    scale: float
    centre: Doubles
    target: Doubles
    residual: float

    @property
    def reflected(self) -> bool:
        """Whether it turns the map over."""
        return bool(np.linalg.det(self.rotation) < 0)

    def __call__(self, points: npt.ArrayLike) -> Doubles:
        """Points (n, d) where they lie on the other map, (n, d)."""
        moved: Doubles = (
            self.scale * (np.asarray(points, np.float64) - self.centre) @ self.rotation
            + self.target
        )
        return moved


def procrustes(points: npt.ArrayLike, onto: npt.ArrayLike) -> Fit:
    """Rotation, reflection, scale and shift that bring points (n, d) nearest to others (n, d), by
    least squares (Schönemann 1966)."""
    moving, fixed = (np.asarray(values, np.float64) for values in (points, onto))
    centre, target = moving.mean(axis=0), fixed.mean(axis=0)
    moving, fixed = moving - centre, fixed - target
    left, values, right = np.linalg.svd(moving.T @ fixed)
    spread, other = float(np.sum(moving**2)), float(np.sum(fixed**2))
    scale = float(values.sum()) / spread if spread else 1.0
    residual = 1 - float(values.sum()) ** 2 / (spread * other) if spread and other else 1.0
    return Fit(left @ right, scale, centre, target, max(residual, 0.0))
