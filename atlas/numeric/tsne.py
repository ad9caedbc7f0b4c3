"""t-SNE (van der Maaten & Hinton 2008), by openTSNE (Poličar, Stražar & Zupan 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from atlas.numeric.pca import start
from atlas.numeric.types import Array, Facts, Floats, Ints, Near, Progress, silent
from atlas.numeric.vectors import directed

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_EARLY = 100  # iterations of early exaggeration
_ITERATIONS = 250  # after it
_FEW = 3000  # points up to which a tree is faster than interpolation, and one thread enough


def project(
    values: Floats,
    near: Near,
    *,
    seed: int,
    threads: int = 1,
    progress: Progress = silent,
    iterations: int | None = None,
    **_: object,
) -> tuple[Array, Facts]:
    """Coordinates (n, 2) and the parameters used, from the vectors (n, d), which only give the
    start, and their neighbors (n, k); a point is drawn equally to each of them.

    With 15 neighbors this keeps more of them than perplexity 30 (which needs 90) and takes a
    fraction of its time: benchmarks/projections.py. Without `iterations` there are 250, after 100
    of early exaggeration.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    n = len(values)
    iterations = iterations or _ITERATIONS
    # Were all points of a small map equal neighbors, it would say nothing.
    k = min(near.rows.shape[1], max(n // 4, 2))
    embedding = TSNEEmbedding(
        start(values, 1e-4, seed),
        PrecomputedAffinities(_affinities(near.rows[:, :k], directed(values))),
        # Few points are soon done; threads that wait for one another on a busy machine are not.
        n_jobs=threads if n > _FEW else 1,
        random_state=seed,
        negative_gradient_method="fft" if n > _FEW else "bh",
    )
    done = 0

    def told(iteration: int, *_: object) -> bool:
        progress((done + iteration) / (_EARLY + iterations))
        return False

    often = {"callbacks": [told], "callbacks_every_iters": 10, "inplace": True}
    embedding.optimize(_EARLY, exaggeration=12, momentum=0.5, **often)
    done = _EARLY
    embedding.optimize(iterations, momentum=0.8, **often)
    progress(1.0)
    facts = {
        "affinities": f"uniform over {k} neighbors",
        "early_iterations": _EARLY,
        "iterations": iterations,
        "implementation": "openTSNE",
    }
    return np.asarray(embedding), facts


def _affinities(rows: Ints, linked: npt.NDArray[np.bool_]) -> csr_matrix:
    """A symmetric matrix (n, n) of sum 1 with an equal part for each pair of neighbors (n, k) of
    the rows that are `linked` (n,)."""
    from scipy import sparse

    n, k = rows.shape
    parts = np.repeat(linked if linked.any() else ~linked, k).astype(np.float64)
    drawn = sparse.csr_matrix((parts, rows.ravel(), np.arange(n + 1) * k), shape=(n, n))
    drawn = drawn + drawn.T
    drawn.eliminate_zeros()
    return drawn / drawn.sum()
