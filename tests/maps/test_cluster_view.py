"""Drawings of clusters: paths that say no more than they must."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from atlas.maps.cluster_view import dots

_units = st.integers(-3000, 3000)


@given(st.lists(st.tuples(_units, _units), max_size=60))
def test_a_path_has_a_dot_at_each_place_once(places: list[tuple[int, int]]) -> None:
    path = dots(np.array(places, float).reshape(-1, 2))
    steps = re.findall(r"m(-?\d+)(?: |(?=-))(-?\d+)h0", path)
    assert "".join(f"m{x}{'' if y[0] == '-' else ' '}{y}h0" for x, y in steps) == path
    drawn = np.cumsum(np.array(steps, int).reshape(-1, 2), axis=0)
    assert sorted(map(tuple, drawn.tolist())) == sorted(set(places))


def test_steps_take_fewer_signs_than_places() -> None:
    places = np.random.default_rng(0).normal((600, 330), (160, 80), (1500, 2)).round()
    absolute = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in np.unique(places, axis=0))
    assert len(dots(places)) < 0.75 * len(absolute)
