"""Exact nearest neighbors by cosine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Floats, Near, Progress, silent
from atlas.numeric.vectors import unit

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 1  # raised when a result changes; the stages that use it follow

_BLOCK = 256  # rows at a time; measured best on CPUs, whose caches it suits
_ROOM = 2**26  # similarities held at a time by a thread, at most: 256 MB
_GROUP = 16  # columns of which only the largest is looked at first
# Candidates beyond k in the rough pass in bfloat16; more are slower, fewer leave more rows to
# settle.
_SPARE = 24


def neighbors(
    values: Floats,
    k: int,
    *,
    device: str = "cpu",
    threads: int = 1,
    progress: Progress = silent,
) -> Near:
    """The k nearest rows of each row of the vectors (n, d) by cosine, nearest first, the row itself
    left out; equal ones by row.

    A blocked matrix product finds candidates, whose similarities are taken again one pair at a time
    in float32. Where the processor multiplies bfloat16 faster, the product is taken so. A row whose
    candidates might lack a neighbor, because of rounding or of many equal similarities, is done
    again with all rows that might belong: the result is exact in any case, and the same on any
    number of threads.

    With n rows, k is at most n - 1. A row of zeros has cosine 0 with everything. Raises
    NotFiniteError for a row with NaN or infinity.
    """
    import torch

    directions = torch.from_numpy(unit(np.asarray(values, np.float32))).to(device)
    n = len(directions)
    k = max(min(k, n - 1), 0)
    near = Near(np.empty((n, k), np.int32), np.empty((n, k), np.float32))
    if k == 0:
        return near
    # A thread takes whole blocks: threads that share each product wait for one another, and for
    # long on a busy machine.
    workers = 1 if directions.is_cuda else max(threads, 1)
    with torch_threads(1), ThreadPoolExecutor(workers) as pool:
        search = _Search(directions, near, workers)
        begins = range(0, n, search.block)
        for begin, _ in zip(begins, pool.map(search, begins), strict=True):
            progress(min(begin + search.block, n) / n)
    return near


class _Search:
    """Finds the neighbors of a block of rows (b, d) and writes them to their place; blocks may be
    searched at once.

    unit     (n, d) float32, rows of length 1
    table    the same as it is multiplied, with rows of zeros up to a multiple of _GROUP
    lost     (n,) by how much a similarity may be off in the product, before that is rounded
    """

    def __init__(self, unit: Tensor, near: Near, workers: int) -> None:
        import torch

        n, self.k = near.rows.shape
        self.unit, self.near = unit, near
        self.rough = n > 4 * _BLOCK and _faster_in_bfloat16(unit)
        self.table = torch.nn.functional.pad(unit, (0, 0, 0, -n % _GROUP))
        if self.rough:
            self.table = self.table.bfloat16()
        self.lost = self._lost()
        self.spare = min(self.k + (_SPARE if self.rough else 8), n - 1)
        self.block = max(min(_BLOCK, _ROOM // n, n), 1)
        self.rooms: SimpleQueue[Tensor] = SimpleQueue()
        for _ in range(workers):  # made once: their pages cost more than the product
            self.rooms.put(
                torch.empty(self.block, len(self.table), dtype=self.table.dtype, device=unit.device)
            )

    def _lost(self) -> Tensor:
        import torch

        n, width = self.unit.shape
        lost = torch.zeros(n, device=self.unit.device)
        if self.rough:
            # x'y - xy = (x'-x)y + x'(y'-y), and Cauchy-Schwarz.
            apart = torch.linalg.vector_norm(self.unit - self.table[:n].float(), dim=1)
            lost = apart + apart.amax() * (1 + 2**-8)
        lost += width * 2**-22  # sums in any order, in either pass (Higham 2002, 3.1)
        if self.rough and self.unit.is_cuda:
            lost += 2**-7  # cuBLAS may add up parts of a sum in bfloat16
        return lost

    def __call__(self, begin: int) -> None:
        import torch

        n = len(self.unit)
        own = torch.arange(begin, min(begin + self.block, n), device=self.unit.device)
        room = self.rooms.get()
        product = torch.mm(self.table[own], self.table.T, out=room[: len(own)])
        product[:, n:] = -torch.inf
        product[own - begin, own] = -torch.inf
        largest, candidates = _largest(product, self.spare)
        rows, similarities = _nearest(self.unit, own, candidates, self.k)
        # A row with the k-th similarity or more stands at least here in the product: rounded once
        # more, at the end.
        floor = similarities[:, self.k - 1] - self.lost[own]
        floor -= floor.abs() * (2**-8 if self.rough else 0)
        doubtful = largest.amin(1) >= floor if self.spare < n - 1 else own < 0
        for row in torch.nonzero(doubtful)[:, 0].tolist():
            rest = torch.nonzero(product[row] >= floor[row])[:, 0]
            again = _nearest(self.unit, own[row : row + 1], rest[None], self.k)
            rows[row], similarities[row] = again[0][0], again[1][0]
        self.rooms.put(room)
        self.near.rows[begin : begin + self.block] = rows.cpu().numpy()
        self.near.similarities[begin : begin + self.block] = similarities.cpu().numpy()


def _largest(product: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest values (b, count) of each row (b, n), in any order, and their columns
    (b, count); n a multiple of _GROUP.

    They are in the `count` groups of columns with the largest maxima, so that few columns need to
    be ordered.
    """
    stride = product.shape[1] // _GROUP
    if stride < 4 * count:
        values, columns = product.topk(count, dim=1, sorted=False)
        return values, columns
    # A group is every stride-th column: maxima of whole vectors at once.
    groups = product.view(len(product), _GROUP, stride)
    best = groups.amax(1).topk(count, dim=1, sorted=False).indices
    inside = groups.gather(2, best[:, None].expand(-1, _GROUP, -1)).flatten(1)
    values, places = inside.topk(count, dim=1, sorted=False)
    return values, places // count * stride + best.gather(1, places % count)


