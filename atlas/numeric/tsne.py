"""t-SNE (van der Maaten & Hinton 2008), by openTSNE (Poličar, Stražar & Zupan 2024); on a graphics
processor by torch, with the same affinities, phases and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from atlas.numeric.pca import start
from atlas.numeric.tsne_torch import descend
from atlas.numeric.types import Array, Facts, Floats, Ints, Near, Progress, silent
from atlas.numeric.vectors import directed

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_EARLY = 100  # iterations of early exaggeration
_ITERATIONS = 250  # after it
_FEW = 3000  # points up to which a tree is faster than interpolation, and one thread enough
_START, _NARROW = 1e-4, 1e-3  # deviations: of a start, and of a layout that never grew


def project(
    values: Floats,
    near: Near,
    *,
    seed: int,
    device: str = "cpu",
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
    n = len(values)
    iterations = iterations or _ITERATIONS
    # Were all points of a small map equal neighbors, it would say nothing.
    k = min(near.rows.shape[1], max(n // 4, 2))
    affinities = _affinities(near.rows[:, :k], directed(values))
    begin = start(values, _START, seed)
    phases = [(_EARLY, 12.0, 0.5), (iterations, 1.0, 0.8)]
    if device.startswith("cuda"):
        place = descend(begin, affinities, phases, device=device, progress=progress)
    else:
        place = _by_opentsne(begin, affinities, phases, seed, threads, progress)
    facts = {
        "affinities": f"uniform over {k} neighbors",
        "early_iterations": _EARLY,
        "iterations": iterations,
        "implementation": "atlas (torch)" if device.startswith("cuda") else "openTSNE",
    }
    return place, facts


def _by_opentsne(
    begin: Array,
    affinities: csr_matrix,
    phases: list[tuple[int, float, float]],
    seed: int,
    threads: int,
    progress: Progress,
) -> Array:
    """The layout (n, 2) from a start (n, 2); phases as `descend` has them."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    few = len(begin) <= _FEW
    embedding = TSNEEmbedding(
        begin,
        PrecomputedAffinities(affinities),
        # Few points are soon done; threads that wait for one another on a busy machine are not.
        n_jobs=1 if few else threads,
        random_state=seed,
        negative_gradient_method="bh" if few else "fft",
    )
    total, done = sum(iterations for iterations, _, _ in phases), 0

    def told(iteration: int, *_: object) -> bool:
        progress(min((done + iteration) / total, 1.0))
        return False

    def descend_by(iterations: int, exaggeration: float, momentum: float) -> None:
        embedding.optimize(
            iterations,
            exaggeration=exaggeration,
            momentum=momentum,
            callbacks=[told],
            callbacks_every_iters=10,
            inplace=True,
        )

    for phase in phases:
        descend_by(*phase)
        done += phase[0]
    if 0 < (deviation := float(np.std(embedding, axis=0).max())) < _NARROW:
        # Exaggeration draws a handful of points together, to 1e-16 and less, where a tree takes all
        # for one and nothing parts them. So small, a layout takes the same steps at any size.
        embedding *= _START / deviation
        descend_by(*phases[-1])
    progress(1.0)
    return np.asarray(embedding)


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
