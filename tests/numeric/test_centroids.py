"""The start of UMAP: it tells of the whole, and is the same on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from atlas.numeric import pca
from atlas.numeric.centroids import _scaled, start


def tree(n: int, seed: int) -> Any:
    """Rows about forty groups, which lie about sixteen, so that near and far mean something."""
    draw = np.random.default_rng(seed)
    outer = draw.normal(size=(16, 60)) * 3
    inner = outer[draw.integers(0, 16, 40)] + draw.normal(size=(40, 60)) * 1.5
    return (inner[draw.integers(0, 40, n)] + draw.normal(size=(n, 60))).astype(np.float32)


def told(values: Any, places: Any) -> float:
    """The rank correlation of the cosine distances of pairs with those of their places."""
    one, other = np.random.default_rng(1).integers(0, len(values), (2, 5000))
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    apart = 1 - (units[one] * units[other]).sum(axis=1)
    gaps = np.linalg.norm(places[one] - places[other], axis=1)
    return float(spearmanr(apart, gaps).statistic)


@pytest.mark.parametrize("seed", range(3))
def test_it_tells_more_of_the_whole_than_pca(seed: int) -> None:
    values = tree(4000, seed)
    assert told(values, start(values, 9.0, 0)) > told(values, pca.start(values, 9.0, 0))


def test_its_deviation_is_the_spread_and_duplicates_part() -> None:
    values = np.repeat(tree(1000, 0), 2, axis=0)
    places = start(values, 9.0, 3)
    assert places.std(axis=0).max() == pytest.approx(9, rel=0.01)
    assert np.abs(places.mean(axis=0)).max() < 0.01
    assert len(np.unique(places, axis=0)) == len(values)
    assert np.array_equal(places, start(values, 9.0, 3))
    assert not np.array_equal(places, start(values, 9.0, 4))


def test_threads_do_not_matter() -> None:
    values, before, results = tree(3000, 2), torch.get_num_threads(), set()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.add(start(values, 9.0, 0).tobytes())
    finally:
        torch.set_num_threads(before)
    assert len(results) == 1


@pytest.mark.parametrize(
    "values",
    [np.zeros((2000, 4)), np.ones((2000, 4)), np.eye(2000)[:, :1], np.eye(2000, 300)],
)
def test_degenerate_rows(values: Any) -> None:
    places = start(values.astype(np.float32), 9.0, 0)
    assert places.shape == (2000, 2) and np.isfinite(places).all()


def test_scaling_finds_places_again() -> None:
    draw = np.random.default_rng(0)
    places = torch.from_numpy(draw.normal(size=(60, 2)))
    first = places + torch.from_numpy(draw.normal(size=(60, 2)))
    found = _scaled(torch.cdist(places, places), torch.ones(60, dtype=torch.float64), first)
    assert float((torch.cdist(found, found) - torch.cdist(places, places)).abs().max()) < 0.05
