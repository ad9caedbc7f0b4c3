"""The descent for graphics processors, held on the processor to the definition and to openTSNE."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.maps.records import Layout
from atlas.maps.stages.measure import measure
from atlas.maps.stages.neighbors import neighbors
from atlas.maps.stages.project import upright
from atlas.numeric import tsne
from atlas.numeric.pca import start
from atlas.numeric.tsne_torch import descend, push
from atlas.numeric.types import Near
from atlas.spaces.records import Selection, Vectors

PHASES = [(100, 12.0, 0.5), (250, 1.0, 0.8)]


def pushed(place: Any) -> tuple[Any, float]:
    """The sums of all pairs, one by one."""
    gap = place[:, None] - place[None]
    q = 1 / (1 + (gap**2).sum(axis=2))
    return (gap * (q**2)[..., None]).sum(axis=1), float(q.sum() - len(place))


@settings(max_examples=25)
@given(
    n=st.integers(2, 300),
    span=st.floats(1e-4, 8),
    seed=st.integers(0, 99),
    equal=st.booleans(),
    far=st.sampled_from([0.0, -1e3, 1e6]),
)
def test_pushes_are_those_of_all_pairs(
    n: int, span: float, seed: int, equal: bool, far: float
) -> None:
    place = np.random.default_rng(seed).uniform(-span / 2, span / 2, size=(n, 2))
    if equal:
        place[: n // 2] = place[0]
    force, weight = push(torch.tensor(place + far))
    expected, total = pushed(place)
    assert np.abs(np.asarray(force) - expected).max() < 2e-3 * max(np.abs(expected).max(), 1e-6)
    # The points' own terms, 1 each, are summed on the grid too before they are taken off.
    assert float(weight) == pytest.approx(total, abs=5e-4 * (total + n))


def test_on_a_wide_grid_it_errs_no_more_than_opentsne() -> None:
    from openTSNE import _tsne

    place = np.random.default_rng(0).normal(size=(2000, 2)) * 12
    expected, total = pushed(place)
    theirs = np.zeros_like(place)
    _tsne.estimate_negative_gradient_fft_2d(place, theirs, 3, 50, 1.0, dof=1.0)
    force, weight = push(torch.tensor(place))

    def error(found: Any) -> float:
        return float(np.abs(found - expected / total).mean())

    assert error(np.asarray(force / weight)) < 1.2 * error(-theirs)


def groups(n: int) -> Any:
    generator = np.random.default_rng(1)
    middles = generator.normal(size=(12, 20)) * 2
    rows = middles[generator.integers(0, 12, n)] + generator.normal(size=(n, 20))
    return rows.astype(np.float32)


def test_it_keeps_as_many_neighbors_as_opentsne() -> None:
    values = groups(1500)
    vectors = Vectors(values, "test")
    selection = Selection(np.arange(len(values), dtype=np.int32))
    near = neighbors(vectors, selection, k=15)
    affinities = tsne._affinities(near.rows, np.ones(len(values), np.bool_))
    begin = start(values, 1e-4, 0)

    def figures(place: Any) -> dict[str, Any]:
        laid = Layout(upright(place, turn=True), {"method": "tsne"})
        return measure(vectors, selection, near, laid).figures[0]

    own = figures(descend(begin, affinities, PHASES, device="cpu"))
    theirs = figures(tsne._by_opentsne(begin, affinities, PHASES, 0, 1, lambda _: None))
    for name in ("overlap", "trustworthiness", "continuity"):
        assert own[name] > theirs[name] - 0.02, name


@pytest.mark.parametrize("n", [4, 5, 6, 8, 12, 16, 24, 40])
def test_few_points_part_again(n: int) -> None:
    for seed in range(6):
        values = np.random.default_rng(seed).normal(size=(n, 10)).astype(np.float32)
        near = neighbors(
            Vectors(values, "test"), Selection(np.arange(n, dtype=np.int32)), k=min(15, n - 1)
        )
        place, _ = tsne.project(values, Near(near.rows, near.similarities), seed=0)
        assert 0.5 < np.ptp(place) < 100  # it once was 1e-26, and rounding errors were drawn


def test_threads_do_not_matter() -> None:
    values = groups(3001)
    near = neighbors(
        Vectors(values, "test"), Selection(np.arange(len(values), dtype=np.int32)), k=15
    )
    affinities = tsne._affinities(near.rows, np.ones(len(values), np.bool_))
    before, results = torch.get_num_threads(), set()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            place = descend(start(values, 1e-4, 0), affinities, [(20, 12.0, 0.5)], device="cpu")
            results.add(place.tobytes())
    finally:
        torch.set_num_threads(before)
    assert len(results) == 1


def test_progress_and_degenerate_maps() -> None:
    heard: list[float] = []
    for values in (np.zeros((30, 4)), np.eye(30)[:, :1], np.ones((4, 2))):
        rows = np.stack([np.roll(np.arange(len(values)), -j - 1) for j in range(3)], axis=1)
        affinities = tsne._affinities(rows, np.ones(len(values), np.bool_))
        begin = start(values.astype(np.float32), 1e-4, 0)
        heard.clear()
        place = descend(
            begin, affinities, [(5, 12.0, 0.5), (5, 1.0, 0.8)], device="cpu", progress=heard.append
        )
        assert place.shape == begin.shape and np.isfinite(place).all()
        assert heard == sorted(heard) and heard[-1] == 1
