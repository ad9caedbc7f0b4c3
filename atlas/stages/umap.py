"""UMAP in torch, vectorised over all edges, with nothing to compile.

After McInnes, Healy & Melville 2018 (arXiv 1802.03426): the same fuzzy graph, curve and loss as umap-learn. Where that samples
one edge at a time, this takes, in every epoch, the expected pull of all edges (each weighted by its membership) and a few
random points for each point to be pushed from. The sums over a point's edges are sparse matrix products, so the result does
not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.data import Floats, Neighbors
from atlas.stages.project import start

_PUSHES = 5  # random points a point is pushed from, a pull (umap-learn's negative_sample_rate)


def graph(neighbors: Neighbors) -> Any:
    """The symmetric fuzzy graph as a scipy CSR matrix (n, n): memberships in 0..1."""
    from scipy import sparse

    distances = np.clip(1 - neighbors.similarities.astype(np.float64), 0, None)
    n, k = distances.shape
    nearest = distances[:, :1]
    target = np.log2(k + 1)
    low, high = np.zeros((n, 1)), np.full((n, 1), np.inf)
    scale = np.maximum(distances.mean(axis=1, keepdims=True), 1e-6)
    for _ in range(48):  # bisection: the width at which each point has log2(k + 1) neighbors' worth of membership
        found = np.exp(-np.clip(distances - nearest, 0, None) / scale).sum(axis=1, keepdims=True)
        high, low = np.where(found > target, scale, high), np.where(found > target, low, scale)
        scale = np.where(np.isinf(high), scale * 2, (low + np.minimum(high, 1e300)) / 2)
        scale = np.clip(scale, 1e-9, 1e9)
    weights = np.exp(-np.clip(distances - nearest, 0, None) / scale)
    rows = np.repeat(np.arange(n), k)
    one_way = sparse.csr_matrix((weights.ravel(), (rows, neighbors.rows.ravel())), shape=(n, n))
    other = one_way.T.tocsr()
    both = (one_way + other - one_way.multiply(other)).tocsr()
    both.sum_duplicates()
    both.sort_indices()
    return both


def curve(min_dist: float, spread: float = 1.0) -> tuple[float, float]:
    """a and b of 1 / (1 + a d^2b), fitted to the curve that is flat up to min_dist and then falls exponentially."""
    from scipy.optimize import curve_fit

    x = np.linspace(0, spread * 3, 300)
    y = np.where(x < min_dist, 1.0, np.exp(-(x - min_dist) / spread))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), x, y)
    return float(a), float(b)


def umap(
    values: Floats,
    neighbors: Neighbors,
    *,
    seed: int,
    device: str = "cpu",
    progress: Callable[[float], None] = lambda _: None,
    min_dist: float = 0.1,
    epochs: int | None = None,
    rate: float = 0.03,
) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Coordinates (n, 2) and the parameters used.

    Pulls and pushes of an epoch are applied at once. A point with many edges would overshoot at umap-learn's rate of 1, so
    its step is divided by one plus the sum of its pulls (one step of an implicit, Jacobi-preconditioned descent).
    """
    import torch
    from scipy import sparse

    n = len(values)
    epochs = epochs or (200 if n > 10_000 else 400)
    a, b = curve(min_dist)
    upper = sparse.triu(graph(neighbors), 1, format="csr")
    weights = torch.from_numpy((upper.data / upper.data.max()).astype(np.float32)).to(device)
    keep = weights >= 1 / epochs  # umap-learn's own cut: an edge it would sample less than once
    tails = torch.from_numpy(upper.indices.astype(np.int64)).to(device)[keep]
    heads = torch.from_numpy(np.repeat(np.arange(n), np.diff(upper.indptr))).to(device)[keep]
    weights = weights[keep]
    degree = torch.bincount(heads, weights, n) + torch.bincount(tails, weights, n)
    pulls = _Edges(heads, tails, n)
    generator = torch.Generator(device=device).manual_seed(seed)
    place = torch.from_numpy(start(values, 5.0, seed).astype(np.float32)).to(device)
    for epoch in range(epochs):
        alpha = rate * (1 - epoch / epochs)
        apart = (place[heads] - place[tails]).square_().sum(1).clamp_min_(1e-8)
        power = apart.pow(b)
        strength = power.div(apart).mul_(weights).mul_(2 * a * b).div_(power.mul_(a).add_(1))
        force, stiff = pulls.sum(strength, place)
        pushed = torch.zeros_like(place)
        for _ in range(_PUSHES):
            other = place[torch.randint(n, (n,), generator=generator, device=device)]
            gap = place - other
            apart = gap.square().sum(1)
            away = (2 * b) / ((apart + 0.001) * (1 + a * apart.pow(b)))
            pushed += (gap * away[:, None]).clamp_(-4, 4)
        force = 2 * force + pushed * degree[:, None]
        place = place + alpha * force / (1 + alpha * 2 * stiff)[:, None]
        progress((epoch + 1) / epochs)
    facts = {"min_dist": min_dist, "epochs": epochs, "rate": rate, "implementation": "atlas (torch)"}
    return place.cpu().numpy(), facts


class _Edges:
    """Sums over the edges of each point, as products with a sparse matrix whose values change every epoch."""

    def __init__(self, heads: Any, tails: Any, n: int) -> None:
        import torch
        from scipy import sparse

        self.device, self.n = heads.device, n
        if heads.is_cuda:
            self.heads, self.tails = heads, tails
            return
        marks = np.arange(len(heads), dtype=np.int64) + 1
        both = sparse.coo_matrix(
            (np.concatenate([marks, marks]), (torch.cat([heads, tails]).numpy(), torch.cat([tails, heads]).numpy())), shape=(n, n)
        ).tocsr()
        self.edge = torch.from_numpy(both.data - 1)
        self.matrix = sparse.csr_matrix((np.zeros(len(both.data), np.float32), both.indices, both.indptr), shape=(n, n))

    def sum(self, strength: Any, place: Any) -> tuple[Any, Any]:
        """For each point i: sum of strength * (other - i), and sum of strength."""
        import torch

        if strength.is_cuda:
            stiff = torch.zeros(self.n, device=self.device)
            stiff.index_add_(0, self.heads, strength).index_add_(0, self.tails, strength)
            pull = torch.zeros_like(place)
            pull.index_add_(0, self.heads, place[self.tails] * strength[:, None])
            pull.index_add_(0, self.tails, place[self.heads] * strength[:, None])
            return pull - place * stiff[:, None], stiff
        self.matrix.data[:] = strength[self.edge].numpy()
        columns = np.concatenate([place.numpy(), np.ones((self.n, 1), np.float32)], axis=1)
        sums = torch.from_numpy(self.matrix @ columns)
        stiff = sums[:, 2]
        return sums[:, :2] - place * stiff[:, None], stiff
