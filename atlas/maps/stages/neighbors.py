"""Exact nearest neighbors by cosine, the ground truth of every map."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from atlas.errors import StageError
from atlas.maps.records import Neighbors
from atlas.numeric.types import Floats
from atlas.spaces.records import Selection, Vectors

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 2

_BLOCK = 256  # rows at a time; measured best on CPUs, whose caches it suits
_ROOM = 2**26  # similarities held at a time by a thread, at most: 256 MB
_GROUP = 16  # columns of which only the largest is looked at first
_SPARE = 24  # candidates beyond k in the rough pass in bfloat16; more are slower, fewer leave more rows to settle


def neighbors(
    vectors: Vectors,
    selection: Selection,
    *,
    k: int,
    device: str = "cpu",
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Neighbors:
    """The k nearest rows of each row of the selection by cosine, nearest first, the row itself left
    out; equal ones by row.

    A blocked matrix product finds candidates, whose similarities are taken again one pair at a time
    in float32. Where the processor multiplies bfloat16 faster, the product is taken so. A row whose
    candidates might lack a neighbor, because of rounding or of many equal similarities, is done
    again with all rows that might belong: the result is exact in any case, and the same on any
    number of threads.

    With n rows, k is at most n - 1. A zero vector has cosine 0 with everything. Raises StageError
    if a selected vector is not finite.
    """
    import torch

    unit = torch.from_numpy(_unit(vectors, selection)).to(device)
    n, width = unit.shape
    k = max(min(k, n - 1), 0)
    rows, similarities = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    if k == 0:
        return Neighbors(rows, similarities)
    # A thread takes whole blocks: threads that share each product wait for one another, and for
    # long on a busy machine.
    workers = 1 if unit.is_cuda else max(threads, 1)
    with one_thread(), ThreadPoolExecutor(workers) as pool:
        rough = n > 4 * _BLOCK and _faster_in_bfloat16(unit)
        table = torch.nn.functional.pad(unit, (0, 0, 0, -n % _GROUP))
        lost = torch.zeros(
            n, device=unit.device
        )  # by which a similarity may be off before the product is rounded
        if rough:
            table = table.bfloat16()
            apart = torch.linalg.vector_norm(unit - table[:n].float(), dim=1)
            lost = apart + apart.amax() * (
                1 + 2**-8
            )  # x'y - xy = (x'-x)y + x'(y'-y), and Cauchy-Schwarz
        lost += width * 2**-22  # sums in any order, here and below (Higham 2002, 3.1)
        if rough and unit.is_cuda:
            lost += 2**-7  # cuBLAS may add up parts of a sum in bfloat16
        spare = min(k + (_SPARE if rough else 8), n - 1)
        block = max(min(_BLOCK, _ROOM // n, n), 1)
        rooms: SimpleQueue[Tensor] = SimpleQueue()
        for _ in range(workers):  # made once: their pages cost more than the product
            rooms.put(torch.empty(block, len(table), dtype=table.dtype, device=unit.device))

        def search(begin: int) -> None:
            own = torch.arange(begin, min(begin + block, n), device=unit.device)
            room = rooms.get()
            product = torch.mm(table[own], table.T, out=room[: len(own)])
            product[:, n:] = -torch.inf
            product[own - begin, own] = -torch.inf
            found, candidates = _largest(product, spare)
            near = _nearest(unit, own, candidates, k)
            # A row with the k-th similarity or more stands at least here in the product: rounded
            # once more, at the end.
            floor = near[1][:, k - 1] - lost[own]
            floor -= floor.abs() * (2**-8 if rough else 0)
            doubtful = found.amin(1) >= floor if spare < n - 1 else own < 0
            for row in torch.nonzero(doubtful)[:, 0].tolist():
                rest = torch.nonzero(product[row] >= floor[row])[:, 0]
                near[0][row], near[1][row] = (
                    part[0] for part in _nearest(unit, own[row : row + 1], rest[None], k)
                )
            rooms.put(room)
            rows[begin : begin + block], similarities[begin : begin + block] = (
                part.cpu().numpy() for part in near
            )

        for begin, _ in zip(range(0, n, block), pool.map(search, range(0, n, block)), strict=True):
            progress(min(begin + block, n) / n)
    return Neighbors(rows, similarities)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch without threads of its own: on a busy machine they wait for one another ten times
    longer than they work."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _unit(vectors: Vectors, selection: Selection) -> Floats:
    """The selected vectors (n, d) at length 1; a zero vector stays zero."""
    unit = np.array(vectors.values[selection.ids], dtype=np.float32)
    for begin in range(0, len(unit), 4096):
        part = unit[begin : begin + 4096].astype(
            np.float64
        )  # neither 1e-30 nor 1e30 squared fits in float32
        lengths = np.sqrt(np.einsum("nd,nd->n", part, part))
        if not np.isfinite(lengths).all():
            token = selection.ids[begin + int(np.flatnonzero(~np.isfinite(lengths))[0])]
            raise StageError(
                f"{vectors.tensor}: the vector of token {token} holds a value that is not finite.",
                "The checkpoint is damaged, or the token should be left out of the map's selection.",
            )
        unit[begin : begin + 4096] = part / np.where(lengths > 0, lengths, 1)[:, None]
    return unit


def _largest(product: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest values (b, count) of each row (b, n), in any order, and their columns; n
    a multiple of _GROUP.

    They are in the `count` groups of columns with the largest maxima, so that few columns need to
    be ordered.
    """
    stride = product.shape[1] // _GROUP
    if stride < 4 * count:
        values, columns = product.topk(count, dim=1, sorted=False)
        return values, columns
    groups = product.view(
        len(product), _GROUP, stride
    )  # a group is every stride-th column: maxima of whole vectors at once
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
    wide = (
        2**24 if unit.is_cuda else 2**18
    )  # numbers at a time: 1 MB, which a processor's caches hold
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
        for _ in range(
            4
        ):  # time of this thread, and the best of a few: the machine may be busy with something else
            begin = time.thread_time()
            torch.mm(table[:64], table.T, out=few)
            taken.append(time.thread_time() - begin)
        seconds.append(min(taken))
    return seconds[1] < 0.7 * seconds[0]
