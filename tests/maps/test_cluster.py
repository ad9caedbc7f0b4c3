"""Clusters are what HDBSCAN finds, numbered for good, named by words, with their noise told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.maps.records import Clusters, Layout, Neighbors
from atlas.maps.stages import cluster as stage
from atlas.numeric import density, plane
from atlas.numeric.density import NOISE
from atlas.spaces.records import Selection, Vectors, Vocabulary


def words(kinds: list[str]) -> Vocabulary:
    names = tuple(f"t{row}" for row in range(len(kinds)))
    return Vocabulary(names, names, tuple(kinds), ("Latin",) * len(kinds), "wordpiece")


def taken(xy: Any, values: Any = None, kinds: list[str] | None = None, **options: Any) -> Clusters:
    """Clusters of a layout; the vectors are its points unless others are given."""
    points = np.asarray(xy, np.float32).reshape(-1, 2)
    n = len(points)
    vectors = Vectors(np.asarray(points if values is None else values, np.float32), "test")
    layout, selection = Layout(points, {}), Selection(np.arange(n, dtype=np.int32))
    near = plane.nearest(points, min(15, n - 1)) if n > 1 else np.zeros((n, 0), np.int32)
    neighbors = Neighbors(near, np.zeros(near.shape, np.float32))
    vocabulary = words(kinds or ["word"] * n)
    return stage.cluster(vectors, selection, layout, vocabulary, neighbors, **options)


def blobs(sizes: list[int], seed: int = 0) -> tuple[Any, Any]:
    """Points far apart by blob, and the blob of each, mixed."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    angles = 2 * np.pi * np.arange(len(sizes)) / len(sizes)
    centres = 100 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return centres[truth] + rng.normal(size=(len(truth), 2)), truth


def check(groups: Clusters, n: int) -> None:
    """What holds of any clusters."""
    for level in ("coarse", "fine"):
        labels = getattr(groups, level)
        entries = [entry for entry in groups.entries if entry["level"] == level]
        assert [entry["key"] for entry in entries] == list(range(len(entries)))
        assert sum(entry["size"] for entry in entries) + (labels == NOISE).sum() == len(labels) == n
        order = [
            (-entry["size"], int(np.flatnonzero(labels == entry["key"])[0])) for entry in entries
        ]
        assert order == sorted(order)
        for entry in entries:
            rows = np.flatnonzero(labels == entry["key"])
            assert entry["size"] == len(rows) >= groups.parameters["smallest"][level]
            assert (
                len(set(entry["central"])) == len(entry["central"]) == min(stage.CENTRAL, len(rows))
            )
            assert set(entry["central"]) <= set(rows.tolist())
            assert -1 <= entry["cohesion"] <= 1 + 1e-6
            if level == "coarse":
                assert entry["parent"] is None
            else:
                inside = groups.coarse[rows]
                best = np.bincount(inside[inside != NOISE], minlength=1)
                assert entry["parent"] == (
                    int(best.argmax()) if 2 * best.max() > len(rows) else None
                )


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(20, 60), min_size=2, max_size=8), seed=st.integers(0, 99))
def test_blobs_are_found(sizes: list[int], seed: int) -> None:
    xy, truth = blobs(sizes, seed)
    groups = taken(xy, coarse=15, fine=15)
    check(groups, len(xy))
    for labels in (groups.coarse, groups.fine):
        for key in range(labels.max() + 1):
            assert len(set(truth[labels == key])) == 1  # none reaches over two
        assert set(truth[labels != NOISE]) == set(range(len(sizes)))  # none is missed


def test_round_blobs_are_found_whole() -> None:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    xy = np.concatenate(
        [ring * 0.1 + place for place in ([0, 0], [9, 0], [0, 9])] + [[[40, 40], [-40, -40]]]
    )
    groups = taken(xy)
    for labels in (groups.coarse, groups.fine):
        assert labels.tolist() == [0] * 40 + [1] * 40 + [2] * 40 + [NOISE] * 2
    assert [entry["parent"] for entry in groups.entries] == [None, None, None, 0, 1, 2]


@pytest.mark.parametrize("places", [[[0, 0], [1, 0], [5, 0]], [[0, 0], [0, 1], [4, 4], [9, 0]]])
def test_repeated_points_are_clusters(places: list[list[int]]) -> None:
    """More points at one place than the graph joins to their nearest, on a line and not."""
    groups = taken(np.repeat(places, 40, axis=0))
    assert groups.coarse.tolist() == np.repeat(np.arange(len(places)), 40).tolist()


