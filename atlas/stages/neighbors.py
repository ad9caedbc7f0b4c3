"""Exact nearest neighbors by cosine, the ground truth of every map."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.data import Floats, Ints, Neighbors, Selection, Vectors
from atlas.errors import StageError

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 2

_BLOCK = 256  # rows at a time; measured best on CPUs, whose caches it suits
_ROOM = 2**26  # similarities held at a time, at most: 256 MB
_SPARE = 48  # candidates beyond k in the rough pass in bfloat16
# A unit vector rounded to bfloat16 is off by at most 2^-9 of each part, so a product of two by 2^-8 (Cauchy-Schwarz), and
# the product itself is rounded once more. In float32 the order of summation is all that differs.
_ROUGH_ERROR = 2**-8 + 2**-9 + 2**-12
_ORDER_ERROR = 2**-18


def neighbors(
    vectors: Vectors,
    selection: Selection,
    *,
    k: int,
    device: str = "cpu",
    progress: Callable[[float], None] = lambda _: None,
) -> Neighbors:
    """The k nearest rows of each row of the selection by cosine, nearest first, the row itself left out; equal ones by row.

    A blocked matrix product finds candidates, whose similarities are taken again one pair at a time in float32, so that the
    result depends neither on the device's nor on the threads' order of summation. Where the processor multiplies bfloat16
    faster, the product is taken so. A row whose candidates might lack a neighbor, because of rounding or of many equal
    similarities, is done again with all rows that might belong: the result is exact in any case.

    With n rows, k is at most n - 1. A zero vector has cosine 0 with everything. Raises StageError if a selected vector is
    not finite.
    """
    import torch

    unit = torch.from_numpy(_unit(vectors, selection)).to(device)
    n = len(unit)
    k = max(min(k, n - 1), 0)
    rows, similarities = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    if k == 0:
        return Neighbors(rows, similarities)
    block = max(min(_BLOCK, _ROOM // n, n), 1)
    table = unit.bfloat16() if n > 4 * _BLOCK and _faster_in_bfloat16(unit) else unit
    spare = min(k + (8 if table is unit else _SPARE), n - 1)
    error = _ORDER_ERROR if table is unit else _ROUGH_ERROR
    room = torch.empty(block, n, dtype=table.dtype, device=unit.device)  # made once: its pages cost more than the product
    doubtful = []
    for begin in range(0, n, block):
        own = torch.arange(begin, min(begin + block, n), device=unit.device)
        product = _product(table, own, room)
        found = product.topk(spare, dim=1, sorted=False)
        candidates = found.indices.sort(dim=1).values
        exact = (unit[own, None] * unit[candidates]).sum(2).clamp_(-1, 1)
        order = exact.sort(dim=1, descending=True, stable=True)
        rows[begin : begin + block] = candidates.gather(1, order.indices[:, :k]).cpu().numpy()
        similarities[begin : begin + block] = order.values[:, :k].cpu().numpy()
        if spare < n - 1:
            doubtful.append(own[order.values[:, k - 1] <= found.values.amin(1).float() + error])
        progress((begin + len(own)) / n)
    del room
    if doubtful:
        _settle(unit, torch.cat(doubtful), k, block, rows, similarities)
    return Neighbors(rows, similarities)


def _unit(vectors: Vectors, selection: Selection) -> Floats:
    """The selected vectors (n, d) at length 1; a zero vector stays zero."""
    unit = np.array(vectors.values[selection.ids], dtype=np.float32)
    for begin in range(0, len(unit), 4096):
        part = unit[begin : begin + 4096].astype(np.float64)  # neither 1e-30 nor 1e30 squared fits in float32
        lengths = np.sqrt(np.einsum("nd,nd->n", part, part))
        if not np.isfinite(lengths).all():
            token = selection.ids[begin + int(np.flatnonzero(~np.isfinite(lengths))[0])]
            raise StageError(
                f"{vectors.tensor}: the vector of token {token} holds a value that is not finite.",
                "The checkpoint is damaged, or the token should be left out of the map's selection.",
            )
        unit[begin : begin + 4096] = part / np.where(lengths > 0, lengths, 1)[:, None]
    return unit


def _product(table: Tensor, own: Tensor, room: Tensor) -> Tensor:
    """Similarities (b, n) of the rows `own` to all rows, in the precision of the table, that to itself below all others."""
    import torch

    product = torch.mm(table[own], table.T, out=room[: len(own)])
    product[torch.arange(len(own), device=own.device), own] = -torch.inf
    return product


def _settle(unit: Tensor, own: Tensor, k: int, block: int, rows: Ints, similarities: Floats) -> None:
    """Fill in the rows `own`, considering every row that might be among the k nearest, however many are equal."""
    import torch

    room = torch.empty(min(block, max(len(own), 1)), len(unit), device=unit.device)
    for part in own.split(len(room)):
        product = _product(unit, part, room)
        floors = product.topk(k, dim=1, sorted=False).values.amin(1, keepdim=True) - 2 * _ORDER_ERROR
        for row, similar, floor in zip(part.tolist(), product, floors, strict=True):
            candidates = torch.nonzero(similar >= floor)[:, 0]
            pieces = [(unit[row] * unit[some]).sum(1) for some in candidates.split(16_384)]
            exact, order = torch.cat(pieces).clamp_(-1, 1).sort(descending=True, stable=True)
            rows[row] = candidates[order[:k]].cpu().numpy()
            similarities[row] = exact[:k].cpu().numpy()


def _faster_in_bfloat16(unit: Any) -> bool:
    """Whether this device multiplies bfloat16 much faster (CUDA, AMX, AVX512-BF16); a CPU without them is far slower."""
    import torch

    if unit.is_cuda:
        return True
    seconds = []
    for table in (unit[:2048], unit[:2048].bfloat16()):
        few = table[:32] @ table.T
        taken = []
        for _ in range(4):  # the best of a few: the machine may be busy with something else
            begin = time.perf_counter()
            torch.mm(table[:32], table.T, out=few)
            taken.append(time.perf_counter() - begin)
        seconds.append(min(taken))
    return seconds[1] < 0.7 * seconds[0]
