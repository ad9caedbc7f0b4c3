"""Projections: the plane coordinates of a map.

umap    McInnes, Healy & Melville 2018 (arXiv 1802.03426), vectorised over edges in torch; or
        umap-learn itself
tsne    van der Maaten & Hinton 2008, by openTSNE (Poličar, Stražar & Zupan 2024), from the same
        neighbors
pca     the two directions of greatest variance
random  uniform in a disk: what a map that knows nothing would look like, the baseline of every
        measure
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.errors import StageError
from atlas.maps.records import Layout, Neighbors
from atlas.numeric.pca import principal, start
from atlas.numeric.types import Floats
from atlas.numeric.umap import umap
from atlas.spaces.records import Selection, Vectors

VERSION = 2


Progress = Callable[[float], None]


def project(
    vectors: Vectors,
    selection: Selection,
    neighbors: Neighbors,
    *,
    method: str,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    progress: Progress = lambda _: None,
    **options: Any,
) -> Layout:
    """The layout (n, 2) of a selection, centred, its longer axis horizontal, the same for the same
    seed on one machine.

    Fewer than four points lie on a line, in id order. Raises StageError for an unknown method.
    """
    if method not in ("umap", "tsne", "pca", "random"):
        raise StageError(f"The projection {method!r} is not known.", "Use umap, tsne or pca.")
    n = len(selection.ids)
    values = np.asarray(vectors.values[selection.ids], np.float32)
    facts: dict[str, Any] = {}
    xy: npt.NDArray[Any]
    if n < 4:
        xy = np.stack([np.arange(n, dtype=np.float64), np.zeros(n)], axis=1)
    elif method == "random":
        xy = _random(n, seed)
    elif method == "pca":
        xy, facts = principal(values)
    elif method == "tsne":
        xy, facts = _tsne(values, neighbors, seed, threads, progress, **options)
    else:
        chosen = umap if options.pop("implementation", "torch") == "torch" else _umap_learn
        xy, facts = chosen(
            values,
            neighbors,
            seed=seed,
            device=device,
            threads=threads,
            progress=progress,
            **options,
        )
    return Layout(
        _upright(xy, turn=method in ("umap", "tsne")), {"method": method, "seed": seed, **facts}
    )


def _random(n: int, seed: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    angle, radius = generator.uniform(0, 2 * np.pi, n), np.sqrt(generator.uniform(0, 1, n))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _upright(xy: npt.NDArray[Any], *, turn: bool) -> Floats:
    """Centre a layout and give it a spread of 1; turn it so that its longer axis lies flat, as most
    screens do."""
    points = np.asarray(xy, np.float64)
    if len(points) == 0:
        return np.zeros((0, 2), np.float32)
    points = points - points.mean(axis=0)
    if turn and len(points) > 2:
        points, _ = principal(points.astype(np.float32))
        if (points[: max(len(points) // 10, 1)].mean(axis=0) < 0)[0]:
            points = points * [-1, 1]
    scale = float(np.sqrt((points**2).sum(axis=1).mean())) or 1.0
    return np.ascontiguousarray(points / scale, dtype=np.float32)


def _tsne(
    values: Floats,
    neighbors: Neighbors,
    seed: int,
    threads: int,
    progress: Progress,
    *,
    iterations: int | None = None,
) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """t-SNE by openTSNE in which a point is drawn equally to each of its neighbors.

    With 15 neighbors this keeps more of them than perplexity 30 (which needs 90) and takes a
    fraction of its time: benchmarks/projections.py. Without `iterations` there are 250, after 100
    of early exaggeration.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities
    from scipy import sparse

    n = len(values)
    k = min(
        neighbors.rows.shape[1], max(n // 4, 2)
    )  # were all points of a small map equal neighbors, it would say nothing
    early, iterations = 100, iterations or 250
    edges = (np.ones(n * k), neighbors.rows[:, :k].ravel(), np.arange(n + 1) * k)
    drawn = sparse.csr_matrix(edges, shape=(n, n))
    drawn = drawn + drawn.T
    embedding = TSNEEmbedding(
        start(values, 1e-4, seed),
        PrecomputedAffinities(drawn / drawn.sum()),
        n_jobs=threads,
        random_state=seed,
        negative_gradient_method="fft" if n > 3000 else "bh",
    )
    done = 0

    def told(iteration: int, *_: Any) -> bool:
        progress((done + iteration) / (early + iterations))
        return False

    told_often: dict[str, Any] = {"callbacks": [told], "callbacks_every_iters": 10, "inplace": True}
    embedding.optimize(early, exaggeration=12, momentum=0.5, **told_often)
    done = early
    embedding.optimize(iterations, momentum=0.8, **told_often)
    progress(1.0)
    facts = {
        "affinities": f"uniform over {k} neighbors",
        "early_iterations": early,
        "iterations": iterations,
    }
    return np.asarray(embedding), {**facts, "implementation": "openTSNE"}


def _umap_learn(
    values: Floats,
    neighbors: Neighbors,
    *,
    seed: int,
    device: str,
    threads: int,
    progress: Progress,
    min_dist: float = 0.1,
    epochs: int | None = None,
) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    with _without("tensorflow"):
        import umap as umap_learn
    n = len(values)
    own = np.arange(n)[:, None]
    rows = np.concatenate([own, neighbors.rows], axis=1)
    distances = np.concatenate(
        [np.zeros((n, 1)), np.clip(1 - neighbors.similarities, 0, None)], axis=1
    ).astype(np.float32)
    model = umap_learn.UMAP(
        n_neighbors=rows.shape[1],
        min_dist=min_dist,
        n_epochs=epochs,
        metric="cosine",
        random_state=seed,
        init="pca",
        precomputed_knn=(rows, distances),
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "precomputed_knn"
        )  # that it could not place new points later
        xy = model.fit_transform(values)
    return xy, {"min_dist": min_dist, "epochs": epochs, "implementation": "umap-learn"}


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Hide a module that a library would import merely because it is installed (umap and
    TensorFlow: 5 s)."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        yield
    finally:
        del sys.modules[module]
