"""Where UMAP starts from: centroids in the plane, and each point among its nearest.

A start decides what a layout tells of the whole (Kobak & Linderman 2021). The first two principal
directions of a vocabulary hold a few hundredths of its variance; metric scaling of 200 centroids
keeps the distances between all of them as well as a plane can. Measured in benchmarks/RESULTS.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from atlas.numeric import pca
from atlas.numeric.threads import one_blas_thread, torch_threads
from atlas.numeric.types import Doubles, Floats
from atlas.numeric.vectors import unit

if TYPE_CHECKING:
    from torch import Tensor

_CENTROIDS = 200
_EACH = 60  # points drawn for each centroid
_FEW = 30  # centroids below which PCA does as well
_ROUNDS = 8  # of Lloyd's algorithm
_MOVES = 100  # of the scaling
_NEAREST, _SHARP = 5, 12.0  # centroids that a point lies among, and how much nearer ones count
_PART = 8192  # rows at a time


def start(values: Floats, spread: float, seed: int) -> Doubles:
    """A start (n, 2) from vectors (n, d): its larger deviation is `spread`, and a little noise lets
    duplicates part. Of few points it is PCA's.

    One thread does all of it, so that the same seed gives the same bytes on any number.
    """
    import torch

    n = len(values)
    count = min(_CENTROIDS, n // _EACH)
    if count < _FEW:
        return pca.start(values, spread, seed)
    draw = np.random.default_rng(seed)
    with torch_threads(1), one_blas_thread():
        drawn = np.sort(draw.permutation(n)[: count * _EACH])
        centroids, sizes = _clustered(torch.from_numpy(unit(values, drawn)), count)
        first = torch.from_numpy(pca.start(centroids.numpy(), 1.0, seed))
        places = _scaled(1 - (centroids @ centroids.T).double(), sizes.double(), first)
        parts = [
            _among(torch.from_numpy(unit(values[begin : begin + _PART])), centroids, places)
            for begin in range(0, n, _PART)
        ]
        found: Doubles = torch.cat(parts).numpy()
    found -= found.mean(axis=0)
    deviation = float(found.std(axis=0).max()) or 1.0
    return (found / deviation + draw.normal(0, 1e-3, found.shape)) * spread


def _clustered(points: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Centroids (count, d) of length 1 or 0 by spherical k-means of unit rows, and how many rows
    each has, at least 1."""
    import torch

    centroids = points[:: len(points) // count][:count]
    for _ in range(_ROUNDS):
        own = (points @ centroids.T).argmax(dim=1)
        sums = torch.zeros_like(centroids).index_add_(0, own, points)
        lengths = torch.linalg.vector_norm(sums, dim=1, keepdim=True)
        centroids = torch.where(lengths > 0, sums / lengths.clamp_min(1e-30), centroids)
    return centroids, torch.bincount(own, minlength=count).clamp_min(1)


def _scaled(apart: Tensor, sizes: Tensor, places: Tensor) -> Tensor:
    """Places (m, 2) whose distances are near those wanted (m, m), a pair weighing the product of
    its sizes (m,): SMACOF (de Leeuw 1977; Gansner, Koren & North 2004), from first places."""
    import torch

    weights = torch.outer(sizes, sizes).fill_diagonal_(0)
    apart = apart.clamp_min(0).fill_diagonal_(0)
    inverse = torch.linalg.pinv(torch.diag(weights.sum(dim=1)) - weights, hermitian=True)
    mean = torch.cdist(places, places).mean().clamp_min(1e-30)
    places = places * (apart.mean() / mean)
    for _ in range(_MOVES):
        ratios = weights * apart / torch.cdist(places, places).clamp_min(1e-12)
        places = inverse @ (places * ratios.sum(dim=1, keepdim=True) - ratios @ places)
    return places


def _among(points: Tensor, centroids: Tensor, places: Tensor) -> Tensor:
    """The place (n, 2) of each unit row: the mean of its nearest centroids' places, which count by
    cosine."""
    import torch

    cosines, nearest = (points @ centroids.T).topk(_NEAREST, dim=1)
    shares = torch.softmax(cosines.double() * _SHARP, dim=1)
    return (places[nearest] * shares[..., None]).sum(dim=1)
