"""The shape of an input table's space, beside Gaussian rows of the same mean and covariance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from atlas.engine.stage import Work, helper, stage
from atlas.errors import StageError
from atlas.findings.tables.data import COMPONENTS, Figures, Norms, Shape
from atlas.numeric import shape as cloud
from atlas.numeric.shape import Moments, Neighborhoods, gaussian, isotropy, mean_cosine
from atlas.numeric.shape import moments as moments_of
from atlas.numeric.types import Floats, Ints
from atlas.spaces.records import KINDS, Suspicion, Vectors, Vocabulary

SHAPE = helper("shape", version=cloud.VERSION)

SAMPLED = 2000  # rows, at most, every pair of which is compared
SPREAD = 8192  # rows, at most, of which the covariance is taken
PLACES = 10  # parts of the vocabulary by id


@stage("shape", version=5, weight=0.8, uses=(SHAPE,))
def shape(
    vocabulary: Vocabulary,
    vectors: Vectors,
    suspicion: Suspicion,
    *,
    seed: int = 0,
    work: Work = Work(),
) -> Shape:
    """The shape of the space of rows that stand for something: those of unused tokens and without
    tokens are left out, those that look untrained, rows of zeros and such with a number that is not
    finite. A handful of untrained rows near the middle are the nearest of all others, and change
    what is told of these. Raises StageError where fewer than two rows are there, or finite."""
    lengths = np.asarray(suspicion.lengths)
    whole = np.isfinite(lengths)
    if len(lengths) < 2:
        raise StageError(
            f"{vectors.tensor}: one row has no shape.",
            "Its maps are made all the same; a page of the table needs two rows.",
        )
    if whole.sum() < 2:
        raise StageError(
            f"{vectors.tensor}: no two rows hold finite numbers alone.",
            "Such a table has no shape. Mend the checkpoint, or leave the model out.",
        )
    kinds = np.array(vocabulary.kinds)
    meant = (kinds != "unused") & (lengths > 0) & whole
    meant[np.array(suspicion.facts["flagged"], np.int32)] = False
    used = np.flatnonzero(meant).astype(np.int32)
    used = used if len(used) > 1 else np.flatnonzero(whole).astype(np.int32)
    some = _drawn(used, SPREAD, seed)
    few = _drawn(used, SAMPLED, seed + 1)
    # No figure depends on the unit, and squares of very long rows do not fit in float32.
    scale = np.float32(2.0 ** np.round(np.log2(max(float(np.median(lengths[used])), 1e-30))))
    spread = np.asarray(vectors.values[some]) / scale
    rows = np.asarray(vectors.values[few]) / scale
    moments = moments_of(spread)
    work.progress(0.3)
    near = cloud.neighborhoods(rows)
    work.progress(0.5)
    random = gaussian(moments, len(rows), seed)
    work.progress(0.7)
    middle = moments.mean.astype(np.float32)
    centred = cloud.neighborhoods(rows - middle)
    far = cloud.outliers(moments)
    squares = moments.variances + moments.mean**2
    square = max(float(squares.sum()), 1e-300)
    return Shape(
        rows=len(used),
        sampled=len(few),
        own=_figures(spread, moments, near),
        gaussian=_figures(random, moments_of(random), cloud.neighborhoods(random)),
        centred=_figures(spread - middle, _around(moments), centred),
        kept=round(cloud.shared(near.near, centred.near), 4),
        shared=round(float(moments.mean @ moments.mean) / square, 4),
        components=tuple(
            round(float(moments.shares[:count].sum()), 4)
            for count in COMPONENTS
            if count <= len(moments.mean)
        ),
        half=_half(moments),
        participation=round(moments.participation, 1),
        outliers=tuple(far.tolist()),
        outlier_share=round(float(squares[far].sum()) / square, 4),
        by_kind=tuple(_by_kind(kinds[whole], lengths[whole])),
        by_place=tuple(_by_place(lengths)),
    )


def _half(moments: Moments) -> int:
    """How many components hold half of the variance; 0 without variance."""
    if not moments.participation:
        return 0
    return int(np.searchsorted(np.cumsum(moments.shares), 0.5)) + 1


def _figures(values: Floats, moments: Moments, near: Neighborhoods) -> Figures:
    """Figures, to as many digits as do not depend on the order of sums."""
    low, middle, high = (round(value, 3) for value in near.cosines)
    return Figures(
        mean_cosine=round(mean_cosine(values), 4),
        cosines=(low, middle, high),
        isotropy=round(isotropy(values, moments), 4),
        skew=round(near.skew, 2),
        most=near.most,
        dimension=round(near.dimension, 1),
    )


def _around(moments: Moments) -> Moments:
    """The moments of the same rows less their mean."""
    return Moments(
        moments.count,
        np.zeros_like(moments.mean),
        moments.spread,
        moments.directions,
        moments.variances,
    )


def _drawn(rows: Ints, most: int, seed: int) -> Ints:
    """All of some rows (n,), or `most` of them at random, in their order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _by_kind(kinds: np.ndarray, lengths: Floats) -> Iterator[Norms]:
    for kind in KINDS:
        if (own := kinds == kind).any():
            yield _norms(kind, lengths[own])


def _by_place(lengths: Floats) -> Iterator[Norms]:
    bounds = np.linspace(0, len(lengths), min(PLACES, len(lengths)) + 1).round().astype(int)
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        own = lengths[begin:end]
        if (whole := np.isfinite(own)).any():
            yield _norms(str(begin), own[whole])


def _norms(name: str, lengths: Floats) -> Norms:
    low, middle, high = (round(float(one), 4) for one in np.quantile(lengths, (0.1, 0.5, 0.9)))
    return Norms(name=name, count=len(lengths), low=low, middle=middle, high=high)
