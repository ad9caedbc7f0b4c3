"""Indicators of membership: what separates, what does not, and that held-out rows are judged
honestly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from atlas.numeric.separation import (
    Indicator,
    auroc,
    by_direction,
    by_value,
    clearest,
    first_direction,
    line,
)

values = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@given(values, values)
def test_the_area_is_scikit_learn_s(inside: list[float], outside: list[float]) -> None:
    truth = [1] * len(inside) + [0] * len(outside)
    ours = auroc(np.array(inside), np.array(outside))
    assert ours == pytest.approx(roc_auc_score(truth, inside + outside))


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(5, 40))
def test_random_sets_separate_by_nothing(seed: int, size: int) -> None:
    """Judged by a mean that holds them, rows of 64 numbers would lie nearer to it than others do;
    held out they do not."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(600, 64)).astype(np.float32)
    known = np.sort(random.choice(600, size, replace=False)).astype(np.int32)
    indicators, lengths = by_direction(rows, known)
    assert lengths == pytest.approx(np.linalg.norm(rows.astype(float), axis=1))
    mean = rows[known].mean(axis=0)
    fooled = rows @ mean / np.linalg.norm(rows, axis=1)
    honest = indicators[0].auroc
    assert auroc(fooled[known], np.delete(fooled, known)) > honest
    assert abs(np.mean([one.auroc for one in indicators]) - 0.5) < 6 / np.sqrt(12 * size)


@pytest.mark.parametrize("sign", [1, -1])
def test_short_or_long_rows_are_found_by_their_length(sign: int) -> None:
    random = np.random.default_rng(0)
    lengths = random.normal(1, 0.1, 2000)
    known = np.arange(100, dtype=np.int32)
    lengths[:150] += sign  # fifty more that nobody knows of
    found = by_value("norm", lengths, known)
    assert found.auroc > 0.97
    drawn = line(found, known)
    assert set(np.flatnonzero(found.scores >= drawn.least)) == set(range(150))


def test_what_is_along_the_first_component_is_seen_less_of_without_it() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(3000, 32))
    rows[:, 0] += 6 * random.normal(size=3000)  # loud, and says nothing of the set
    rows[:, 1] += 3  # all share it
    rows[:200, 2] += 4
    known = np.arange(0, 200, 2, dtype=np.int32)
    indicators, _ = by_direction(rows.astype(np.float32), known)
    raw, centred, rest = (one.auroc for one in indicators)
    assert raw < centred < rest and rest > 0.97
    assert clearest(indicators, known).name == "cosine-rest"
    hidden = np.arange(1, 200, 2)
    others = np.arange(200, 3000)
    assert auroc(indicators[2].scores[hidden], indicators[2].scores[others]) > 0.97


def test_the_line_is_never_nearer_to_the_others() -> None:
    scores = np.r_[np.linspace(0, 1, 50), np.linspace(-1, 0.5, 500)]
    known = np.arange(50, dtype=np.int32)
    drawn = line(Indicator("x", scores, 0.9), known)
    assert drawn.least >= (drawn.inside + drawn.outside) / 2


def test_rows_of_zeros_and_equal_rows_have_no_cosine() -> None:
    rows = np.ones((20, 4), np.float32)
    rows[:3] = 0
    indicators, lengths = by_direction(rows, np.arange(5, dtype=np.int32))
    assert all(np.isfinite(one.scores).all() for one in indicators)
    assert lengths[0] == 0 and indicators[0].scores[0] == 0


def test_the_first_direction_is_numpy_s() -> None:
    random = np.random.default_rng(2)
    rows = (random.normal(size=(500, 20)) * np.linspace(3, 1, 20)).astype(np.float32)
    mean = rows.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(np.cov(rows.T))
    assert abs(first_direction(rows, mean) @ vectors[:, -1]) == pytest.approx(1, abs=1e-3)
