"""The measures are scikit-learn's and those of the definitions, and say what they should of layouts
whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.maps.records import Layout
from atlas.maps.stages.measure import _sampled, measure
from atlas.maps.stages.neighbors import neighbors
from atlas.numeric import plane
from atlas.spaces.records import Selection, Vectors


class One(NamedTuple):
    """The faithfulness of one layout."""

    overlap: Any
    figures: dict[str, Any]


def taken(values: Any, xy: Any, k: int = 15, **options: Any) -> One:
    return every(values, [xy], k, **options)[0]


def every(values: Any, drawn: Sequence[Any], k: int = 15, **options: Any) -> list[One]:
    vectors = Vectors(np.asarray(values, np.float32), "test")
    selection = Selection(np.arange(len(values), dtype=np.int32))
    near = neighbors(vectors, selection, k=k)
    layouts = [Layout(np.asarray(xy, np.float32), {}) for xy in drawn]
    found = measure(vectors, selection, near, *layouts, k=k, **options)
    return [One(*one) for one in zip(found.overlap, found.figures, strict=True)]


def noise(n: int, d: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def circle(n: int, seed: int = 0) -> Any:
    """Points of a circle: nearness by cosine and on the plane are the same."""
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, n)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@settings(max_examples=25)
@given(n=st.integers(26, 200), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_trustworthiness_is_that_of_scikit_learn(n: int, k: int, seed: int) -> None:
    from sklearn.manifold import trustworthiness

    values, xy = noise(n, 6, seed), noise(n, 2, seed + 1) + noise(n, 6, seed)[:, :2]
    figures = taken(values, xy, k, sampled=n).figures
    assert figures["trustworthiness"] == pytest.approx(
        trustworthiness(
            values.astype(np.float64), xy.astype(np.float64), n_neighbors=k, metric="cosine"
        ),
        abs=2e-6,
    )


@settings(max_examples=25)
@given(n=st.integers(26, 200), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_continuity_is_trustworthiness_with_the_spaces_swapped(n: int, k: int, seed: int) -> None:
    from sklearn.manifold import trustworthiness
    from sklearn.metrics import pairwise_distances

    values, xy = noise(n, 6, seed), noise(n, 2, seed + 1) + noise(n, 6, seed)[:, :2]
    # The vectors enter scikit-learn's second place as points whose Euclidean order is that of
    # cosine.
    unit = values.astype(np.float64) / np.linalg.norm(
        values.astype(np.float64), axis=1, keepdims=True
    )
    apart = pairwise_distances(xy.astype(np.float64))
    expected = trustworthiness(apart, unit, n_neighbors=k, metric="precomputed")
    assert taken(values, xy, k, sampled=n).figures["continuity"] == pytest.approx(
        expected, abs=2e-6
    )


def test_overlap_is_that_of_the_definition() -> None:
    values, xy = noise(150, 5), noise(150, 5)[:, :2]
    overlap = taken(values, xy, 10).overlap
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    far = ((xy[:, None].astype(np.float64) - xy[None]) ** 2).sum(2)
    for row in range(150):
        true = [j for j in np.argsort(-(unit @ unit[row]), kind="stable") if j != row][:10]
        near = [j for j in np.argsort(far[row], kind="stable") if j != row][:10]
        assert overlap[row] == pytest.approx(len(set(true) & set(near)) / 10)


def test_a_perfect_layout_has_perfect_figures() -> None:
    points = circle(400)
    found = taken(points, points * 3 + 1, sampled=100)
    assert (
        found.overlap.min() > 0.9
    )  # rounding of neighbors equally far on both sides is all that may differ
    assert found.figures["trustworthiness"] > 0.9999 and found.figures["continuity"] > 0.9999
    assert found.figures["sampled"] == 100 and found.figures["k"] == 15


def test_a_random_layout_keeps_as_many_neighbors_as_chance() -> None:
    n, k = 3000, 15
    figures = taken(noise(n, 12), noise(n, 2, 5), k, sampled=500).figures
    expected = k / (n - 1)
    assert figures["overlap"] == pytest.approx(expected, abs=4 * np.sqrt(expected / (n * k)))
    assert figures["trustworthiness"] == pytest.approx(0.5, abs=0.02)
    assert figures["continuity"] == pytest.approx(0.5, abs=0.02)


def test_false_and_missing_neighbors_are_told_apart() -> None:
    points = circle(600)
    folded = np.stack(
        [points[:, 0], np.zeros(600)], axis=1
    )  # two arcs on one line: false neighbors, none lost
    found = taken(points, folded, sampled=600).figures
    assert found["continuity"] > 0.97 > 0.9 > found["trustworthiness"]
    torn = np.stack(
        [np.arctan2(points[:, 1], points[:, 0]), np.zeros(600)], axis=1
    )  # cut open: none false
    found = taken(points, torn, sampled=600).figures
    assert found["trustworthiness"] > found["continuity"]


def test_a_sample_comes_near_the_whole() -> None:
    values, xy = noise(1500, 6), noise(1500, 6)[:, :2]
    whole, part = taken(values, xy, sampled=1500), taken(values, xy, sampled=400, seed=3)
    for name in ("trustworthiness", "continuity"):
        assert part.figures[name] == pytest.approx(whole.figures[name], abs=0.01)
        assert part.figures[name] != whole.figures[name]
    assert part.overlap.tobytes() == whole.overlap.tobytes()
    again = taken(values, xy, sampled=400, seed=3)
    assert again.figures == part.figures


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 9, 16, 30])
def test_tiny_maps(n: int) -> None:
    found = taken(noise(max(n, 1), 4)[:n].reshape(n, 4), noise(max(n, 1), 2)[:n].reshape(n, 2))
    assert found.overlap.shape == (n,)
    assert all(
        0 <= found.figures[name] <= 1 for name in ("overlap", "trustworthiness", "continuity")
    )


@settings(max_examples=30)
@given(places=st.lists(st.integers(0, 3), min_size=8, max_size=60), k=st.integers(1, 6))
def test_points_on_one_spot_are_near_by_row(places: list[int], k: int) -> None:
    xy = np.stack([np.asarray(places), np.zeros(len(places))], axis=1).astype(np.float32)
    near = plane.nearest(xy, k)
    far = np.abs(xy[:, None, 0] - xy[None, :, 0])
    expected = [
        [j for j in np.argsort(far[i], kind="stable") if j != i][:k] for i in range(len(xy))
    ]
    assert near.tolist() == expected


@settings(max_examples=20)
@given(n=st.integers(2, 80), seed=st.integers(0, 99), grid=st.booleans())
def test_layouts_measured_together_are_measured_as_alone(n: int, seed: int, grid: bool) -> None:
    values = noise(n, 5, seed)
    drawn = [noise(n, 2, seed + 1), values[:, :2], np.zeros((n, 2))]
    if grid:  # with many at one distance
        values, drawn = np.round(values), [np.round(xy) for xy in drawn]
    together = every(values, drawn, sampled=n // 2 + 1)
    for one, xy in zip(together, drawn, strict=True):
        alone = taken(values, xy, sampled=n // 2 + 1)
        assert one.figures == alone.figures
        assert one.overlap.tobytes() == alone.overlap.tobytes()


def test_quantiles_and_threads() -> None:
    values, xy = noise(900, 6), noise(900, 6)[:, :2]
    one, two = taken(values, xy, work=Work(threads=1)), taken(values, xy, work=Work(threads=2))
    assert one.overlap.tobytes() == two.overlap.tobytes()
    assert one.figures["quantiles"] == pytest.approx(
        np.quantile(one.overlap, [0.1, 0.5, 0.9]), abs=1e-6
    )
    assert one.figures["overlap"] == pytest.approx(one.overlap.mean(), abs=1e-6)


ALIKE = {
    "equal": np.full((900, 24), 0.3),
    "equal but for rounding": 0.3 * np.linspace(0.1, 9, 900)[:, None] * noise(1, 24),
    "a line": 1 + np.linspace(0, 1, 900)[:, None] * np.eye(1, 24),
}


@pytest.mark.parametrize("name", ALIKE)
def test_threads_do_not_matter_where_much_is_as_near(name: str) -> None:
    from threadpoolctl import threadpool_limits

    found = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads):  # as a build does
            found.append(taken(ALIKE[name], noise(900, 2), work=Work(threads=threads)).figures)
    assert found[0] == found[1] == found[2]
    # Of what is equally near to all, no neighbor is a false one.
    assert (found[0]["trustworthiness"] == 1) == (name != "a line")


def test_standard_errors_are_how_far_samples_fall_apart() -> None:
    values, xy = noise(900, 6), noise(900, 2, 1) + noise(900, 6)[:, :2]
    whole = taken(values, xy, sampled=900).figures
    assert whole["trustworthiness_error"] == whole["continuity_error"] == 0
    drawn = [taken(values, xy, sampled=150, seed=seed).figures for seed in range(30)]
    for name in ("trustworthiness", "continuity"):
        apart = np.std([figures[name] for figures in drawn])
        said = np.mean([figures[f"{name}_error"] for figures in drawn])
        assert 0.6 < said / apart < 1.6
        assert np.mean([figures[name] for figures in drawn]) == pytest.approx(
            whole[name], abs=3 * said / np.sqrt(30)
        )


def test_fewer_are_sampled_of_many() -> None:
    assert [_sampled(n) for n in (1000, 50_000, 100_000, 200_000, 10**6)] == [
        2000,
        2000,
        1000,
        500,
        250,
    ]
