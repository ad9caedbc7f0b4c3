"""Order in vectors: what is planted is found, what is not is not, and the shuffle test is honest."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.numeric import order
from atlas.numeric.types import Doubles, Floats


def planted(plan: Doubles, width: int, noise: float, seed: int) -> Floats:
    """A plan (n, p) turned into `width` dimensions, far from the origin, with noise of a norm that
    is about `noise` for each thing."""
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(random.normal(size=(width, plan.shape[1])))[0]
    far = 3 * random.normal(size=width)
    values = plan @ turn.T + noise * random.normal(size=(len(plan), width)) / np.sqrt(width) + far
    return values.astype(np.float32)


def circle(n: int) -> Doubles:
    return order.on_circle(np.arange(n, dtype=np.int32), n)


def line(n: int) -> Doubles:
    return np.linspace(-1.7, 1.7, n)[:, None]


def half_circle(n: int) -> Doubles:
    turn = np.pi * np.arange(n) / (n - 1)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def open_ring(n: int) -> Doubles:
    turn = 1.5 * np.pi * np.arange(n) / (n - 1)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def coil(n: int) -> Doubles:
    turn = 2 * np.pi * np.arange(n) / 10
    return np.stack([np.cos(turn), np.sin(turn), np.linspace(-2, 2, n)], axis=1)


PLANS = {"circle": circle, "line": line, "half circle": half_circle, "coil": coil}


def places(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.int32)


@pytest.mark.parametrize("n", [7, 12, 15, 100])
@pytest.mark.parametrize("width", [64, 384])
@pytest.mark.parametrize("plan", PLANS)
def test_what_is_planted_is_found_and_called_by_its_name(plan: str, width: int, n: int) -> None:
    for seed in range(5):
        found = order.measure(planted(PLANS[plan](n), width, 0.7, seed), places(n), n, 999, seed)
        best = found.circle if found.shape == "circle" else found.line
        assert found.shape == ("circle" if plan == "circle" else "line"), seed
        assert found.p < 0.03 and best.correlation > 0.8


@pytest.mark.parametrize("n", [12, 24, 100])
def test_what_is_open_is_no_circle(n: int) -> None:
    """Three quarters of a turn, of which the plane predicts more than a line."""
    found = [order.measure(planted(open_ring(n), 256, 0.5, s), places(n), n, 99) for s in range(9)]
    assert sum(one.shape == "line" for one in found) >= 8
    assert all(one.circle.correlation > one.line.correlation for one in found)
    whole = [order.measure(planted(circle(n), 256, 2, s), places(n), n, 99) for s in range(9)]
    assert sum(one.shape == "circle" for one in whole) >= 8


def test_a_circle_s_things_stand_round_a_ring_in_their_order() -> None:
    found = order.measure(planted(circle(12), 128, 0.5, 3), places(12), 12, 99)
    angles = np.arctan2(found.circle.places[:, 1], found.circle.places[:, 0])
    assert order.circular_rank(angles, 2 * np.pi * np.arange(12) / 12) == pytest.approx(1)
    straight = order.measure(planted(line(30), 128, 0.3, 3), places(30), 30, 99)
    assert order.rank_correlation(straight.line.places[:, 0], np.arange(30.0)) > 0.95


@pytest.mark.parametrize(("n", "width"), [(7, 384), (12, 64), (30, 16)])
def test_five_percent_of_shuffled_orders_are_below_five_percent(n: int, width: int) -> None:
    """Of vectors without any order, and of a set whose vectors are all alike in one direction."""
    random = np.random.default_rng(n)
    values = (random.normal(size=(n, width)) + 5 * random.normal(size=width)).astype(np.float32)
    matrices = order.predictors(values)
    shuffled = random.permuted(np.tile(np.arange(n), (4000, 1)), axis=1)
    reference = random.permuted(np.tile(np.arange(n), (4000, 1)), axis=1)
    either = []
    for orders in (shuffled, reference):
        targets = (circle(n), line(n) / 3.4)
        both = [order.best(matrices, (one - one.mean(axis=0))[orders]) for one in targets]
        either.append(np.maximum(*both))
    p = [order.as_large(either[1], value) for value in either[0]]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.01)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.04)


def test_noise_of_many_dimensions_is_no_circle() -> None:
    """Seven vectors of 2,000 dimensions lie on any circle that one fits to all of them."""
    found = [
        order.measure(planted(np.zeros((7, 2)), 2000, 1.0, seed), places(7), 7, 499, seed)
        for seed in range(40)
    ]
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.15
    assert abs(np.mean([one.circle.correlation for one in found])) < 0.2


@given(st.integers(6, 14), st.integers(1, 20), st.integers(0, 99), st.sampled_from(order.PENALTIES))
@settings(max_examples=60)
def test_predictions_are_those_of_ridge_regressions_on_the_others(
    n: int, width: int, seed: int, penalty: float
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, width)).astype(np.float32)
    target = random.normal(size=(n, 2))
    target -= target.mean(axis=0)
    matrices = order.predictors(values)
    predicted = matrices[order.PENALTIES.index(penalty)] @ target
    rows = values.astype(np.float64)
    centred = rows - rows.mean(axis=0)
    size = penalty * (centred**2).sum() / (n - 1)
    for left in range(n):
        others = np.delete(np.arange(n), left)
        middle = rows[others].mean(axis=0)
        x, y = rows[others] - middle, target[others] - target[others].mean(axis=0)
        weights = np.linalg.solve(x.T @ x + size * np.eye(width), x.T @ y)
        assert predicted[left] == pytest.approx((rows[left] - middle) @ weights, abs=1e-6)


@given(st.integers(7, 20), st.integers(0, 50), st.integers(1, 19), st.booleans())
@settings(max_examples=50)
def test_a_circle_has_no_start_and_no_direction(n: int, seed: int, by: int, back: bool) -> None:
    values = np.random.default_rng(seed).normal(size=(n, 9)).astype(np.float32)
    moved = (places(n) * (-1 if back else 1) + by) % n
    one, other = (
        order.measure(values, at, n, 1).circle.correlation
        for at in (places(n), moved.astype(np.int32))
    )
    assert other == pytest.approx(one)


@given(st.integers(6, 20), st.integers(1, 6), st.integers(0, 50))
@settings(max_examples=30)
def test_sets_are_as_strong_together_as_each_alone(n: int, sets: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(sets, n, 9)).astype(np.float32)
    values[0] = values[0, 0]  # nothing to fit
    alone = [order.measure(one, places(n), n, 1) for one in values]
    expected = [max(one.circle.correlation, one.line.correlation) for one in alone]
    assert order.strengths(values, places(n), n).tolist() == pytest.approx(expected)


@given(st.permutations(range(8)), st.integers(0, 7))
@settings(max_examples=50)
def test_circular_ranks_correlate_whatever_they_start_from(found: list[int], by: int) -> None:
    angles = 2 * np.pi * np.array(found) / 8
    true = 2 * np.pi * np.arange(8) / 8
    value = order.circular_rank(angles, true)
    assert -1 - 1e-9 <= value <= 1 + 1e-9
    assert order.circular_rank(angles + 2 * np.pi * by / 8 + 0.01, true) == pytest.approx(value)
    assert order.circular_rank(-angles - 0.01, true) == pytest.approx(-value)
    assert order.circular_rank(angles, angles) == pytest.approx(1)


def test_p_values_count_the_value_itself() -> None:
    assert order.as_large(np.array([0.1, 0.2, 0.3]), 0.25) == 0.5
    assert order.as_large(np.zeros(99), 1.0) == 0.01


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=30))
def test_adjusted_values_are_those_of_benjamini_and_hochberg(p: list[float]) -> None:
    found = order.false_discoveries(np.array(p))
    for number, value in enumerate(p):
        larger = [one * len(p) / sum(other <= one for other in p) for one in p if one >= value]
        assert found[number] == pytest.approx(min(1, *larger, 1))


def test_equal_vectors_and_a_single_one_have_no_order() -> None:
    for n in (1, 2, 8):
        values = np.ones((n, 5), np.float32)
        found = order.measure(values, places(n), n, 49)
        assert found.circle.correlation == found.line.correlation == 0 and found.p == 1


def test_few_things_have_too_few_orders() -> None:
    """The bounds of FEWEST: from there on at least 360 orders are told apart."""
    for shape, fewest in order.FEWEST.items():
        seen = set()
        for found in itertools.permutations(range(fewest)):
            ways = [found, found[::-1]]
            if shape == "circle":
                ways = [one[by:] + one[:by] for one in ways for by in range(fewest)]
            seen.add(min(ways))
        assert len(seen) >= 360
