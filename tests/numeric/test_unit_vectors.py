"""Vectors at length 1, threads of torch, and what chance gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.numeric.chance import middle
from atlas.numeric.threads import torch_threads
from atlas.numeric.vectors import NotFiniteError, unit


@settings(max_examples=40)
@given(seed=st.integers(0, 999), exponent=st.integers(-100, 60), wide=st.booleans())
def test_rows_have_length_one_in_their_own_precision(seed: int, exponent: int, wide: bool) -> None:
    values = np.random.default_rng(seed).normal(size=(30, 7)).astype(np.float32)
    scaled = (values * np.float32(2.0**exponent)).astype(np.float64 if wide else np.float32)
    result = unit(scaled)
    assert result.dtype == scaled.dtype and result is not scaled
    assert np.allclose(np.linalg.norm(result.astype(np.float64), axis=1), 1, atol=1e-6)
    assert np.allclose(result, unit(values), atol=1e-6)


def test_a_row_of_zeros_stays_zero() -> None:
    values = np.zeros((5000, 3), np.float32)
    values[4999] = [3, 0, 4]
    assert not unit(values)[:4999].any()
    assert unit(values)[4999].tolist() == pytest.approx([0.6, 0, 0.8])
    assert unit(np.zeros((0, 4))).shape == (0, 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_row_that_is_not_finite_is_named(bad: float) -> None:
    values = np.ones((5000, 2), np.float32)
    values[[4500, 4600], 1] = bad
    with pytest.raises(NotFiniteError) as caught:
        unit(values)
    assert caught.value.row == 4500


@pytest.mark.parametrize("count", [0, 1, 3])
def test_torch_gets_its_threads_back(count: int) -> None:
    import torch

    def fail() -> None:
        with torch_threads(count):
            assert torch.get_num_threads() == max(count, 1)
            raise KeyError

    before = torch.get_num_threads()
    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == before


def test_most_of_chance_lies_in_the_middle() -> None:
    low, high = middle(np.arange(1001))
    assert (low, high) == (25, 975)


def test_rows_of_a_file_are_those_of_the_array(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(9000, 5)).astype(np.float32)
    np.save(tmp_path / "values.npy", values)
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r")
    rows = np.arange(0, 9000, 2)
    assert unit(mapped, rows).tobytes() == unit(values[rows]).tobytes()
    assert unit(mapped).tobytes() == unit(values).tobytes()
    assert np.array_equal(mapped, values)
