"""UMAP by its authors' library: the reference that the project's own is measured against."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from atlas.numeric.types import Array, Facts, Floats, Near


def umap_learn(
    values: Floats,
    near: Near,
    *,
    seed: int,
    min_dist: float = 0.1,
    epochs: int | None = None,
) -> tuple[Array, Facts]:
    """Coordinates (n, 2) and the parameters used, from vectors (n, d) and their neighbors
    (n, k)."""
    with _without("tensorflow"):
        import umap
    n = len(values)
    own = np.arange(n)[:, None]
    rows = np.concatenate([own, near.rows], axis=1)
    distances = np.concatenate(
        [np.zeros((n, 1)), np.clip(1 - near.similarities, 0, None)], axis=1
    ).astype(np.float32)
    model = umap.UMAP(
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
        # That it could not place new points later.
        warnings.filterwarnings("ignore", "precomputed_knn")
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
