"""UMAP in torch, vectorised over all edges, with nothing to compile.

After McInnes, Healy & Melville 2018 (arXiv 1802.03426): the same fuzzy graph, curve and loss as
umap-learn. Where that samples one edge at a time, this takes, in every epoch, the expected pull of
all edges (each weighted by its membership) and a few random points for each point to be pushed
from. Nothing depends on the number of threads: sums over a point's edges are sparse matrix
products, and what is done to each number is rounded exactly. That is why powers are made of square
roots: torch's `pow` rounds some numbers otherwise at the end of a thread's share, and takes longer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from atlas.errors import StageError
from atlas.numeric.centroids import start
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Array, Facts, Floats, Near, Progress, silent
from atlas.numeric.umap_learn import umap_learn
from atlas.numeric.vectors import directed

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from torch import Tensor

_PUSHES = 5  # random points a point is pushed from, a pull (umap-learn's negative_sample_rate)
# Deviation of the start along its longer axis; wider keeps more neighbors, narrower more of the
# whole.
_SPREAD = 9.0
_FEW = 1000  # points at which a second thread begins to pay
_CLIP = 4.0  # umap-learn's bound on a push


def graph(near: Near, linked: npt.NDArray[np.bool_] | None = None) -> csr_matrix:
    """The symmetric fuzzy graph (n, n) of neighbors (n, k): memberships in 0..1, in CSR form with
    ordered indices. Rows that are not `linked` (n,) have neighbors in name only, and no
    memberships of their own."""
    from scipy import sparse

    distances = np.clip(1 - near.similarities.astype(np.float64), 0, None)
    n, k = distances.shape
    beyond = np.clip(distances - distances[:, :1], 0, None)
    target = np.log2(k + 1)
    low, high = np.zeros((n, 1)), np.full((n, 1), np.inf)
    scale = np.maximum(distances.mean(axis=1, keepdims=True), 1e-6)
    # Bisection: the width at which each point has log2(k + 1) neighbors' worth of membership.
    for _ in range(48):
        sums = np.exp(-beyond / scale).sum(axis=1, keepdims=True)
        high, low = np.where(sums > target, scale, high), np.where(sums > target, low, scale)
        scale = np.clip(
            np.where(np.isinf(high), scale * 2, (low + np.minimum(high, 1e300)) / 2), 1e-9, 1e9
        )
    rows = np.repeat(np.arange(n), k)
    memberships = np.exp(-beyond / scale)
    if linked is not None and linked.any():
        memberships[~linked] = 0
    one_way = sparse.csr_matrix((memberships.ravel(), (rows, near.rows.ravel())), shape=(n, n))
    one_way.eliminate_zeros()
    other = one_way.T.tocsr()
    both = (one_way + other - one_way.multiply(other)).tocsr()
    both.sort_indices()
    return both


def curve(min_dist: float, spread: float = 1.0) -> tuple[float, int]:
    """a and 16 b of the closeness 1 / (1 + a d^2b), fitted to one that is 1 up to min_dist and then
    falls exponentially.

    b is taken to the nearest sixteenth, and a fitted to that: the curve moves by 0.01 at most.
    """
    from scipy.optimize import curve_fit

    x = np.linspace(0, spread * 3, 300)
    y = np.where(x < min_dist, 1.0, np.exp(-(x - min_dist) / spread))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), x, y)
    sixteenths = max(round(float(b) * 16), 1)
    (a,), _ = curve_fit(lambda d, a: 1 / (1 + a * d ** (sixteenths / 8)), x, y, p0=[a])
    return float(a), sixteenths


def power(values: Tensor, sixteenths: int) -> Tensor:
    """values ** (sixteenths / 16), of any shape, by square roots and products alone. Values must
    not be negative."""
    whole, part = divmod(sixteenths, 16)
    factors = [values] * whole
    root = values
    for bit in (8, 4, 2, 1):
        if part % (2 * bit):
            root = root.sqrt()
        if part & bit:
            factors.append(root)
    product = factors.pop().clone()
    for factor in factors:
        product.mul_(factor)
    return product


def project(
    values: Floats,
    near: Near,
    *,
    seed: int,
    device: str = "cpu",
    threads: int = 1,
    progress: Progress = silent,
    implementation: str = "torch",
    min_dist: float = 0.05,
    epochs: int | None = None,
    rate: float = 0.3,
) -> tuple[Array, Facts]:
    """UMAP as a projection of the vectors (n, d): by this module, or by umap-learn, which takes no
    `rate`, where `implementation` says so. Raises StageError as `umap` does."""
    if implementation == "umap-learn":
        return umap_learn(values, near, seed=seed, min_dist=min_dist, epochs=epochs)
    return umap(
        values,
        near,
        seed=seed,
        device=device,
        threads=threads,
        progress=progress,
        min_dist=min_dist,
        epochs=epochs,
        rate=rate,
    )


def umap(
    values: Floats,
    near: Near,
    *,
    seed: int,
    device: str = "cpu",
    threads: int = 1,
    progress: Progress = silent,
    min_dist: float = 0.05,
    epochs: int | None = None,
    rate: float = 0.3,
) -> tuple[Floats, Facts]:
    """Coordinates (n, 2) and the parameters used, from the vectors (n, d), which only give the
    start, and their neighbors (n, k).

    Pulls and pushes of an epoch are applied at once. A point with many edges would overshoot, so
    its step is divided by one plus its step's share of the sum of its pulls (one step of an
    implicit, Jacobi-preconditioned descent). Without `epochs` there are 200 for more than 10,000
    points, else 400. Raises StageError when there are no neighbors.
    """
    import torch

    n = len(values)
    if near.rows.shape[1] == 0:
        raise StageError(
            "UMAP needs at least one neighbor a point.", "Set the map's `neighbors` to 2 or more."
        )
    epochs = epochs or (200 if n > 10_000 else 400)
    # A MacBook's GPU lacks some of the operations below, and its processor needs a second or two
    # for all of it.
    device = device if device.startswith("cuda") else "cpu"
    both = threads > 1 and device == "cpu" and n > _FEW
    with torch_threads(1), ThreadPoolExecutor(1) as pool:
        begun = pool.submit(start, values, _SPREAD, seed) if both else None
        forces = _Forces(_edges(near, epochs, directed(values)), min_dist, seed, device)
        first = begun.result() if begun else start(values, _SPREAD, seed)
        place = torch.from_numpy(first.astype(np.float32)).to(device)
        for epoch in range(epochs):
            step = rate * (1 - epoch / epochs)
            meanwhile = pool.submit(forces.push, place) if both else None
            pulled = forces.pull(place)
            pushed = meanwhile.result() if meanwhile else forces.push(place)
            stiff = 2 * pulled[:, 2:]
            force = 2 * pulled[:, :2] - place * stiff + pushed * forces.degree
            place = place + step * force / (1 + step * stiff)
            progress((epoch + 1) / epochs)
    facts = {
        "min_dist": min_dist,
        "epochs": epochs,
        "rate": rate,
        "implementation": "atlas (torch)",
    }
    return place.cpu().numpy(), facts


def _edges(near: Near, epochs: int, linked: npt.NDArray[np.bool_]) -> csr_matrix:
    """The upper triangle of the graph (n, n), weights in 0..1, without the edges that umap-learn
    would sample less than once."""
    from scipy import sparse

    upper = sparse.triu(graph(near, linked), 1, format="csr")
    upper.data = (upper.data / upper.data.max()).astype(np.float32)
    upper.data[upper.data < 1 / epochs] = 0
    upper.eliminate_zeros()
    return upper


class _Forces:
    """What moves points (n, 2): pulls along the edges, pushes from random points.

    degree    (n, 1) the sum of the weights of each point's edges
    """

    def __init__(self, upper: csr_matrix, min_dist: float, seed: int, device: str) -> None:
        import torch

        self.n = upper.shape[0]
        self.a, self.sixteenths = curve(min_dist)
        self.b = self.sixteenths / 16
        self.edges = _Edges(upper, device) if device == "cpu" else _Segments(upper, device)
        weights = torch.from_numpy(upper.data).to(device)
        self.degree = self.edges.sums(weights, torch.zeros(self.n, 2, device=device))[:, 2:].clone()
        self.weights = weights * (2 * self.a * self.b)
        self.generator = torch.Generator(device=device).manual_seed(seed)

    def pull(self, place: Tensor) -> Tensor:
        """Sums (n, 3) over each point's edges: of strength * x and strength * y of the other end,
        and of strength."""
        import torch

        points = torch.view_as_complex(place)  # a point is one number to fetch, not two
        # By index_select, which takes a third of the time that points[...] does.
        gap = points.index_select(0, self.edges.heads).sub_(
            points.index_select(0, self.edges.tails)
        )
        apart = _squared(gap)[1].clamp_min_(1e-8)
        closeness = power(apart, self.sixteenths)
        strength = closeness.div(apart).mul_(self.weights).div_(closeness.mul_(self.a).add_(1))
        return self.edges.sums(strength, place)

    def push(self, place: Tensor) -> Tensor:
        """The sum (n, 2) of what pushes each point from _PUSHES random ones."""
        import torch

        points = torch.view_as_complex(place)
        drawn = torch.randint(
            self.n,
            (_PUSHES, self.n),
            generator=self.generator,
            device=place.device,
            dtype=torch.int32,
        )
        others = points.index_select(0, drawn.view(-1)).view(_PUSHES, self.n)
        gap, apart = _squared(points - others)
        away = (2 * self.b) / (power(apart, self.sixteenths).mul_(self.a).add_(1) * (apart + 0.001))
        pushes = gap.mul_(away[..., None]).clamp_(-_CLIP, _CLIP)
        pushed = pushes[0]
        for other in pushes[1:]:  # not sum(0), whose order depends on the threads
            pushed += other
        return pushed


def _squared(gap: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of points as (…, 2) and their squared lengths (…)."""
    import torch

    parts = torch.view_as_real(gap)
    squares = parts * parts
    return parts, squares[..., 0] + squares[..., 1]


