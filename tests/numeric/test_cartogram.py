"""Layouts that fill their frame keep who is near, repeat byte for byte, and are sane for any
points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import map_coordinates

from atlas.numeric.cartogram import (
    FEWEST,
    GOAL,
    at,
    between,
    box,
    closed,
    crowding,
    filled,
    fitted,
    reshaped,
)
from atlas.numeric.plane import nearest, shared
from atlas.numeric.types import Doubles, Floats

ASPECT = 9 / 16
K = 15


def islands(n: int = 2000, seed: int = 0) -> Floats:
    """Dense islands of several sizes far apart, with a few strays."""
    generator = np.random.default_rng(seed)
    middles = generator.normal(size=(9, 2)) * 12
    at = generator.integers(0, 9, n)
    points = middles[at] + generator.normal(size=(n, 2)) * (0.1 + at[:, None] / 12)
    points[:3] *= 40
    return points.astype(np.float32)


def kept(before: Floats | Doubles, after: Floats | Doubles) -> float:
    one, other = (nearest(np.asarray(xy, np.float32), K) for xy in (before, after))
    return float(shared(one, other).mean()) / K


@pytest.mark.parametrize("seed", range(4))
def test_islands_fill_the_frame_and_neighbors_stay(seed: int) -> None:
    points = islands(seed=seed)
    frame = box(ASPECT)
    as_drawn = crowding(fitted(points.astype(np.float64), frame, 0.0), *frame)
    xy, facts = filled(points, ASPECT, nearest(points, K))
    assert crowding(xy, 1.0, ASPECT) == pytest.approx(facts["filled"], rel=0.1)
    assert facts["filled"] > max(3 * as_drawn, GOAL * 0.45)
    assert kept(points, xy) > 0.85
    assert xy.min() >= 0 and xy[:, 0].max() <= 1 and xy[:, 1].max() <= ASPECT


def test_shapes_come_back() -> None:
    """A stretched copy takes the shape it had, up to a turn and a scale; a turned one stays."""
    points = islands(600, 1)[3:].astype(np.float64)
    stretched = points * [1.5, 1.0]
    back = reshaped(points, stretched)
    assert kept(points, back) > kept(points, stretched)
    turned = points @ np.array([[0.6, 0.8], [-0.8, 0.6]]) * 3
    assert np.allclose(reshaped(points, turned), turned, atol=1e-6)


def test_the_same_bytes_on_any_number_of_threads() -> None:
    points = islands(12_000, 2)
    near = nearest(points, K, 2)
    one, other = (filled(points, ASPECT, near, threads)[0].tobytes() for threads in (1, 2))
    assert one == other


def test_what_is_even_already_is_not_moved_far() -> None:
    generator = np.random.default_rng(0)
    even = (generator.random((3000, 2)) * [1, ASPECT]).astype(np.float32)
    xy, _ = filled(even, ASPECT, nearest(even, K))
    assert np.abs(xy - even).max() < 0.1 and kept(even, xy) > 0.9


@settings(max_examples=15)
@given(arrays.arrays(np.float32, (90, 2), elements=st.floats(-1e6, 1e6, width=32)), st.booleans())
def test_any_points_get_places_inside(points: Floats, flat: bool) -> None:
    """Repeated points, points on a line and far ones too."""
    if flat:
        points[:, 1] = points[0, 1]
    assert len(points) >= FEWEST
    near = np.tile(np.arange(K, dtype=np.int32), (90, 1))
    xy, facts = filled(points, ASPECT, near)
    assert np.isfinite(xy).all() and 0 < facts["filled"] <= 1
    assert xy.min() >= 0 and xy[:, 0].max() <= 1 and xy[:, 1].max() <= ASPECT


@settings(max_examples=50)
@given(arrays.arrays(np.float64, (60, 2), elements=st.floats(-1e6, 1e6)))
def test_closing_gaps_keeps_the_order_along_both_axes(points: Doubles) -> None:
    drawn = closed(points)
    for axis in (0, 1):
        order = np.argsort(points[:, axis], kind="stable")
        assert (np.diff(drawn[order, axis]) >= 0).all()
        assert np.ptp(drawn[:, axis]) <= np.ptp(points[:, axis]) * (1 + 1e-9)
    assert np.isfinite(drawn).all()


def test_crowding_is_the_share_of_the_densest_half() -> None:
    """Half of the points in one corner, the others everywhere else: that corner's share."""
    generator = np.random.default_rng(0)
    corner = generator.random((10_000, 2)) * [4 / 16, 2 / 9 * ASPECT]
    rest = generator.random((9_999, 2)) * [1, ASPECT]
    assert crowding(np.concatenate([corner, rest]), 1, ASPECT) == pytest.approx(1 / 18, rel=0.2)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=50)
def test_a_field_between_its_knots_is_what_scipy_finds(high: int, wide: int, seed: int) -> None:
    """At knots, between them and beyond the edge; on x86 to the bit."""
    random = np.random.default_rng(seed)
    field = random.normal(size=(high, wide))
    y, x = random.uniform(-1, 1.2, (2, 40)) * [[high], [wide]]
    y[:9], x[:7] = y[:9].round(), x[:7].round()
    found = at(field, between(y, high), between(x, wide))
    expected = map_coordinates(field, [y, x], order=1, mode="nearest")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