@pytest.mark.parametrize(
    ("coarse", "parent"),
    [
        ([2, 2, 2], 2),
        ([0, 1, 1], 1),
        ([NOISE, NOISE, 1], None),
        ([NOISE, 0, 1], None),
        ([0, 0, 1, 1], None),
    ],
)
def test_a_parent_holds_most_of_a_fine_cluster(coarse: list[int], parent: int | None) -> None:
    assert stage._parent(np.array(coarse, np.int32)) == parent


def test_noise_is_said() -> None:
    xy = blobs([80, 80])[0]
    far = 1000 * np.random.default_rng(1).uniform(2, 9, (10, 2))
    groups = taken(np.concatenate([xy, far]), coarse=20, fine=20)
    assert (groups.coarse[-10:] == NOISE).all() and (groups.fine[-10:] == NOISE).all()
    assert (groups.coarse[:-10] != NOISE).mean() > 0.8


def test_where_no_two_clusters_fit_all_is_noise() -> None:
    groups = taken(np.random.default_rng(0).uniform(size=(100, 2)), coarse=60, fine=60)
    assert (groups.coarse == NOISE).all() and (groups.fine == NOISE).all() and groups.entries == ()


@settings(max_examples=30)
@given(
    n=st.integers(0, 120), values=st.integers(1, 40), line=st.booleans(), seed=st.integers(0, 99)
)
def test_any_layout_will_do(n: int, values: int, line: bool, seed: int) -> None:
    """Small maps, repeated points, points on a line or all at one place."""
    xy = np.random.default_rng(seed).integers(0, values, (n, 2)).astype(float)
    if line:
        xy[:, 1] = 2 * xy[:, 0]
    groups = taken(xy)
    check(groups, n)
    assert n >= 30 or not groups.entries


@pytest.mark.parametrize("n", [0, 1, 2, 29])
def test_a_few_tokens_make_no_clusters(n: int) -> None:
    groups = taken(np.zeros((n, 2)))
    assert len(groups.coarse) == n and groups.entries == ()


@settings(max_examples=15)
@given(seed=st.integers(0, 99), n=st.integers(60, 400))
def test_the_tree_has_the_weights_of_all_pairs(seed: int, n: int) -> None:
    """The graph is a short cut to HDBSCAN's tree, not another method."""
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(seed)
    xy = rng.normal(size=(n, 2)) * np.where(rng.uniform(size=(n, 1)) < 0.5, 1, 0.05) + rng.integers(
        0, 4, (n, 1)
    )
    scaled = (xy - xy.min(axis=0)) / np.ptp(xy, axis=0).max()
    everything = np.maximum(cdist(scaled, scaled), 1e-7)
    np.fill_diagonal(everything, 0)
    core = np.sort(everything, axis=1)[:, stage._SAMPLES]
    dense = np.maximum(everything, np.maximum(core[:, None], core))
    np.fill_diagonal(dense, 0)
    graph = density.graph(xy, 1).tocoo()
    reach = np.maximum(graph.data, np.maximum(core[graph.row], core[graph.col]))
    graph.data[:] = reach
    expected, actual = (np.sort(minimum_spanning_tree(one).data) for one in (dense, graph.tocsr()))
    assert actual == pytest.approx(expected, rel=1e-9)


def test_the_same_on_any_number_of_threads_and_in_any_order() -> None:
    xy, _ = blobs([70, 50, 40], 3)
    groups, again = taken(xy, work=Work(threads=1)), taken(xy, work=Work(threads=2))
    assert (
        groups.entries == again.entries
        and (groups.coarse == again.coarse).all()
        and (groups.fine == again.fine).all()
    )
    order = np.random.default_rng(4).permutation(len(xy))
    mixed = taken(xy[order], coarse=30, fine=30)
    straight = taken(xy, coarse=30, fine=30)
    assert (mixed.coarse == straight.coarse[order]).all()  # sizes differ, so that the numbers stay


def test_equal_sizes_are_numbered_by_first_row() -> None:
    labels = density.numbered(np.array([-1, 7, 3, 3, 7, 5, 5, 5]))
    assert labels.tolist() == [-1, 1, 2, 2, 1, 0, 0, 0]