class _Edges:
    """Sums over the edges of each point, on the processor: products with a sparse matrix whose
    values change every epoch."""

    def __init__(self, upper: csr_matrix, device: str) -> None:
        import torch
        from scipy import sparse

        self.tails = torch.from_numpy(upper.indices.astype(np.int32)).to(device)
        counts = np.diff(upper.indptr)
        self.heads = torch.from_numpy(np.repeat(np.arange(len(counts), dtype=np.int32), counts)).to(
            device
        )
        self.upper = sparse.csr_matrix(
            (np.zeros(upper.nnz, np.float32), upper.indices, upper.indptr), shape=upper.shape
        )
        self.lower = self.upper.T  # shares the values
        self.ones = np.ones(upper.shape[0], np.float32)

    def sums(self, strength: Tensor, place: Tensor) -> Tensor:
        """(n, 3): for each point the sums over its edges of strength * x and strength * y of the
        other end, and of strength."""
        import torch

        self.upper.data[:] = strength.numpy()
        # One by one: SciPy's product with several columns takes longer than that of each.
        columns = (*place.T.contiguous().numpy(), self.ones)
        sums = [self.upper @ column + self.lower @ column for column in columns]
        return torch.from_numpy(np.stack(sums, axis=1))


class _Segments(_Edges):
    """The same on a graphics processor, where adding up by index would depend on which thread comes
    first."""

    def __init__(self, upper: csr_matrix, device: str) -> None:
        import torch

        super().__init__(upper, device)
        ends = torch.cat([self.heads, self.tails])
        order = ends.argsort(stable=True)
        self.others = torch.cat([self.tails, self.heads])[order]
        self.edge = order % max(upper.nnz, 1)
        self.counts = torch.bincount(ends, minlength=upper.shape[0])

    def sums(self, strength: Tensor, place: Tensor) -> Tensor:
        import torch

        each = strength[self.edge][:, None]
        terms = torch.cat([place[self.others] * each, each], dim=1)
        return torch.segment_reduce(terms, "sum", lengths=self.counts, unsafe=True)
