"""Candidates by half of the products: what is left out is below the bound, and most is found."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atlas.numeric import symmetric
from atlas.numeric.types import Array


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    with patch.object(symmetric, "_BLOCK", 16):
        yield


def searched(table: torch.Tensor, count: int, workers: int = 2) -> tuple[Array, Array]:
    """Bounds (n,) and candidates (n, count) of all rows, each told once."""
    bounds = np.full(len(table), np.nan)
    candidates = np.full((len(table), count), -1)
    lock = Lock()

    def found(rows: torch.Tensor, some: torch.Tensor, others: torch.Tensor) -> None:
        with lock:
            own = rows.numpy()
            assert np.isnan(bounds[own]).all()
            bounds[own], candidates[own] = some.double().numpy(), others.numpy()

    symmetric.search(table, count, workers, found)
    return bounds, candidates


@given(
    st.integers(17, 90),
    st.integers(1, 6),
    st.integers(3, 20),
    st.sampled_from([torch.float32, torch.bfloat16]),
    st.sampled_from(["noise", "ties", "cone", "opposite"]),
    st.integers(0, 2**16),
)
def test_no_other_row_is_above_the_bound(
    n: int, width: int, count: int, kind: torch.dtype, shape: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, width)).astype(np.float32)
    if shape == "ties":
        rows = np.round(rows)
    if shape == "cone":
        rows = rows * 1e-3 + 1
    if shape == "opposite":
        rows[n // 2 :] = -rows[: n - n // 2]
    table = torch.nn.functional.normalize(torch.from_numpy(rows)).to(kind)
    bounds, candidates = searched(table, count)

    products = table.double().numpy() @ table.double().numpy().T
    left = np.ones((n, n), bool)
    np.put_along_axis(left, candidates, False, axis=1)
    np.fill_diagonal(left, False)
    rounding = (width + 8) * 2**-23 if kind == torch.float32 else 2**-8
    assert (products <= bounds[:, None] + rounding * np.abs(products) + 1e-7)[left].all()
    for row, some in enumerate(candidates):
        others = some[some != row]
        assert len(set(others)) == len(others)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_most_rows_have_all_their_candidates(kind: torch.dtype) -> None:
    random = np.random.default_rng(0)
    table = torch.nn.functional.normalize(torch.from_numpy(random.normal(size=(2000, 24))))
    _, candidates = searched(table.to(kind), 20)
    others = (candidates != np.arange(2000)[:, None]).sum(1)
    assert (others >= 19).mean() > 0.9
    assert (others >= 10).mean() > 0.98


def test_any_number_of_workers_finds_the_same() -> None:
    random = np.random.default_rng(1)
    table = torch.nn.functional.normalize(torch.from_numpy(np.round(random.normal(size=(333, 5)))))
    one, more = (searched(table.float(), 12, workers) for workers in (1, 3))
    assert all(np.array_equal(a, b) for a, b in zip(one, more, strict=True))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_equal_rows_are_not_each_others_candidates_by_the_thousand(kind: torch.dtype) -> None:
    """They would fill the memory; a row without candidates is searched otherwise."""
    random = np.random.default_rng(2)
    few = random.normal(size=(3, 700)).astype(np.float32)
    table = torch.nn.functional.normalize(torch.from_numpy(few[random.integers(0, 3, 900)]))
    seen = []
    before = symmetric._Search._above  # what is held until a block is finished

    def watched(*given: torch.Tensor) -> tuple[Array, Array, Array]:
        seen.append(len((found := before(*given))[0]))  # type: ignore[arg-type]
        return found

    with patch.object(symmetric._Search, "_above", watched):
        searched(table.to(kind), 12)
    assert sum(seen) == 0
