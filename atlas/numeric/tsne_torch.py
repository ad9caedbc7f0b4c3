"""The descent of t-SNE in torch, for graphics processors.

The gradient is that of van der Maaten & Hinton 2008; its pushes are summed on a grid by FFT
(Linderman et al. 2019, arXiv 1712.09005), and steps, gains and bounds are openTSNE's. All sums that
several threads add to are of whole numbers or over sorted segments, so that the same seed gives the
same bytes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from atlas.numeric.types import Array, Progress, silent

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from torch import Tensor

_NODES = 3  # of the grid within a cell, each way
_CELLS = 50  # each way, at least; a cell is no wider than 1
_FIXED = 2.0**30  # units of the whole numbers that are added up, in one
_GAIN, _STEP = 0.01, 5.0  # the least of a coordinate's gain, the longest step


def descend(
    begin: Array,
    affinities: csr_matrix,
    phases: list[tuple[int, float, float]],
    *,
    device: str,
    progress: Progress = silent,
) -> Array:
    """The layout (n, 2) float64 from a start (n, 2) and a symmetric matrix (n, n) of sum 1.

    A phase is a number of iterations, the exaggeration of the affinities in it, and the momentum;
    its rate is n divided by the exaggeration (Belkina et al. 2019).
    """
    import torch

    place = torch.as_tensor(begin, dtype=torch.float64, device=device).clone()
    pulls = _Pulls(affinities, device)
    gains, update = torch.ones_like(place), torch.zeros_like(place)
    total, done = sum(iterations for iterations, _, _ in phases), 0
    for iterations, exaggeration, momentum in phases:
        rate = len(place) / exaggeration
        for _ in range(iterations):
            force, weight = push(place)
            gradient = exaggeration * pulls(place) - force / weight
            turned = update.sign() != gradient.sign()
            gains = torch.where(turned, gains + 0.2, gains * 0.8 + _GAIN)
            update = momentum * update - rate * gains * gradient
            length = torch.linalg.vector_norm(update, dim=1, keepdim=True)
            update = torch.where(length > _STEP, update * (_STEP / length), update)
            place = place + update
            place = place - place.mean(dim=0)
            done += 1
            progress(done / total)
    return place.cpu().numpy()


class _Pulls:
    """Sums over each point's affinities."""

    def __init__(self, affinities: csr_matrix, device: str) -> None:
        import torch

        self.counts = torch.as_tensor(affinities.indptr[1:] - affinities.indptr[:-1]).to(device)
        self.counts = self.counts.to(torch.int64)
        self.heads = torch.arange(len(self.counts), device=device).repeat_interleave(self.counts)
        self.tails = torch.as_tensor(affinities.indices, dtype=torch.int64, device=device)
        self.parts = torch.as_tensor(affinities.data, dtype=torch.float64, device=device)

    def __call__(self, place: Tensor) -> Tensor:
        """What pulls each point (n, 2) to those it has affinities with."""
        import torch

        gap = place[self.heads] - place[self.tails]
        terms = gap * (self.parts / (1 + (gap * gap).sum(dim=1)))[:, None]
        return torch.segment_reduce(terms, "sum", lengths=self.counts, initial=0, unsafe=True)


def push(place: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over all pairs of points (n, 2), of q = 1 / (1 + their squared distance): for each point
    of q squared times the way to it from the other, (n, 2); and of q.

    The grid is openTSNE's, and so are its errors: none to speak of where cells are small.
    """
    import torch

    low, high = place.min(dim=0).values, place.max(dim=0).values
    wide = float((high - low).max()) or 1.0
    cells = max(_CELLS, math.ceil(wide))
    size = cells * _NODES
    at, shares = _onto(place, low, cells, wide)
    charges = torch.cat([torch.ones_like(place[:, :1]), place - low], dim=1)
    grid = torch.zeros((size * size, 3), dtype=torch.int64, device=place.device)
    for node in range(_NODES**2):
        part = (charges * shares[:, node, None] * _FIXED).round().to(torch.int64)
        grid.index_add_(0, at[:, node], part)
    charged = (grid.to(place.dtype) / _FIXED).T.reshape(3, size, size)
    near = _convolved(charged, wide / size).reshape(4, size * size)
    each = torch.zeros((4, len(place)), dtype=place.dtype, device=place.device)
    for node in range(_NODES**2):
        each += near[:, at[:, node]] * shares[:, node]
    weight = each[3].sum() - len(place)
    return (place - low) * each[0, :, None] - each[1:3].T, weight.clamp_min(1e-12)


def _onto(place: Tensor, low: Tensor, cells: int, wide: float) -> tuple[Tensor, Tensor]:
    """The nodes (n, 9) of the cell of each point (n, 2), as places in the flat grid, and the
    point's shares (n, 9) in them by Lagrange's polynomials."""
    import torch

    scaled = (place - low) * (cells / wide)
    cell = scaled.floor().clamp_(0, cells - 1)
    inside = scaled - cell
    stands = [(node + 0.5) / _NODES for node in range(_NODES)]
    along = []
    for node, own in enumerate(stands):
        share = torch.ones_like(inside)
        for other in stands[:node] + stands[node + 1 :]:
            share = share * (inside - other) / (own - other)
        along.append(share)
    shares = torch.stack(along, dim=2)  # (n, 2, nodes)
    nodes = cell.to(torch.int64)[:, :, None] * _NODES + torch.arange(_NODES, device=place.device)
    flat = nodes[:, 0, :, None] * (cells * _NODES) + nodes[:, 1, None, :]
    both = shares[:, 0, :, None] * shares[:, 1, None, :]
    return flat.reshape(len(place), -1), both.reshape(len(place), -1)


def _convolved(charged: Tensor, step: float) -> Tensor:
    """The charges (3, m, m) on a grid with this step, convolved with the square of
    1 / (1 + distance squared), and the first of them with that itself: (4, m, m)."""
    import torch
    from scipy.fft import next_fast_len

    size = charged.shape[1]
    full = int(next_fast_len(2 * size, real=True))
    index = torch.arange(full, device=charged.device, dtype=charged.dtype)
    squares = (torch.minimum(index, full - index) * step) ** 2
    kernel = 1 / (1 + squares[:, None] + squares)
    kernels = torch.fft.rfft2(torch.stack([kernel * kernel, kernel]))
    waves = torch.fft.rfft2(charged, s=(full, full))
    waves = torch.cat([waves * kernels[0], waves[:1] * kernels[1]])
    found: Tensor = torch.fft.irfft2(waves, s=(full, full))[:, :size, :size]
    return found
