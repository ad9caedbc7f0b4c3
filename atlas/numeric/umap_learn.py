"""UMAP by its authors' library: the reference that the project's own is measured against."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from atlas.numeric.types import Array, Facts, Floats, Near

_LEAST = 1e-12  # of values whose squares are taken in float32


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
    values = _middling(values)
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
        # Rows that are all alike have no principal directions.
        init="pca" if np.ptp(values, axis=0).any() else "random",
        precomputed_knn=(rows, distances),
        n_jobs=1,
    )
    with warnings.catch_warnings():
        # That it could not place new points later.
        warnings.filterwarnings("ignore", "precomputed_knn")
        xy = model.fit_transform(values)
    return xy, {"min_dist": min_dist, "epochs": epochs, "implementation": "umap-learn"}


def _middling(values: Floats) -> Floats:
    """Vectors (n, d) times a power of two, where their squares would leave float32."""
    most = float(np.abs(values).max(initial=0))
    if most == 0 or _LEAST < most < 1 / _LEAST:
        return values
    return np.ldexp(values, -int(np.floor(np.log2(most)))).astype(np.float32)


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