def test_central_tokens_beside_the_name_are_nearest_to_the_centroid_in_the_original_space() -> None:
    xy, truth = blobs([40, 40])
    rng = np.random.default_rng(5)
    values = np.array([[1.0, 0, 0], [0, 1.0, 0]])[truth] + rng.normal(size=(80, 3)) * 0.2
    groups = taken(xy, values, coarse=15, fine=15)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    for entry in groups.entries:
        rows = np.flatnonzero(getattr(groups, entry["level"]) == entry["key"])
        centre = unit[rows].mean(axis=0)
        cosines = unit @ (centre / np.linalg.norm(centre))
        named, others = entry["central"][:3], entry["central"][3:]
        nearest = sorted(set(rows.tolist()) - set(named), key=lambda row: -cosines[row])
        assert others == tuple(nearest[: stage.CENTRAL - 3])
        assert entry["cohesion"] == pytest.approx(cosines[rows].mean(), abs=1e-5)


@pytest.mark.parametrize(
    ("central", "first"),
    [
        ({"word": 24}, "word"),
        ({"continuation": 15, "word": 9}, "word"),  # a third and more are words: they read better
        ({"continuation": 20, "word": 4}, "continuation"),
        ({"unused": 13, "continuation": 7, "word": 4}, "unused"),
    ],
)
def test_names_are_of_one_kind(central: dict[str, int], first: str) -> None:
    """Tokens of the commonest kind come first in the vocabulary, so that common ones alone would
    name it."""
    kinds = [kind for kind, count in central.items() for _ in range(count)][::-1]
    values = np.stack(
        [np.ones(24), np.linspace(0, 0.1, 24) * np.where(np.arange(24) % 2, 1, -1)], axis=1
    )
    rows = np.arange(24)
    tokens = stage._Tokens(
        values.astype(np.float32),
        np.arange(1, 25),
        [f"{chr(97 + row)}xy{chr(122 - row)}" for row in range(24)],
        np.array([stage.KINDS.index(kind) for kind in kinds], np.int8),
        np.array([0.0, 1.0]),
    )
    chosen, _ = stage._central(tokens, rows)
    assert [kinds[row] for row in chosen[:3]] == [first] * 3
    assert sorted(chosen) == rows.tolist()


def test_tokens_without_length_do_no_harm() -> None:
    xy, _ = blobs([40, 40])
    groups = taken(xy, np.zeros((80, 3)), coarse=15, fine=15)
    assert all(entry["cohesion"] == 0 for entry in groups.entries)


def test_sizes_follow_the_number_of_tokens_or_the_options() -> None:
    small = taken(np.zeros((0, 2))).parameters
    assert small["smallest"] == {"coarse": 15, "fine": 5}
    large = taken(np.random.default_rng(0).normal(size=(6000, 2))).parameters
    assert large["smallest"] == {"coarse": 20, "fine": 5} and large["largest"] == {
        "coarse": 500,
        "fine": 150,
    }
    assert taken(np.zeros((0, 2)), coarse=8, fine=20).parameters["smallest"] == {
        "coarse": 8,
        "fine": 8,
    }


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40), share=st.sampled_from([0.2, 0.5]))
def test_noise_joins_what_is_around_it(seed: int, n: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 3, n).astype(np.int32)
    near = rng.integers(0, n, (n, 6)).astype(np.int32)
    free = rng.random(n) < 0.7
    found = density.adopted(labels, near, share, free, rounds=1)
    for row in range(n):
        keys, counts = np.unique(labels[near[row]][labels[near[row]] != NOISE], return_counts=True)
        most = counts.max(initial=0)
        if labels[row] != NOISE or not free[row] or most <= share * 6:
            assert found[row] == labels[row]
        else:
            assert found[row] == keys[counts == most].min()
    again = density.adopted(labels, near, share, free)
    assert (again[found != NOISE] == found[found != NOISE]).all()


def test_what_stands_far_off_is_lonely() -> None:
    rng = np.random.default_rng(0)
    xy = np.concatenate([rng.normal(size=(200, 2)), [[30.0, 0], [0, 25]]])
    far = density.lonely(xy, plane.nearest(xy, 15), 4.0)
    assert far[-2:].all() and far[:-2].mean() < 0.05
