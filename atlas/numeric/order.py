"""Order in vectors: whether a space holds things of a known order on a circle or on a line.

A plane (for a circle) or a direction (for a line) is fitted by ridge regression from the vectors to
the places in the order, and each thing is placed by what was fitted to the others alone, so that
many dimensions and few things do not make a circle of noise. The correlation of these left-out
places with the true ones is tested by shuffling the order.

That months and weekdays may lie on circles: Engels et al. 2024 (arXiv 2405.14860); numbers on lines
and helices: Kantamneni & Tegmark 2025 (arXiv 2502.00873).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlas.numeric.types import Array, Doubles, Floats, Ints

VERSION = 2  # raised when a result changes; the stages that use it follow

# Ridge penalties, as shares of the mean eigenvalue; of these the best counts, for shuffled orders
# as well.
PENALTIES = (0.01, 0.1, 1.0)
# So few things have fewer than 360 orders that a circle or a line tells apart, and no shuffle test
# of them means much.
FEWEST = {"circle": 7, "line": 6}
# The least `seam` of a circle: of simulated ones with noise up to three times their radius 95 % are
# above it, and most open arcs of three quarters of a turn below.
CLOSED = 0.7
_SAME = 1e-9  # correlations nearer than this are equal


@dataclass(frozen=True)
class Placed:
    """Things placed by what was fitted to the others.

    correlation   of the places with the true ones, over all coordinates, -1..1
    places        (n, p): on a circle cosine and sine, on a line one coordinate; centred
    """

    correlation: float
    places: Doubles


@dataclass(frozen=True)
class Order:
    """What is measured of an order.

    circle, line   the things placed in the best plane and on the best line
    seam           how much of a line is left unexplained from the first thing to the last, by how
                   much is where it is cut best elsewhere, in the far half of the order: about 1 on
                   a circle, where no cut is better than another, and less on an open curve
    p              share of shuffled orders whose better correlation of the two is as large
    p_circle       the same of the circle alone; p_line of the line
    """

    circle: Placed
    line: Placed
    seam: float
    p: float
    p_circle: float
    p_line: float

    @property
    def shape(self) -> str:
        """What describes the order. On a line the sine of a full turn follows the order in part,
        so that both correlations are often above chance: it is a circle where the plane predicts
        better and the ends meet, else a line, straight or bent."""
        better = self.circle.correlation > self.line.correlation
        return "circle" if better and self.seam >= CLOSED else "line"


def on_circle(places: Ints, whole: int) -> Doubles:
    """Cosine and sine (n, 2) of things at these places (n,) of a cycle of `whole`."""
    turn = 2 * np.pi * np.asarray(places, np.float64) / whole
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def predictors(values: Floats) -> Doubles:
    """Matrices (..., 3, n, n), one for each of PENALTIES, that take centred targets (n, p) of
    vectors (..., n, d) to the predictions of each from the others by ridge regression.

    The left-out residuals of a linear smoother are those of the whole divided by 1 - its diagonal
    (Golub, Heath & Wahba 1979). The intercept is left out of the predictions: it is the mean of the
    others, which lies opposite to the one left out and would pass for knowledge of it.
    """
    *sets, n, _ = values.shape
    rows = values.astype(np.float64)
    rows -= rows.mean(axis=-2, keepdims=True)
    spread, axes = np.linalg.eigh(rows @ rows.swapaxes(-1, -2))
    spread = np.maximum(spread, 0)
    mean = spread.sum(axis=-1, keepdims=True) / max(n - 1, 1)
    found = np.empty((*sets, len(PENALTIES), n, n))
    one, others = np.eye(n), (1 - np.eye(n)) / max(n - 1, 1)
    for number, penalty in enumerate(PENALTIES):
        kept = spread / (spread + penalty * np.where(mean > 0, mean, 1))
        smooth = (axes * kept[..., None, :]) @ axes.swapaxes(-1, -2) + 1 / n
        free = np.maximum(1 - smooth.diagonal(axis1=-2, axis2=-1), 1e-12)
        found[..., number, :, :] = -(one - smooth) / free[..., None] - others
    found[..., range(n), range(n)] = 0.0
    return np.where(mean[..., None, None] > 0, found, 0.0)


def correlations(matrices: Doubles, targets: Doubles) -> Doubles:
    """The correlation (m, o) of the predictions of each of (m, n, n) with targets of o orders,
    (o, n, p) and centred, over all coordinates; 0 where nothing is predicted."""
    orders, n, width = targets.shape
    flat = targets.transpose(1, 0, 2).reshape(n, orders * width)
    found = np.zeros((len(matrices), orders))
    for number, matrix in enumerate(matrices):
        predicted = (matrix @ flat).reshape(n, orders, width)
        true = flat.reshape(n, orders, width)
        both = np.einsum("nop,nop->o", predicted, true)
        size = np.einsum("nop,nop->o", predicted, predicted) * np.einsum("nop,nop->o", true, true)
        found[number] = _correlated(both, size)
    return found


def _correlated(both: Doubles, size: Doubles) -> Doubles:
    """Correlations from sums of products, and products of sums of squares; 0 where these are 0."""
    found: Doubles = np.where(size > 0, both / np.sqrt(np.where(size > 0, size, 1)), 0)
    return found


def best(matrices: Doubles, targets: Doubles) -> Doubles:
    """The best correlation (o,) of each order over the penalties."""
    found: Doubles = correlations(matrices, targets).max(axis=0)
    return found


def measure(values: Floats, places: Ints, whole: int, shuffles: int = 4999, seed: int = 0) -> Order:
    """Whether vectors (n, d) lie on a circle or on a line in the order of their places (n,) in a
    cycle or a row of `whole`, by leaving one out and by shuffling the order."""
    matrices = predictors(values)
    targets = {name: _centred(target) for name, target in _targets(places, whole).items()}
    placed = {name: _placed(matrices, target) for name, target in targets.items()}
    random = np.random.default_rng(seed)
    orders = random.permuted(np.tile(np.arange(len(values)), (shuffles, 1)), axis=1)
    by_chance = {name: best(matrices, target[orders]) for name, target in targets.items()}
    either = np.maximum(by_chance["circle"], by_chance["line"])
    circle, line = placed["circle"].correlation, placed["line"].correlation
    return Order(
        placed["circle"],
        placed["line"],
        _seam(matrices),
        as_large(either, max(circle, line)),
        as_large(by_chance["circle"], circle),
        as_large(by_chance["line"], line),
    )


def strengths(values: Floats, places: Ints, whole: int) -> Doubles:
    """Of each of several sets of vectors (s, n, d) the better one of the correlations of `measure`,
    (s,)."""
    matrices = predictors(values)
    found = np.full(len(values), -1.0)
    for target in map(_centred, _targets(places, whole).values()):
        predicted = matrices @ target
        both = (predicted * target).sum(axis=(-2, -1))
        size = (predicted**2).sum(axis=(-2, -1)) * (target**2).sum()
        found = np.maximum(found, _correlated(both, size).max(axis=1))
    return found


def as_large(by_chance: Doubles, value: float) -> float:
    """The p-value of a shuffle test: the share of values by chance (b,) that are as large, counting
    the value itself (Phipson & Smyth 2010)."""
    return float((1 + np.count_nonzero(by_chance >= value - _SAME)) / (1 + len(by_chance)))


def circular_rank(angles: Doubles, others: Doubles) -> float:
    """The circular rank correlation of two lists of angles (n,), -1..1, 1 where both go round in
    one order and direction from wherever they start (Fisher & Lee 1982, on ranks turned into equal
    steps)."""
    first, second = (2 * np.pi * ranks(one % (2 * np.pi)) / len(one) for one in (angles, others))
    along = abs(np.exp(1j * (first - second)).mean()) ** 2
    against = abs(np.exp(1j * (first + second)).mean()) ** 2
    return float(along - against)


def rank_correlation(values: Doubles, others: Doubles) -> float:
    """Spearman's rank correlation of two lists (n,), ties in the order given; 0 for fewer than
    two."""
    if len(values) < 2:
        return 0.0
    return float(np.corrcoef(ranks(values), ranks(others))[0, 1])


def ranks(values: Array) -> Ints:
    """The rank (n,) of each value (n,), from 0 on; ties in the order given."""
    found = np.empty(len(values), np.int32)
    found[np.argsort(values, kind="stable")] = np.arange(len(values), dtype=np.int32)
    return found


def false_discoveries(p: Doubles) -> Doubles:
    """The p-values (m,) adjusted for their number, so that of those below a level no more than that
    share is false on average (Benjamini & Hochberg 1995)."""
    m = len(p)
    order = np.argsort(p)[::-1]
    adjusted = np.empty(m)
    adjusted[order] = np.minimum.accumulate(p[order] * m / np.arange(m, 0, -1))
    return np.minimum(adjusted, 1.0)


def _seam(matrices: Doubles) -> float:
    """The `seam` of an order; 1 for fewer than four things."""
    n = matrices.shape[1]
    if n < 4:
        return 1.0
    cuts = np.stack([(np.arange(n) - cut) % n for cut in range(n)]).astype(np.float64)
    found = np.maximum(best(matrices, (cuts - cuts.mean(axis=1, keepdims=True))[:, :, None]), 0)
    free = 1 - found**2
    return float(free[0] / max(free[n // 4 : n - n // 4].min(), _SAME))


def _targets(places: Ints, whole: int) -> dict[str, Doubles]:
    return {
        "circle": on_circle(places, whole),
        "line": np.asarray(places, np.float64)[:, None] / max(whole - 1, 1),
    }


def _centred(targets: Doubles) -> Doubles:
    found: Doubles = targets - targets.mean(axis=0)
    return found


def _placed(matrices: Doubles, target: Doubles) -> Placed:
    found = correlations(matrices, target[None])[:, 0]
    chosen = int(found.argmax())
    return Placed(float(found[chosen]), matrices[chosen] @ target)
