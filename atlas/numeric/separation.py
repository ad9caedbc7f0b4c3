"""Indicators of membership: how well one number for each row tells the rows of a known set from all
others, and where the line between them is drawn.

After Land & Bartolo 2024 (arXiv 2405.05417), whose indicators of under-trained tokens are the
length of a row and its cosine to the mean of rows that are known to be unused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlas.numeric.types import Array, Doubles, Floats, Ints

VERSION = 1  # raised when a result changes; the stages that use it follow

FOLDS = 5
_PART = 4096  # rows taken to float64 at a time
_SAMPLED = 8192  # rows, at most, of which the first principal direction is found
_WIDE = 5  # robust deviations below the set's median that still count as like it
_SHARE = 0.1  # of the way to the others, which counts as like the set however narrow it is
_SIGMA = 1.4826  # of a normal distribution, over its median absolute deviation


@dataclass(frozen=True, eq=False)
class Indicator:
    """One number for each row.

    name      what it is
    scores    (n,), higher for rows more like the set; of the set's own rows as a set without
              them gives it
    auroc     the chance that a row of the set, held out, scores higher than one outside of it
    """

    name: str
    scores: Doubles
    auroc: float


@dataclass(frozen=True)
class Line:
    """Where the scores of an indicator lie: medians of the set and of the others, and the score
    from which a row counts as like the set."""

    inside: float
    outside: float
    least: float


def auroc(inside: Array, outside: Array) -> float:
    """The chance that a value of the first (m,) is larger than one of the second (n,), ties half:
    the area under the ROC curve (Hanley & McNeil 1982). 0.5 where either is empty."""
    if not len(inside) or not len(outside):
        return 0.5
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, "left") + np.searchsorted(ordered, inside, "right")
    return float(below.mean() / (2 * len(ordered)))


def line(indicator: Indicator, known: Ints) -> Line:
    """The line of an indicator between the rows of a set (m,) and the others.

    A row is like the set from five robust deviations below its median on, or a tenth of the way to
    the median of the others where the set is narrower than that; and never where it is nearer to
    the others.
    """
    own, others = _parted(indicator.scores, known)
    inside, outside = float(np.median(own)), float(np.median(others))
    deviation = _SIGMA * float(np.median(np.abs(own - inside)))
    room = max(_WIDE * deviation, _SHARE * (inside - outside))
    return Line(inside, outside, max(inside - room, (inside + outside) / 2))


def clearest(indicators: list[Indicator], known: Ints) -> Indicator:
    """The indicator with the largest AUROC, to three digits; of several the one whose medians lie
    farthest apart, in deviations of both sides."""

    def clear(indicator: Indicator) -> tuple[float, float]:
        own, others = _parted(indicator.scores, known)
        spread = sum(float(np.median(np.abs(part - np.median(part)))) for part in (own, others))
        gap = float(np.median(own) - np.median(others)) / max(spread, 1e-12)
        return round(indicator.auroc, 3), gap

    return max(indicators, key=clear)


def by_value(name: str, values: Doubles, known: Ints) -> Indicator:
    """An indicator of one number a row (n,), of which either the small or the large ones are like
    the set: each fold is judged by what the others say."""
    fold = _folds(len(known))
    outside = np.delete(values, known)
    signs = [
        1.0 if auroc(values[known[fold != number]], outside) >= 0.5 else -1.0
        for number in range(int(fold.max()) + 1)
    ]
    sign = 1.0 if auroc(values[known], outside) >= 0.5 else -1.0
    scores = values * sign
    scores[known] = values[known] * np.array(signs)[fold]
    areas = [
        auroc(values[known[fold == number]] * own, outside * own)
        for number, own in enumerate(signs)
    ]
    return Indicator(name, scores, _weighted(areas, fold))


def by_direction(values: Floats, known: Ints, seed: int = 0) -> tuple[list[Indicator], Doubles]:
    """The cosines of rows (n, d) to the mean of a set's rows (m,), each of the set left out of the
    mean that judges it: of the rows as they are, less the mean of all rows, and also less their
    part along the first principal direction. And the lengths (n,) of the rows.

    Rows are taken to float64 in blocks. A row of zeros has the cosine 0.
    """
    fold = _folds(len(known))
    whole = values[known].astype(np.float64)
    means = [whole[fold != number].mean(axis=0) for number in range(int(fold.max()) + 1)]
    means.append(whole.mean(axis=0))
    middle = np.asarray(values.mean(axis=0, dtype=np.float64))
    first = first_direction(values, middle, seed)
    raw = np.stack(means, axis=1)
    centred = raw - middle[:, None]
    rest = centred - np.outer(first, first @ centred)
    ways = [way / np.maximum(np.linalg.norm(way, axis=0), 1e-300) for way in (raw, centred, rest)]
    # One product of every block: a row less the mean of all has x·w - μ·w along w.
    table = np.concatenate([*ways, first[:, None], middle[:, None]], axis=1)
    shift = np.concatenate([np.zeros(raw.shape[1]), middle @ table[:, raw.shape[1] : -1], [0.0]])
    cosines = np.empty((3, len(values), raw.shape[1]))
    lengths = np.empty(len(values))
    for begin in range(0, len(values), _PART):
        part = values[begin : begin + _PART].astype(np.float64)
        at = slice(begin, begin + len(part))
        squares = np.einsum("nd,nd->n", part, part)
        along = part @ table - shift
        lengths[at] = np.sqrt(squares)
        around = np.maximum(squares - 2 * along[:, -1] + middle @ middle, 0)
        flat = np.maximum(around - along[:, -2] ** 2, 0)
        parts = np.split(along[:, :-2], 3, axis=1)
        for number, own in enumerate((squares, around, flat)):
            cosines[number, at] = _over(parts[number], np.sqrt(own), np.sqrt(squares))
    names = ("cosine", "cosine-centred", "cosine-rest")
    return [
        _crossed(name, own, known, fold) for name, own in zip(names, cosines, strict=True)
    ], lengths


def first_direction(values: Floats, middle: Doubles, seed: int = 0) -> Doubles:
    """The first principal direction (d,) of rows (n, d) around their mean (d,), of at most 8,192
    random rows, by Lanczos; its largest part is positive."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    rows = np.arange(len(values))
    if len(rows) > _SAMPLED:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), _SAMPLED, replace=False))
    width = values.shape[1]
    part = values[rows] - middle.astype(np.float32)
    if width == 1 or not part.any():
        return np.asarray(np.eye(1, width)[0])
    # By a power of two, so that squares of very long rows fit in float32.
    part /= np.float32(2.0 ** np.floor(np.log2(float(np.abs(part).max()))))

    def product(vector: Array) -> Array:
        return np.asarray(part.T @ (part @ vector.astype(np.float32)))

    operator = LinearOperator((width, width), matvec=product, dtype=np.float64)
    start = np.random.default_rng(seed).normal(size=width)
    _, vectors = eigsh(operator, k=1, v0=start, tol=1e-4)
    way = np.asarray(vectors[:, 0], np.float64)
    return np.asarray(way * np.sign(way[np.abs(way).argmax()]))