def _nearest(unit: Tensor, own: Tensor, candidates: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Of the candidates (b, m) of each row of `own` the k nearest, and their cosines, equal ones by
    row."""
    candidates = candidates.sort(dim=1).values
    similar, order = _similarities(unit, own, candidates).sort(dim=1, descending=True, stable=True)
    return candidates.gather(1, order[:, :k]), similar[:, :k]


def _similarities(unit: Tensor, own: Tensor, others: Tensor) -> Tensor:
    """Cosines (b, m) of the rows `own` to `others` (b, m), each by itself, in an order of summation
    that never changes."""
    import torch

    result = torch.empty(others.shape, device=unit.device)
    # Numbers at a time: 1 MB, which a processor's caches hold.
    wide = 2**24 if unit.is_cuda else 2**18
    down, across = max(wide // (others.shape[1] * unit.shape[1]), 1), max(wide // unit.shape[1], 1)
    for top in range(0, len(own), down):
        for left in range(0, others.shape[1], across):
            part = others[top : top + down, left : left + across]
            pairs = unit.index_select(0, part.reshape(-1)).view(*part.shape, -1)
            torch.sum(
                pairs.mul_(unit[own[top : top + down], None]),
                2,
                out=result[top : top + down, left : left + across],
            )
    return result.clamp_(-1, 1)


def _faster_in_bfloat16(unit: Tensor) -> bool:
    """Whether this device multiplies bfloat16 much faster (CUDA, AMX, AVX512-BF16); a CPU without
    them is far slower."""
    import torch

    if unit.is_cuda:
        return True
    seconds = []
    for table in (unit[:2048], unit[:2048].bfloat16()):
        few = table[:64] @ table.T
        taken = []
        # Time of this thread, and the best of a few: the machine may be busy with something else.
        for _ in range(4):
            begin = time.thread_time()
            torch.mm(table[:64], table.T, out=few)
            taken.append(time.thread_time() - begin)
        seconds.append(min(taken))
    return seconds[1] < 0.7 * seconds[0]
