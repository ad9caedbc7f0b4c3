"""Candidates for the neighbors of all rows, where each product counts for both of its rows.

A row's candidates are those whose product with it is above a threshold of its own, which its
products with a random sample set. So nothing is ordered but what is above it, and half of all
products are enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from atlas.numeric.types import Array, Progress

if TYPE_CHECKING:
    from torch import Tensor

_FEWEST = 4096  # rows from which on this pays
_BLOCK = 1024  # rows and columns of a product: what caches hold
_FEW = 256  # rows that are compared with a sample at a time
_RANK = 4  # of the product with the sample that is the threshold
_HOPED = 2.5  # rows above the threshold, for each candidate wanted, and
_LEAST_HOPED = 60  # in any case: fewer ask for a larger sample

Found = Callable[["Tensor", "Tensor", "Tensor"], None]


class Above(NamedTuple):
    """What is above the thresholds of some rows, in few bytes: places uint16 of the rows in their
    block, int32 of the others in the table, and products, in the table's numbers."""

    own: Array
    others: Array
    products: Tensor

    def copy(self) -> Above:
        """The same in memory of the thread that asks."""
        return Above(self.own.copy(), self.others.copy(), self.products.clone())


def pays(table: Tensor) -> bool:
    """Whether the rows of a table (n, d) are searched sooner so than one block after another."""
    return table.device.type == "cpu" and len(table) >= _FEWEST


def search(
    table: Tensor, count: int, workers: int, found: Found, progress: Progress = lambda _: None
) -> None:
    """Call `found(rows, bounds, candidates)` for blocks of rows of the table (n, d) on a processor,
    in any order and several at once: of each row (b,) up to `count` candidates (b, count), itself
    in place of those that lack, and a bound (b,) which the product with any other row is not above.

    Most rows have `count` candidates; some have few. What is found is the same with any number of
    workers.
    """
    _Search(table, count, workers, found).all(progress)


