"""The shape of a cloud of vectors: how it is spread over its dimensions, and how crowded its
neighborhoods are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlas.numeric.threads import one_blas_thread
from atlas.numeric.types import Array, Doubles, Floats, Ints
from atlas.numeric.vectors import unit

VERSION = 2  # raised when a result changes; the stages that use it follow

NEAR = 10  # neighbors by which hubs are counted
_PART = 4096  # rows centred at a time
_ENDS = 8  # principal directions at either end along which isotropy is judged
_KEPT = 0.9  # of the ratios of distances, by which TwoNN fits its line
_CHANCE = 4  # deviations by which a mean's squared length is beyond chance
_FAR = 5  # robust deviations from which a dimension stands out
_SIGMA = 1.4826  # of a normal distribution, over its median absolute deviation


@dataclass(frozen=True, eq=False)
class Moments:
    """The first two moments of rows, and their principal directions.

    count       how many rows
    mean        (d,)
    spread      (d,), variances along the principal directions, falling
    directions  (d, d), one a column
    variances   (d,), along the dimensions themselves
    """

    count: int
    mean: Doubles
    spread: Doubles
    directions: Doubles
    variances: Doubles

    @property
    def participation(self) -> float:
        """The participation ratio, (Σλ)² / Σλ²: how many dimensions would hold the same variance
        if each held as much. 0 without variance."""
        total = float((self.spread**2).sum())
        return float(self.spread.sum()) ** 2 / total if total else 0.0

    @property
    def shares(self) -> Doubles:
        """The share of the variance that each principal direction holds."""
        return self.spread / max(float(self.spread.sum()), 1e-300)


def moments(values: Floats) -> Moments:
    """The moments of rows (n, d). Products of blocks are taken in float32 and summed in float64;
    the directions are those that float32 tells apart."""
    mean = values.mean(axis=0, dtype=np.float64)
    middle = mean.astype(np.float32)
    covariance = np.zeros((len(mean), len(mean)))
    for begin in range(0, len(values), _PART):
        part = values[begin : begin + _PART] - middle
        covariance += part.T @ part
    covariance /= max(len(values), 1)
    scale = max(float(np.abs(covariance).max(initial=0)), 1e-300)
    with (
        one_blas_thread()
    ):  # several wait for one another a hundred times as long on a busy machine
        spread, directions = np.linalg.eigh((covariance / scale).astype(np.float32))
    falling = np.maximum(spread[::-1].astype(np.float64) * scale, 0)
    ways = np.asarray(directions[:, ::-1], np.float64)
    return Moments(len(values), np.asarray(mean), falling, ways, np.diag(covariance).copy())


def gaussian(of: Moments, count: int, seed: int = 0) -> Floats:
    """Random rows (count, d) of a normal distribution with these moments. Their own mean is as
    given, so that one that is chance is not added to another."""
    random = np.random.default_rng(seed).standard_normal((count, len(of.mean)), np.float32)
    random -= random.mean(axis=0, dtype=np.float64).astype(np.float32) if count else 0
    scaled = (of.directions * np.sqrt(of.spread)).astype(np.float32)
    return random @ scaled.T + of.mean.astype(np.float32)


def isotropy(values: Floats, of: Moments) -> float:
    """How alike all directions are to rows (n, d), from 0 to 1: the least over the largest of the
    partition functions Z(c) = Σ exp(c·x), over unit vectors c either way along the mean and the
    principal directions, the first and the last eight (Mu & Viswanath 2018). Rows are scaled to a
    mean squared length of 1, so that it does not change with the unit, and a mean that is no longer
    than so many rows have by chance is none. 1 for rows of zeros."""
    total = float(of.spread.sum() + of.mean @ of.mean)
    if total <= 0:
        return 1.0
    ends = np.concatenate([of.directions[:, :_ENDS], of.directions[:, -_ENDS:]], axis=1)
    length = float(np.linalg.norm(of.mean))
    ends = np.concatenate([ends, of.mean[:, None] / max(length, 1e-300)], axis=1) / np.sqrt(total)
    along = (values @ ends.astype(np.float32)).astype(np.float64)
    chance = float(of.spread.sum()) / max(of.count, 1)
    if length**2 <= chance * (1 + _CHANCE * np.sqrt(2 / len(of.mean))):
        along -= of.mean @ ends
    sums = np.concatenate([np.exp(sign * along).mean(axis=0) for sign in (1, -1)])
    return float(sums.min() / sums.max())


def mean_cosine(values: Floats) -> float:
    """The mean cosine of two different rows of (n, d), from their sum; rows of zeros have the
    cosine 0. 0 for fewer than two rows."""
    total, squares, n = np.zeros(values.shape[1]), 0.0, len(values)
    for begin in range(0, n, _PART):
        part = values[begin : begin + _PART]
        lengths = np.sqrt(np.einsum("nd,nd->n", part, part, dtype=np.float64))
        total += (1 / np.where(lengths > 0, lengths, np.inf)) @ part
        squares += float((lengths > 0).sum())
    return float((total @ total - squares) / (n * (n - 1))) if n > 1 else 0.0


@dataclass(frozen=True, eq=False)
class Neighborhoods:
    """The neighborhoods of n rows.

    near       (n, NEAR) int32, the nearest rows by cosine, in any order
    skew       skew of how often a row is among them (Radovanović et al. 2010): hubness
    most       how often the largest hub is
    dimension  intrinsic dimension by TwoNN, 0 where it cannot be told
    cosines    5, 50 and 95 % of the cosines of two rows
    """

    near: Ints
    skew: float
    most: int
    dimension: float
    cosines: tuple[float, float, float]


def neighborhoods(values: Floats) -> Neighborhoods:
    """The neighborhoods of a few thousand rows (n, d), of which every pair is compared."""
    ways, lengths = unit(values), np.linalg.norm(values.astype(np.float64), axis=1)
    n = len(values)
    k = min(NEAR, max(n - 1, 0))
    cosines = ways @ ways.T
    np.fill_diagonal(cosines, -2)
    near = np.argpartition(-cosines, k - 1, axis=1)[:, :k] if k else np.zeros((n, 0), int)
    counts = np.bincount(near.ravel(), minlength=n)
    pairs = cosines[np.triu_indices(n, 1)] if n < 500 else _pairs(cosines)
    cosines *= -2 * lengths.astype(np.float32)[None, :]
    cosines *= lengths.astype(np.float32)[:, None]
    cosines += (lengths**2).astype(np.float32)[None, :]  # now the squared distance, less |x|²
    np.fill_diagonal(cosines, np.inf)
    return Neighborhoods(
        near.astype(np.int32),
        skew(counts),
        int(counts.max(initial=0)),
        two_nn(_distances(values, cosines)) if n > 3 else 0.0,
        _three(pairs),
    )


def two_nn(distances: Doubles) -> float:
    """The intrinsic dimension of rows from the distances (n, 2) to their two nearest neighbors
    (TwoNN; Facco, d'Errico, Rodriguez & Laio 2017): the slope of -log(1 - F) over the logarithm of
    their ratio, through the origin, without the largest tenth. Rows that are there twice are left
    out. 0 where fewer than three rows are left."""
    apart = distances[distances[:, 0] > 0]
    if len(apart) < 3:
        return 0.0
    ratio = np.sort(np.log(apart[:, 1] / apart[:, 0]))
    kept = max(int(len(ratio) * _KEPT), 2)
    rise = -np.log1p(-np.arange(1, kept + 1) / len(ratio))
    across = ratio[:kept]
    total = float(across @ across)
    return float(across @ rise) / total if total else 0.0


def skew(counts: Array) -> float:
    """The skew of numbers (n,): the mean cube of their distance from the mean, in deviations; 0
    where all are equal."""
    apart = counts - counts.mean() if len(counts) else np.zeros(1)
    deviation = float(np.sqrt((apart**2).mean()))
    return float((apart**3).mean()) / deviation**3 if deviation > 0 else 0.0


def outliers(of: Moments) -> Ints:
    """Dimensions whose mean or deviation stands out from those of the others by five robust
    deviations or more (as Kovaleva et al. 2021 find them by three plain ones)."""
    far = np.zeros(len(of.mean), bool)
    for numbers in (of.mean, np.sqrt(of.variances)):
        apart = np.abs(numbers - np.median(numbers))
        deviation = _SIGMA * float(np.median(apart))
        far |= apart > max(_FAR * deviation, 1e-12)
    return np.flatnonzero(far).astype(np.int32)


def shared(first: Ints, second: Ints) -> float:
    """The mean share of neighbors (n, k) that rows have in both lists; 1 without neighbors."""
    if not first.size:
        return 1.0
    both = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return float(both.mean())


def _distances(values: Floats, squares: Floats) -> Doubles:
    """The distances (n, 2) to the two nearest of rows (n, d), which are taken again in float64 for
    the few that `squares` (n, n) say are nearest."""
    k = min(4, len(values) - 1)
    close = np.argpartition(squares, k - 1, axis=1)[:, :k]
    found = np.empty((len(values), 2))
    for begin in range(0, len(values), 512):
        own = slice(begin, begin + 512)
        apart = values[close[own]].astype(np.float64) - values[own, None].astype(np.float64)
        found[own] = np.sort(np.linalg.norm(apart, axis=2), axis=1)[:, :2]
    return found


def _pairs(cosines: Floats) -> Array:
    """Cosines of some rows with those far from them in the order: about 300,000."""
    n = len(cosines)
    step = max(n * n // 600_000, 1)
    return np.concatenate([np.diagonal(cosines, shift) for shift in range(1, n, step)])


def _three(values: Array) -> tuple[float, float, float]:
    if not len(values):
        return 0.0, 0.0, 0.0
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)
