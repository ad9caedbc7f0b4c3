"""Points among their own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from atlas.numeric.gathering import gathered


def test_groups_gather_and_a_mixture_does_not() -> None:
    rng = np.random.default_rng(0)
    apart = np.concatenate([rng.normal(0, 1, (400, 2)), rng.normal(12, 1, (400, 2))])
    keys = np.repeat([0, 1], 400)
    assert gathered(apart, keys).mean() > 0.9
    mixed = rng.permutation(np.arange(1000) % 12)
    assert gathered(rng.random((1000, 2)), mixed).mean() < 0.1


def test_scattered_members_are_told_from_gathered_ones() -> None:
    rng = np.random.default_rng(1)
    places = np.concatenate([rng.normal(0, 0.4, (300, 2)), rng.uniform(-6, 6, (900, 2))])
    keys = np.concatenate([np.zeros(300), np.arange(900) % 9]).astype(int)
    among = gathered(places, keys)
    assert among[:300].mean() > 0.9
    assert among[300:].mean() < 0.2


@given(
    st.integers(1, 60),
    st.integers(0, 2**32 - 1),
    st.floats(0.01, 1000),
    st.floats(-100, 100),
)
def test_scale_and_place_do_not_matter_and_noise_gathers_nowhere(
    n: int, seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 64, (n, 2)).astype(float)
    keys = rng.integers(-1, 3, n)
    among = gathered(places, keys)
    assert among.shape == (n,)
    assert not among[keys < 0].any()
    order = rng.permutation(n)
    assert np.array_equal(gathered(places[order], keys[order]), among[order])
    assert np.array_equal(gathered(places * 4, keys), among)  # exact in floats
    assert gathered(places * scale + shift, keys).shape == (n,)


def test_one_point_or_one_place() -> None:
    assert not gathered(np.zeros((1, 2)), np.array([0])).any()
    assert gathered(np.zeros((5, 2)), np.zeros(5, int)).all()
    assert not gathered(np.zeros((3, 2)), np.full(3, -1)).any()
