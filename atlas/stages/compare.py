"""Two spaces over the same tokens: how many neighbors they share, how alike they are as a whole, and their maps laid one on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.data import Comparison, Floats, Ints, Neighbors, Selection, Vectors, Vocabulary
from atlas.errors import StageError

VERSION = 1

_TENTHS = 10
_LISTED = 40  # words that move most and least, each


def compare(
    first: Vectors, second: Vectors, selection: Selection, near_first: Neighbors, near_second: Neighbors, vocabulary: Vocabulary,
    *, k: int = 15, seed: int = 0,
) -> Comparison:  # fmt: skip
    """Compare two spaces of one vocabulary over a selection, in which both have been searched for neighbors.

    Among words that keep the same share of their neighbors those move more whose first neighbors are less similar to them in the
    second space. Raises StageError when the selection has fewer than three tokens.
    """
    n = len(selection.ids)
    if n < 3:
        raise StageError("Two spaces can be compared over three tokens or more.", "Loosen the `selection` of these maps.")
    k = min(k, near_first.rows.shape[1], near_second.rows.shape[1])
    share = kept(near_first.rows[:, :k], near_second.rows[:, :k])
    kinds = np.array(vocabulary.kinds)[selection.ids]
    similar = _similarity(second.values[selection.ids], near_first.rows[:, :k])
    words = np.flatnonzero(kinds == "word")
    order = words[np.lexsort((similar[words], share[words]))]
    groups = {
        kind: {"tokens": int((kinds == kind).sum()), "overlap": float(share[kinds == kind].mean())} for kind in sorted(set(kinds.tolist()))
    }
    figures: dict[str, Any] = {
        "overlap": float(share.mean()), "chance": k / (n - 1), "k": k, "quantiles": [float(q) for q in np.quantile(share, (0.1, 0.5, 0.9))],
        **alike(first.values[selection.ids], second.values[selection.ids], seed),
        "ranks": [float(part.mean()) for part in np.array_split(share, min(_TENTHS, n))],
        "kinds": groups,
        "most": [int(row) for row in order[:_LISTED]], "least": [int(row) for row in order[::-1][:_LISTED]],
    }  # fmt: skip
    return Comparison(share, figures)


def kept(first: Ints, second: Ints) -> Floats:
    """Share of each row's neighbors (n, k) in `first` that are among those in `second` (n, k), (n,) float32 in 0..1."""
    n, k = first.shape
    if second.shape != first.shape:
        raise StageError(
            f"{second.shape} neighbors cannot be compared with {first.shape}.", "This is a fault in a stage; please report it."
        )
    if not k:
        return np.zeros(n, np.float32)
    size = np.int64(max(n, int(first.max()) + 1, int(second.max()) + 1))
    own = np.arange(n, dtype=np.int64)[:, None] * size
    return np.asarray(np.isin(own + first, own + second).mean(axis=1), np.float32)


def cka(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Linear centered kernel alignment (Kornblith et al. 2019) of (n, d) and (n, e), 0..1.

    1 for spaces that differ by a rotation, a shift and a scale; 0 where one of them is a single point.
    """
    one, two = (np.asarray(values, np.float64) for values in (first, second))
    one, two = one - one.mean(axis=0), two - two.mean(axis=0)
    between = np.sum((one.T @ two) ** 2)
    within = np.linalg.norm(one.T @ one) * np.linalg.norm(two.T @ two)
    return float(between / within) if within > 0 else 0.0


def alike(first: Floats, second: Floats, seed: int) -> dict[str, float]:
    """The alignment of two spaces, and the one that is left when the tokens of one are shuffled."""
    shuffled = np.random.default_rng(seed).permutation(len(second))
    return {"cka": cka(first, second), "cka_chance": cka(first, second[shuffled])}


@dataclass(frozen=True)
class Fit:
    """The best way to lay one map on another: `scale * (points - centre) @ rotation + target`; `reflected` when it turns it over.
    `residual` is the share of the other's squared spread that is left, 0 for maps of one shape."""

    rotation: npt.NDArray[np.float64]
    scale: float
    centre: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    residual: float

    @property
    def reflected(self) -> bool:
        return bool(np.linalg.det(self.rotation) < 0)

    def __call__(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        moved: npt.NDArray[np.float64] = self.scale * (np.asarray(points, np.float64) - self.centre) @ self.rotation + self.target
        return moved


def procrustes(points: npt.ArrayLike, onto: npt.ArrayLike) -> Fit:
    """Rotation, reflection, scale and shift that bring points (n, d) nearest to others (n, d), by least squares (Schönemann 1966)."""
    moving, fixed = (np.asarray(values, np.float64) for values in (points, onto))
    centre, target = moving.mean(axis=0), fixed.mean(axis=0)
    moving, fixed = moving - centre, fixed - target
    left, values, right = np.linalg.svd(moving.T @ fixed)
    spread, other = float(np.sum(moving**2)), float(np.sum(fixed**2))
    scale = float(values.sum()) / spread if spread else 1.0
    residual = 1 - float(values.sum()) ** 2 / (spread * other) if spread and other else 1.0
    return Fit(left @ right, scale, centre, target, max(residual, 0.0))


def _similarity(values: Floats, rows: Ints) -> Floats:
    """Mean cosine of each row (n, d) to its `rows` (n, k)."""
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    sums = np.zeros(len(unit))
    for column in rows.T:
        sums += np.einsum("nd,nd->n", unit, unit[column])
    return np.asarray(sums / max(rows.shape[1], 1), np.float32)
