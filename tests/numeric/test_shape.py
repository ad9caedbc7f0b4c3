"""The shape of clouds whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import make_swiss_roll

from atlas.numeric import shape
from atlas.numeric.types import Floats


def normal(seed: int, count: int, width: int) -> Floats:
    return np.random.default_rng(seed).standard_normal((count, width), np.float32)


@pytest.mark.parametrize(("count", "width"), [(32000, 64), (20000, 300), (8000, 128), (5000, 50)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_isotropic_gaussian_is_isotropic(count: int, width: int, seed: int) -> None:
    rows = normal(seed, count, width)
    assert shape.isotropy(rows, shape.moments(rows)) == pytest.approx(1, abs=0.02)


def test_a_mean_or_a_loud_direction_is_less_isotropic() -> None:
    rows = normal(0, 5000, 50)
    told = []
    for shift in (0.0, 0.1, 0.3, 1.0):
        moved = rows + np.float32(shift)
        told.append(shape.isotropy(moved, shape.moments(moved)))
    assert told == sorted(told, reverse=True) and told[-1] < 0.3
    loud = rows * np.r_[20, np.ones(49)].astype(np.float32)
    assert shape.isotropy(loud, shape.moments(loud)) < 0.7
    assert shape.isotropy(rows * 1000, shape.moments(rows * 1000)) == pytest.approx(
        shape.isotropy(rows, shape.moments(rows)), abs=1e-3
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_swiss_roll_has_two_dimensions(seed: int) -> None:
    rows, _ = make_swiss_roll(3000, random_state=seed)
    found = shape.neighborhoods(rows.astype(np.float32))
    assert found.dimension == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize(("width", "within"), [(1, 0.1), (3, 0.3), (6, 0.8)])
def test_a_cube_within_more_dimensions(width: int, within: float) -> None:
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(20, 20)))[0][:width]
    rows = (random.random((3000, width)) @ turn).astype(np.float32)
    assert shape.neighborhoods(rows).dimension == pytest.approx(width, abs=within)


def test_rows_that_are_there_twice_do_not_spoil_the_dimension() -> None:
    rows, _ = make_swiss_roll(2000, random_state=0)
    doubled = np.concatenate([rows, rows[:300]]).astype(np.float32)
    assert shape.neighborhoods(doubled).dimension == pytest.approx(2, abs=0.2)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(3, 60), st.integers(1, 8))
def test_figures_are_those_of_the_definitions(seed: int, count: int, width: int) -> None:
    rows = normal(seed, count, width) + np.float32(0.3)
    moments = shape.moments(rows)
    assert np.cov(rows.T, bias=True).reshape(width, width).trace() == pytest.approx(
        moments.spread.sum(), rel=1e-3
    )
    assert moments.participation <= width * (1 + 1e-6)
    ways = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = (ways @ ways.T)[np.triu_indices(count, 1)]
    assert shape.mean_cosine(rows) == pytest.approx(pairs.mean(), abs=1e-4)
    near = shape.neighborhoods(rows)
    assert not (near.near == np.arange(count)[:, None]).any()
    assert shape.shared(near.near, near.near) == 1
    counts = np.bincount(near.near.ravel(), minlength=count)
    if counts.std():
        assert near.skew == pytest.approx(stats.skew(counts))
    assert near.most == counts.max()


def test_gaussian_rows_have_the_moments_asked_for() -> None:
    rows = normal(3, 4000, 10) * np.linspace(1, 4, 10, dtype=np.float32) + np.float32(2)
    moments = shape.moments(rows)
    made = shape.gaussian(moments, 40000)
    assert made.mean(axis=0) == pytest.approx(moments.mean, abs=0.1)
    assert np.cov(made.T) == pytest.approx(np.cov(rows.T), abs=0.4)
    assert (shape.gaussian(moments, 50, 1) == shape.gaussian(moments, 50, 1)).all()


def test_loud_dimensions_stand_out() -> None:
    rows = normal(4, 3000, 100)
    assert not len(shape.outliers(shape.moments(rows)))
    rows[:, 7] += 5
    rows[:, 30] *= 6
    assert shape.outliers(shape.moments(rows)).tolist() == [7, 30]


def test_clouds_of_almost_nothing() -> None:
    for rows in (np.zeros((1, 3)), np.zeros((5, 3)), np.ones((4, 1)), np.eye(2)):
        values = rows.astype(np.float32)
        moments = shape.moments(values)
        near = shape.neighborhoods(values)
        figures = (
            shape.isotropy(values, moments),
            shape.mean_cosine(values),
            moments.participation,
            near.skew,
            near.dimension,
        )
        assert np.isfinite(figures).all()
