"""Exact nearest neighbors by cosine, the ground truth of every map."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from atlas.data import Neighbors, Selection, Vectors

VERSION = 1

_BLOCK = 256  # rows at a time: 256 x 250,000 similarities are 256 MB
_SPARE = 48  # candidates beyond k in the rough pass
# A unit vector rounded to bfloat16 is off by at most 2^-9 of each part, so a product of two by 2^-8 (Cauchy-Schwarz), and
# the product itself is rounded once more.
_ROUGH_ERROR = 2**-8 + 2**-9 + 2**-12


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
    faster, the product is taken so, and a row whose candidates might have missed a neighbor by rounding is done again in
    float32: the result is the same. With n rows, k is at most n - 1. A zero vector has cosine 0 with everything.
    """
    import torch

    values = torch.from_numpy(np.array(vectors.values[selection.ids], dtype=np.float32)).to(device)
    unit = torch.nn.functional.normalize(values, dim=1)
    n = len(unit)
    k = min(k, n - 1)
    rows = np.empty((n, max(k, 0)), np.int32)
    similarities = np.empty((n, max(k, 0)), np.float32)
    if k < 1:
        return Neighbors(rows, similarities)
    table = unit.bfloat16() if n > 4 * _BLOCK and _faster_in_bfloat16(unit) else unit
    spare = min(k + (8 if table is unit else _SPARE), n - 1)
    room = torch.empty(min(_BLOCK, n), n, dtype=table.dtype, device=unit.device)  # made once: its pages cost more than the product
    doubtful = []
    for begin in range(0, n, _BLOCK):
        own = torch.arange(begin, min(begin + _BLOCK, n), device=unit.device)
        best, rough_floor = _best(table, unit, own, k, spare, room)
        rows[own.cpu()], similarities[own.cpu()] = best[0].cpu().numpy(), best[1].cpu().numpy()
        if table is not unit and spare < n - 1:
            doubtful.append(own[best[1][:, -1] < rough_floor + _ROUGH_ERROR])
        progress((begin + len(own)) / n)
    again = torch.cat(doubtful) if doubtful else []
    if len(again):
        room = torch.empty(min(_BLOCK, n), n, device=unit.device)
        for own in again.split(_BLOCK):
            best, _ = _best(unit, unit, own, k, spare, room)
            rows[own.cpu()], similarities[own.cpu()] = best[0].cpu().numpy(), best[1].cpu().numpy()
    return Neighbors(rows, similarities)


def _best(table: Any, unit: Any, own: Any, k: int, spare: int, room: Any) -> tuple[tuple[Any, Any], Any]:
    """Rows and similarities of the k best of `spare` candidates, and the lowest rough similarity among the candidates."""
    import torch

    product = torch.mm(table[own], table.T, out=room[: len(own)])
    product[torch.arange(len(own), device=own.device), own] = -torch.inf
    found = product.topk(spare, dim=1, sorted=False)
    candidates = found.indices.sort(dim=1).values
    exact = (unit[own, None] * unit[candidates]).sum(2).clamp_(-1, 1)
    order = exact.sort(dim=1, descending=True, stable=True)
    return (candidates.gather(1, order.indices[:, :k]), order.values[:, :k]), found.values.amin(1).float()


def _faster_in_bfloat16(unit: Any) -> bool:
    """Whether this device multiplies bfloat16 much faster (CUDA, AMX, AVX512-BF16); a CPU without them is far slower."""
    import torch

    if unit.is_cuda:
        return True
    seconds = []
    for table in (unit, unit.bfloat16()):
        few = table[:32] @ table[:2048].T
        begin = time.perf_counter()
        torch.mm(table[:32], table[:2048].T, out=few)
        seconds.append(time.perf_counter() - begin)
    return seconds[1] < 0.7 * seconds[0]
