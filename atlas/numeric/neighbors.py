"""Exact nearest neighbors by cosine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal

import numpy as np

from atlas.numeric import cosines, symmetric
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Array, Floats, Near, Progress, silent
from atlas.numeric.vectors import unit

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 2  # raised when a result changes; the stages that use it follow

Product = Literal["bfloat16", "tf32", "float32"]

_GROUP = 16  # columns of which only the largest is looked at first
_SPARE: dict[Product, int] = {"bfloat16": 24, "tf32": 24, "float32": 4}
_MANY = 240  # candidates beyond k, the row itself among them; of doubtful rows
_FEW = 1024  # rows that are all compared in float64
_TRIED = 256  # rows on which a pass is tried
_SHARE = 32  # rows that a thread takes at least: each of them holds tables of its own


@dataclass(frozen=True)
class Plan:
    """How neighbors are searched on a device. It changes how long that takes, and nothing else.

    product    how the similarities are multiplied from which candidates are taken
    rows       rows of a block
    columns    rows that a block is compared with at a time
    pairs      numbers held where candidates are compared again
    workers    blocks searched at once
    """

    product: Product
    rows: int
    columns: int
    pairs: int
    workers: int


def plan(unit: Tensor, threads: int) -> Plan:
    """The plan for the device that holds the directions (n, d)."""
    import torch

    n, width = unit.shape
    if unit.is_cuda:
        # Blocks that fill it; an eighth of what is free, for similarities in float32.
        room = min(torch.cuda.mem_get_info(unit.device)[0] // 8, 2**32)
        rows = min(max(room // (4 * max(n, 1)), 1), 8192)
        return Plan("tf32", rows, n, 2**26, 1)
    if unit.device.type != "cpu":
        return Plan("float32", 1024, 2**16, 2**18, 1)
    product: Product = "bfloat16" if _faster_in_bfloat16(unit) else "float32"
    workers = max(threads, 1)
    rows, columns = 256, 2**15  # measured best, and 1 MB of pairs: what caches hold
    if n > columns:  # products take an eighth of what the directions do, of all workers together
        room = max(n * width * 4 // 8 // workers, 2**22)
        columns = room // rows // (2 if product == "bfloat16" else 4)
    return Plan(product, rows, columns, 2**18, workers)


def neighbors(
    values: Floats,
    k: int,
    *,
    ids: Array | None = None,
    device: str = "cpu",
    threads: int = 1,
    progress: Progress = silent,
    way: Plan | None = None,
) -> Near:
    """The k nearest rows of each row of the vectors (n, d) by cosine, nearest first, the row itself
    left out; equal ones by row. With `ids` (n,), of these rows of the vectors, and as positions in
    ids.

    A blocked product in low precision finds candidates, whose cosines are taken again (cosines.py).
    Rows whose candidates might lack a neighbor, because of rounding or of many equal similarities,
    are searched again together in float32, and those still in doubt against all rows in float64.
    The result is exact in any case, and the same on any device, number of threads and plan.

    With n rows, k is at most n - 1. A row of zeros has cosine 0 with everything. Raises
    NotFiniteError for a row with NaN or infinity.
    """
    import torch

    directions = torch.from_numpy(unit(np.asarray(values, np.float32), ids)).to(device)
    n = len(directions)
    k = max(min(k, n - 1), 0)
    if k == 0:
        return Near(np.empty((n, k), np.int32), np.empty((n, k), np.float32))
    with torch_threads(1):
        search = Search(directions, k, way or plan(directions, threads), progress)
        rows, similarities = cosines.told(search.found())
    return Near(rows.cpu().numpy(), similarities.cpu().numpy())


class Search:
    """Finds the keys of the neighbors of all rows.

    unit       (n, d) float32, rows of length 1, on the device of the product
    exact      the same where float64 is to be had
    keys       (n, k) int64
    doubtful   (n,) whether a row may lack a neighbor
    done       how far the search is, 0..1
    """

    def __init__(self, unit: Tensor, k: int, way: Plan, progress: Progress) -> None:
        import torch

        self.unit, self.k, self.way, self.progress = unit, k, way, progress
        self.exact = unit.cpu() if unit.device.type == "mps" else unit
        n, home = len(unit), self.exact.device
        self.keys = torch.full((n, k), cosines.LEAST, device=home)
        self.doubtful = torch.ones(n, dtype=torch.bool, device=home)
        self.done = 0.0

    def found(self) -> Tensor:
        """The keys (n, k), falling."""
        import torch

        first = self.way.product
        for product, spare in ((first, _SPARE[first]), (first, _MANY), ("float32", _MANY)):
            if len(self.unit) > max(_FEW, self.k + spare):
                with tf32(product == "tf32"):
                    self._pass(product, spare)
        rows = torch.nonzero(self.doubtful)[:, 0]
        if len(rows):
            self._among_all(rows)
        self.progress(1.0)
        return self.keys

    def _pass(self, product: Product, spare: int) -> None:
        """Search for the rows in doubt; where that leaves most of some that are tried in doubt, for
        these alone."""
        import torch

        rows = torch.nonzero(self.doubtful)[:, 0]
        if not len(rows):
            return
        search = _Rough(self, product, spare)
        draw = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:_TRIED]
        tried = rows[draw.to(rows.device)]
        self.each(tried, search)
        if float(self.doubtful[tried].float().mean()) > 0.5:
            return
        if 2 * len(rows) > len(self.unit) and symmetric.pays(search.table):
            self.halved(search.table, search.count, search.judge)
        else:
            self.each(torch.nonzero(self.doubtful)[:, 0], search)

    def halved(self, table: Tensor, count: int, judge: symmetric.Found) -> None:
        """Search for all rows, by half of the products of a table (n, m)."""
        begin, rest = self.done, 1 - self.done

        def told(share: float) -> None:
            self.done = begin + 0.9 * rest * share
            self.progress(self.done)

        symmetric.search(table, count, self.way.workers, judge, told)

    def _among_all(self, rows: Tensor) -> None:
        """Search for rows among all, in float64. Equal ones are searched once: they have equal
        cosines."""
        import torch

        stands, numbers = cosines.alike(self.exact, rows)
        keys = torch.empty((len(stands), self.k + 1), dtype=torch.int64, device=rows.device)

        def search(places: Tensor) -> None:
            tile = max(self.way.columns // 8, 16)
            keys[places] = cosines.best_of_all(self.exact, stands[places], self.k + 1, tile)

        self.each(torch.arange(len(stands), device=rows.device), search)
        for part, which in zip(torch.split(rows, 2**16), torch.split(numbers, 2**16), strict=True):
            found = keys[which]
            own = cosines.told(found)[0] == part[:, None]
            # Itself goes to the end, or what is one too many does.
            found = found.masked_fill(own, cosines.LEAST).sort(dim=1, descending=True).values
            self.keys[part] = found[:, : self.k]

    def each(self, rows: Tensor, search: Callable[[Tensor], None]) -> None:
        """Search for blocks of rows. A thread takes whole blocks: threads that share each product
        wait for one another, and for long on a busy machine."""
        import torch

        share = max(ceil(len(rows) / self.way.workers), _SHARE)  # few rows are shared, too
        blocks = torch.split(rows, min(self.way.rows, share))
        # What each pass leaves is not known before.
        begin, rest = self.done, (1 - self.done) * len(rows) / len(self.unit)
        with ThreadPoolExecutor(self.way.workers) as pool:
            for number, _ in enumerate(pool.map(search, blocks), 1):
                self.done = begin + 0.9 * rest * number / len(blocks)
                self.progress(self.done)


class _Rough:
    """Finds the keys of the neighbors of a block of rows (b,) among candidates, and which rows
    stay doubtful; blocks may be searched at once, and nothing waits for the device.

    lost    (n,) by how much a similarity may be off in the product, before that is rounded
    """

    def __init__(self, search: Search, product: Product, spare: int) -> None:
        self.table = _table(search.unit, product)
        self.search, self.count = search, search.k + spare
        self.lost = _lost(search.unit, self.table, product).to(search.exact.device)
        self.candidates = Candidates(self.table, self.count, search.way)

    def __call__(self, own: Tensor) -> None:
        values, candidates = self.candidates(own)
        self.judge(own, values.amin(1).to(own.device), candidates.to(own.device))

    def judge(self, own: Tensor, least: Tensor, candidates: Tensor) -> None:
        """Fill in the keys of rows (b,) from candidates (b, m); the product with no other row is
        above the least (b,)."""
        search = self.search
        keys, middle = cosines.of_pairs(search.exact, own, candidates, search.way.pairs)
        search.keys[own] = keys = keys.topk(search.k, dim=1).values
        # A row with the k-th cosine or more is not below this in the product, which is rounded as
        # this is.
        floor = (cosines.told(keys[:, -1])[1] - self.lost[own]).to(least.dtype)
        search.doubtful[own] = (least >= floor) | middle


class Candidates:
    """Finds the rows of a table (n, d) whose products with each of a block of rows (b,) are the
    largest; blocks may be searched at once."""

    def __init__(self, table: Tensor, count: int, way: Plan) -> None:
        import torch

        self.table, self.count = table, count
        n = len(table)
        wide = min(way.columns, n)
        self.tiles = [*range(0, n, wide), n]
        self.rooms: SimpleQueue[Tensor] = SimpleQueue()
        for _ in range(way.workers):  # made once: their pages cost more than the product
            self.rooms.put(torch.empty(way.rows * wide, dtype=table.dtype, device=table.device))

    def __call__(self, own: Tensor) -> tuple[Tensor, Tensor]:
        """The largest products (b, count), in any order, and whose they are (b, count)."""
        import torch

        room = self.rooms.get()
        mine = self.table[own.to(self.table.device)]
        values, columns = [], []
        try:
            for left, right in pairwise(self.tiles):
                width = right - left
                product = room[: len(own) * width].view(len(own), width)
                torch.mm(mine, self.table[left:right].T, out=product)
                largest, places = _largest(product, min(self.count, width))
                values.append(largest)
                columns.append(places.add_(left))
        finally:
            self.rooms.put(room)  # or another block would wait for it for ever
        found, joined = torch.cat(values, dim=1), torch.cat(columns, dim=1)
        if len(values) == 1:
            return found, joined
        found, places = found.topk(self.count, dim=1, sorted=False)
        return found, joined.gather(1, places)


def _table(unit: Tensor, product: Product) -> Tensor:
    """The directions (n, d) as they are multiplied."""
    if product == "bfloat16":
        return unit.bfloat16()
    if product == "float32":
        return unit
    # To the 11 bits that TF32 has, by the splitting of Dekker 1971: the device would cut them off.
    high = unit * (2**13 + 1)
    return high.sub_(high - unit)


def _lost(unit: Tensor, table: Tensor, product: Product) -> Tensor:
    """By how much the product of each row (n,) with any other may be off."""
    import torch

    n, width = unit.shape
    # Sums in any order (Higham 2002, 3.1), of cores that may cut off instead of rounding; what a
    # cosine is rounded to.
    lost = torch.full((n,), (width + 8) * (2**-24 if product == "float32" else 2**-22))
    lost = lost.to(unit.device)
    if product == "float32":
        return lost
    # x'y' - xy = (x'-x)y + x'(y'-y), and Cauchy-Schwarz.
    apart = torch.empty_like(lost)
    for begin in range(0, n, 1024):
        part = slice(begin, begin + 1024)
        apart[part] = torch.linalg.vector_norm(unit[part] - table[part], dim=1)
    lost += apart + apart.amax() * (1 + 2**-8)
    if product == "bfloat16" and unit.is_cuda:
        lost += 2**-7  # cuBLAS may add up parts of a sum in bfloat16
    return lost


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Lets products on CUDA round float32 to TF32, or not."""
    import torch

    matmul = torch.backends.cuda.matmul
    # Since torch 2.9 by another name; after somebody has set that, the old one cannot be read.
    newer = hasattr(matmul, "fp32_precision")
    name, values = ("fp32_precision", ("ieee", "tf32")) if newer else ("allow_tf32", (False, True))
    before = getattr(matmul, name)
    setattr(matmul, name, values[allowed])
    try:
        yield
    finally:
        setattr(matmul, name, before)