class _Search:
    """
    levels  (n,) the thresholds, in the table's numbers
    above   what is known of each block that is not finished
    rooms   for products and what is above in them, made once: their pages cost more than the
            product
    """

    def __init__(self, table: Tensor, count: int, workers: int, found: Found) -> None:
        import torch

        self.table, self.count, self.workers, self.found = table, count, workers, found
        self.levels = _levels(table, count, workers)
        self.blocks = torch.split(torch.arange(len(table)), _BLOCK)
        self.above: list[list[Above]] = [[] for _ in self.blocks]
        self.rooms: SimpleQueue[tuple[Tensor, Tensor]] = SimpleQueue()
        for _ in range(workers):
            numbers = torch.empty(_BLOCK * _BLOCK, dtype=table.dtype)
            self.rooms.put((numbers, torch.empty(_BLOCK * _BLOCK, dtype=torch.bool)))

    def all(self, progress: Progress) -> None:
        count = len(self.blocks)
        asked: deque[tuple[int, list[Future[tuple[Above, Above]]]]] = deque()
        finished: list[Future[None]] = []
        with ThreadPoolExecutor(self.workers) as pool:

            def finish() -> None:
                block, products = asked.popleft()
                self._keep(block, products)
                finished.append(pool.submit(self._finish, block))
                progress(1 - (1 - (block + 1) / count) ** 2)

            for block in range(count):
                products = [pool.submit(self._product, block, by) for by in range(block, count)]
                asked.append((block, products))
                if len(asked) > 1:  # those of the next are there to be done while one is waited for
                    finish()
            finish()
            for future in finished:
                future.result()

    def _product(self, block: int, by: int) -> tuple[Above, Above]:
        """What is above the thresholds of a block's rows among those of another, and what above
        those of the other's rows among the block's."""
        import torch

        rows, columns = self.blocks[block], self.blocks[by]
        room = self.rooms.get()
        try:
            product, over = (
                part[: len(rows) * len(columns)].view(len(rows), len(columns)) for part in room
            )
            torch.mm(self.table[_span(rows)], self.table[_span(columns)].T, out=product)
            mine = self._above(product, self.levels[_span(rows), None], over)
            theirs = self._above(product, self.levels[None, _span(columns)], over)
        finally:
            self.rooms.put(room)  # or another block would wait for it for ever
        start, other = int(rows[0]), int(columns[0])
        return (
            Above(mine[0].astype(np.uint16), (mine[1] + other).astype(np.int32), mine[2]),
            Above(theirs[1].astype(np.uint16), (theirs[0] + start).astype(np.int32), theirs[2]),
        )

    def _above(self, product: Tensor, levels: Tensor, over: Tensor) -> tuple[Array, Array, Tensor]:
        """Rows, columns and values of a product (b, c) that are above levels (b, 1) or (1, c);
        `over` has room for which they are."""
        import torch

        if product.dtype == torch.bfloat16 and bool((levels > 0).all()):
            # Above zero bits are ordered as values are, and integers are compared twice as fast.
            torch.gt(product.view(torch.int16), levels.view(torch.int16), out=over)
        else:
            torch.gt(product, levels, out=over)
        places = np.flatnonzero(over.numpy())
        rows, columns = np.divmod(places, product.shape[1])
        return rows, columns, product.view(-1)[torch.from_numpy(places)]

    def _keep(self, block: int, products: list[Future[tuple[Above, Above]]]) -> None:
        """Keep what blocks in work found in copies of this thread's: among what they need for a
        moment, small arrays would keep memory from being used again."""
        products.reverse()
        for by in range(block, len(self.blocks)):
            mine, theirs = products.pop().result()
            self.above[block].append(mine.copy())
            if by > block:
                self.above[by].append(theirs.copy())

    def _finish(self, block: int) -> None:
        """Tell of a block of which all products are known."""
        import torch

        above, self.above[block] = self.above[block], []
        own = np.concatenate([part.own for part in above])
        others = np.concatenate([part.others for part in above])
        values = torch.cat([part.products for part in above]).float().numpy()
        del above
        rows = self.blocks[block]
        order = np.lexsort((others, -values, own))
        own, others, values = own[order], others[order], values[order]
        counts = np.bincount(own, minlength=len(rows))
        place = np.arange(len(own)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = place < self.count
        candidates = rows[:, None].repeat(1, self.count).numpy()
        candidates[own[kept], place[kept]] = others[kept]
        bounds = self.levels[_span(rows)].clone()
        last = place == self.count - 1  # the least that is kept, where all places are taken
        least = torch.from_numpy(values[last]).to(bounds.dtype)
        bounds[torch.from_numpy(own[last]).long()] = least
        self.found(rows, bounds, torch.from_numpy(candidates))


def _span(rows: Tensor) -> slice:
    return slice(int(rows[0]), int(rows[-1]) + 1)


def _levels(table: Tensor, count: int, workers: int) -> Tensor:
    """The thresholds (n,) of the rows of a table (n, d)."""
    import torch

    n, width = table.shape
    hoped = max(_HOPED * count, _LEAST_HOPED)
    size = min(max(ceil(_RANK * n / hoped), _RANK + 1), n)
    generator = torch.Generator().manual_seed(0)
    sample = torch.randperm(n, generator=generator)[:size].sort().values
    levels = torch.empty(n, dtype=torch.float32)
    drawn = table[sample].T

    def fill(begin: int) -> None:
        products = (table[begin : begin + _FEW] @ drawn).float()
        inside = torch.nonzero((sample >= begin) & (sample < begin + _FEW))[:, 0]
        products[sample[inside] - begin, inside] = -2.0  # itself is no sign of how near others are
        levels[begin : begin + _FEW] = products.topk(_RANK, dim=1).values[:, -1]

    with ThreadPoolExecutor(workers) as pool:
        deque(pool.map(fill, range(0, n, _FEW)), maxlen=0)
    # A product that is added up in another order may come out higher; of many equal rows that would
    # be all.
    if table.dtype == torch.bfloat16:
        return (levels + levels.abs() * 2**-7).bfloat16()
    return levels + (width + 8) * 2**-23
