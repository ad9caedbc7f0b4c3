"""Two spaces over the same tokens: how many neighbors they share, how alike they are as a whole,
and their maps laid one on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.errors import StageError
from atlas.findings.comparisons.records import Comparison
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import neighbors
from atlas.numeric.types import Floats, Ints
from atlas.spaces.records import Selection, Vectors, Vocabulary

VERSION = 4

_TENTHS = 10
_LISTED = 40  # words that move most and least, each
_MARKS = "␣", "##", "@@"
_CROWD = 4  # times as many others as neighbors, at least: among few tokens all are neighbors of all


def compare(
    first: Vectors,
    second: Vectors,
    selection: Selection,
    other: Selection,
    near_first: Neighbors,
    near_second: Neighbors,
    vocabulary: Vocabulary,
    second_vocabulary: Vocabulary,
    *,
    k: int = 15,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
) -> Comparison:
    """Compare two spaces over the tokens that two selections share, in which each has been searched
    for neighbors.

    Where one selection holds more than the shared tokens, these are searched again among
    themselves. Among words that keep the same share of their neighbors those move more whose first
    neighbors are less similar to them in the second space. Raises StageError when fewer than three
    tokens are shared.
    """
    ids = shared(selection, other, vocabulary, second_vocabulary)
    n = enough(len(ids))
    spaces = first.values[ids[:, 0]], second.values[ids[:, 1]]
    sides = (selection, ids[:, 0], near_first), (other, ids[:, 1], near_second)
    if all(np.array_equal(whole.ids, own) for whole, own, _ in sides):
        one, two = near_first.rows, near_second.rows
    else:
        every = Selection(np.arange(n, dtype=np.int32))
        one, two = (
            neighbors(Vectors(space, ""), every, k=k, device=device, threads=threads).rows
            for space in spaces
        )
    k = min(among(n, k), one.shape[1], two.shape[1])
    share = kept(one[:, :k], two[:, :k])
    kinds = np.array(vocabulary.kinds)[ids[:, 0]]
    similar = _similarity(spaces[1], one[:, :k])
    words = np.flatnonzero(kinds == "word")
    order = words[np.lexsort((similar[words], share[words]))]
    listed = min(_LISTED, len(order) // 2)
    groups = {
        kind: {"tokens": int((kinds == kind).sum()), "overlap": float(share[kinds == kind].mean())}
        for kind in sorted(set(kinds.tolist()))
    }
    figures: dict[str, Any] = {
        "overlap": float(share.mean()),
        "chance": k / (n - 1),
        "k": k,
        "quantiles": [float(q) for q in np.quantile(share, (0.1, 0.5, 0.9))],
        "histogram": np.bincount(np.rint(share * k).astype(int), minlength=k + 1).tolist(),
        **alike(*spaces, seed),
        "ranks": [float(part.mean()) for part in np.array_split(share, min(_TENTHS, n))],
        "kinds": groups,
        "most": [int(row) for row in order[:listed]],
        "least": [int(row) for row in order[::-1][:listed]],
        "similar": [float(similar[row]) for row in (*order[:listed], *order[::-1][:listed])],
    }
    return Comparison(ids, share, figures)


def enough(n: int) -> int:
    """The number of shared tokens; raises StageError when a comparison needs more."""
    if n < 3:
        hint = "Compare maps of one model, or of models with a vocabulary in common."
        raise StageError(
            f"These maps share {n} token{'' if n == 1 else 's'}; a comparison needs three.", hint
        )
    return n


def among(n: int, k: int) -> int:
    """How many neighbors are asked for among n tokens: k, or fewer where that would be most of
    them."""
    return min(k, max((n - 1) // _CROWD, 1))


def shared(
    selection: Selection, other: Selection, vocabulary: Vocabulary, second: Vocabulary
) -> Ints:
    """Ids (n, 2) int32 of the tokens that two selections share, ascending by the first.

    In one vocabulary, or two that are equal, they are the same by id; otherwise by readable text
    and kind, without the marks of spaces and continuations, which differ between kinds of
    tokenizers. Of several with the same text the first counts.
    """
    if vocabulary.tokens == second.tokens:
        ids = np.intersect1d(selection.ids, other.ids)
        return np.stack([ids, ids], axis=1)

    def named(ids: Ints, words: Vocabulary) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for token in ids.tolist():
            found.setdefault((_bare(words.texts[token]), words.kinds[token]), token)
        return found

    one, two = named(selection.ids, vocabulary), named(other.ids, second)
    return np.array(
        [(token, two[name]) for name, token in one.items() if name in two], np.int32
    ).reshape(-1, 2)


def _bare(text: str) -> str:
    for mark in _MARKS:
        text = text.removeprefix(mark).removesuffix(mark) or text
    return text


def kept(first: Ints, second: Ints) -> Floats:
    """Share of each row's neighbors (n, k) in `first` that are among those in `second` (n, k), (n,)
    float32 in 0..1."""
    n, k = first.shape
    if second.shape != first.shape:
        raise StageError(
            f"{second.shape} neighbors cannot be compared with {first.shape}.",
            "This is a fault in a stage; please report it.",
        )
    if not k:
        return np.zeros(n, np.float32)
    size = np.int64(max(n, int(first.max()) + 1, int(second.max()) + 1))
    own = np.arange(n, dtype=np.int64)[:, None] * size
    return np.asarray(np.isin(own + first, own + second).mean(axis=1), np.float32)


def cka(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Linear centered kernel alignment (Kornblith et al. 2019) of (n, d) and (n, e), 0..1.

    1 for spaces that differ by a rotation, a shift and a scale; 0 where one of them is a single
    point.
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
    """The best way to lay one map on another: `scale * (points - centre) @ rotation + target`;
    `reflected` when it turns it over. `residual` is the share of the other's squared spread that
    is left, 0 for maps of one shape."""

    rotation: npt.NDArray[np.float64]
    scale: float
    centre: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    residual: float

    @property
    def reflected(self) -> bool:
        return bool(np.linalg.det(self.rotation) < 0)

    def __call__(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        moved: npt.NDArray[np.float64] = (
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


def _similarity(values: Floats, rows: Ints) -> Floats:
    """Mean cosine of each row (n, d) to its `rows` (n, k)."""
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    sums = np.zeros(len(unit))
    for column in rows.T:
        sums += np.einsum("nd,nd->n", unit, unit[column])
    return np.asarray(sums / max(rows.shape[1], 1), np.float32)