def _largest(product: Tensor, count: int, group: int = _GROUP) -> tuple[Tensor, Tensor]:
    """The `count` largest values (b, count) of each row (b, n), in any order, and their columns
    (b, count).

    They are in the `count` groups of columns with the largest maxima, so that few columns need to
    be ordered.
    """
    import torch

    stride = product.shape[1] // group
    if stride < 4 * count:
        values, columns = product.topk(count, dim=1, sorted=False)
        return values, columns
    # A group is every stride-th column: maxima of whole vectors at once. Some columns are in none.
    groups = product[:, : group * stride].view(len(product), group, stride)
    best = _largest(_maxima(groups, count), count, 8)[1]
    inside = groups.gather(2, best[:, None].expand(-1, group, -1)).flatten(1)
    rest = product[:, group * stride :]
    values, places = torch.cat([inside, rest], dim=1).topk(count, dim=1, sorted=False)
    columns = places // count * stride + best.gather(1, places % count)
    return values, torch.where(places < group * count, columns, places + (stride - count) * group)


def _maxima(groups: Tensor, count: int) -> Tensor:
    """The largest value (b, s) of each group (b, g, s), or a lesser one of groups that are not
    among the `count` with the largest."""
    import torch

    if groups.dtype == torch.bfloat16 and not groups.is_cuda:
        # Above zero bits are ordered as values are, and integers are compared twice as fast.
        found = groups.view(torch.int16).amax(1).view(torch.bfloat16)
        if bool(((found > 0).sum(1) >= count).all()):
            return found
    return groups.amax(1)


def _faster_in_bfloat16(unit: Tensor) -> bool:
    """Whether this processor multiplies bfloat16 much faster (AMX, AVX512-BF16); one without them
    is far slower."""
    import torch

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
    return seconds[1] < 0.6 * seconds[0]