def _crossed(name: str, cosines: Doubles, known: Ints, fold: Array) -> Indicator:
    """An indicator of cosines (n, f + 1): to the mean without each fold, and to that of all."""
    scores = cosines[:, -1].copy()
    scores[known] = cosines[known, fold]
    outside = np.delete(np.arange(len(cosines)), known)
    areas = [
        auroc(cosines[known[fold == number], number], cosines[outside, number])
        for number in range(int(fold.max()) + 1)
    ]
    return Indicator(name, scores, _weighted(areas, fold))


def _folds(count: int) -> Array:
    """The fold of each of a set's rows, in turns; one of a few rows has a fold of its own."""
    return np.arange(count) % max(min(FOLDS, count), 1)


def _weighted(areas: list[float], fold: Array) -> float:
    return float(np.average(areas, weights=np.bincount(fold)))


def _parted(scores: Doubles, known: Ints) -> tuple[Doubles, Doubles]:
    return scores[known], np.delete(scores, known)


def _over(products: Doubles, lengths: Doubles, whole: Doubles) -> Doubles:
    """Products (n, f) over lengths (n,); 0 where no more is left of a row than rounding leaves."""
    some = lengths > np.maximum(1e-7 * whole, 1e-300)
    return np.clip(products * (some / np.where(some, lengths, 1))[:, None], -1, 1)
