"""Nearest neighbors by cosine among candidates from fewer dimensions, and how many that finds.

The candidates of a row are those of the largest products of directions projected on their principal
axes; their cosines are then taken in all dimensions. Of the neighbors in r50k (50,256 x 768) that
finds 98 %, where NN-descent (Dong, Moses & Li 2011) found 91 % in half the time and half a minute
of compilation, and inverted lists 77 % in the same time: benchmarks/RESULTS.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from atlas.numeric import cosines, symmetric
from atlas.numeric.neighbors import Candidates, Plan, Search, plan, tf32
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Array, Floats, Near, Progress, silent
from atlas.numeric.vectors import unit

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 4  # raised when a result changes; the stages that use it follow

_KEPT = 0.75  # share of the squared lengths that the axes keep, at first
_STEP = 32  # axes are a multiple of these
_ROWS = 20_000  # rows from which the axes are found
_SAMPLED = 1000  # rows whose neighbors are also found exactly
_ENOUGH = 0.9  # of the neighbors of these; where fewer are found, twice as many axes are taken
_SEEN = 0.25  # of a row's squared length; the axes find too little of rows of which they keep less
_TOGETHER = 128  # rows of a block on a processor
_CANDIDATES = 4  # for each neighbor wanted


class Recall(NamedTuple):
    """How many of the true neighbors an approximate search found. One as near as the last true one
    counts as true: of equal rows any will do.

    share        their share, over the rows `sampled`, each with all of its neighbors
    error        its standard error
    sampled      how many rows were also searched exactly
    dimensions   in which candidates were sought
    """

    share: float
    error: float
    sampled: int
    dimensions: int


def approximate(
    values: Floats,
    k: int,
    *,
    ids: Array | None = None,
    device: str = "cpu",
    threads: int = 1,
    seed: int = 0,
    progress: Progress = silent,
    way: Plan | None = None,
) -> tuple[Near, Recall | None]:
    """About the k nearest rows of each row of the vectors (n, d), as `neighbors` finds them, with
    cosines as exact as there; and the recall on a random sample, which `neighbors` searched.

    Where some axes find too few neighbors of the sample, twice as many are taken; where these would
    be all, every row is searched exactly, and there is no recall to tell. Rows of which the axes
    keep little are searched exactly in any case.

    The same on any number of threads, but not on any device. With n rows, k is at most n - 1. It is
    meant for many: below some thousand rows there is nothing to gain. Raises NotFiniteError for a
    row with NaN or infinity.
    """
    import torch

    with torch_threads(1):
        directions = torch.from_numpy(unit(np.asarray(values, np.float32), ids))
        axes, few = _axes(directions, seed)
        directions, axes = directions.to(device), axes.to(device)
        n, k = len(directions), min(k, len(directions) - 1)
        way = way or _plan(directions, threads)
        # Which of equal products are candidates depends on the columns at a time.
        way = replace(way, columns=n)
        search = Search(directions, k, way, progress)
        draw = np.sort(np.random.default_rng(seed).choice(n, min(_SAMPLED, n), replace=False))
        sample = torch.from_numpy(draw).to(search.doubtful.device)
        true = _exactly(directions, k, way, sample)
        count = _searched(search, axes, few, sample, true)
        found = search.found()
        recall = _recall(found[sample], true, count) if count < axes.shape[1] else None
        rows, similarities = cosines.told(found)
    return Near(rows.cpu().numpy(), similarities.cpu().numpy()), recall


def _exactly(directions: Tensor, k: int, way: Plan, rows: Tensor) -> Tensor:
    """The keys (m, k) of the true neighbors of some rows (m,)."""
    search = Search(directions, k, way, silent)
    search.doubtful[:] = False
    search.doubtful[rows] = True
    return search.found()[rows]


def _recall(found: Tensor, true: Tensor, count: int) -> Recall:
    """The recall of the keys (m, k) of a sample, found on so many axes."""
    near = cosines.told(found)[1] >= cosines.told(true)[1][:, -1:]
    shares = near.double().mean(1).cpu().numpy()
    return Recall(
        float(shares.mean()), float(shares.std() / np.sqrt(len(shares))), len(shares), count
    )


def _plan(directions: Tensor, threads: int) -> Plan:
    """As of the exact search, but few rows are compared with all at once: ordering what each tile
    of columns has takes as long as the products of so few dimensions."""
    way = plan(directions, threads)
    return way if directions.is_cuda else replace(way, rows=min(_TOGETHER, way.rows))


def _searched(search: Search, axes: Tensor, few: int, sample: Tensor, true: Tensor) -> int:
    """On how many of the axes (d, d), of `few` and twice as many, a search filled in its keys and
    left few rows in doubt: the first that find enough of the true neighbors (m, k) of the sample
    (m,). All of them where none did, and left every row in doubt."""
    count, most = few, axes.shape[1]
    while count < most:
        look = _Look(search, axes[:, :count])
        with tf32(search.way.product == "tf32"):
            search.each(sample, look)
            if _recall(search.keys[sample], true, count).share >= _ENOUGH:
                look.all()
                search.doubtful = look.unseen
                return count
        count *= 2
    search.doubtful[:] = True
    return most


class _Look:
    """Finds the keys of the neighbors of a block of rows (b,) among candidates on some axes (d, m);
    blocks may be searched at once.

    unseen   (n,) whether the axes keep too little of a row, though it has a direction
    """

    def __init__(self, search: Search, axes: Tensor) -> None:
        import torch

        self.search = search
        n, way = len(search.unit), search.way
        kind = torch.bfloat16 if way.product == "bfloat16" else torch.float32
        table = torch.empty((n, axes.shape[1]), dtype=kind, device=axes.device)
        kept = torch.empty(n, device=axes.device)
        for begin in range(0, n, 4096):
            at = slice(begin, begin + 4096)
            part = search.unit[at] @ axes
            table[at], kept[at] = part, (part * part).sum(1)
            kept[at] += ~search.unit[at].any(1)
        self.unseen = (kept < _SEEN).to(search.doubtful.device)
        self.table, self.count = table, min(_CANDIDATES * search.k + 3, n)
        self.candidates = Candidates(table, self.count, way)

    def __call__(self, own: Tensor) -> None:
        values, others = self.candidates(own)
        self.judge(own, values, others.to(own.device))

    def judge(self, own: Tensor, _: Tensor, others: Tensor) -> None:
        """Fill in the keys of rows (b,) from candidates (b, m)."""
        keys, _ = cosines.of_pairs(self.search.exact, own, others, self.search.way.pairs)
        self.search.keys[own] = keys.topk(self.search.k, dim=1).values
        # Itself stands where candidates lack.
        self.search.doubtful[own] = (others == own[:, None]).sum(1) > self.count // 2

    def all(self) -> None:
        """Search for all rows, where that pays by half of the products."""
        import torch

        search = self.search
        search.doubtful[:] = True
        if symmetric.pays(self.table):
            search.halved(self.table, self.count, self.judge)
        search.each(torch.nonzero(search.doubtful)[:, 0], self)


def _axes(directions: Tensor, seed: int) -> tuple[Tensor, int]:
    """The principal axes (d, d) of directions (n, d) about the origin, and how many of the first
    keep most of the squared lengths."""
    import torch

    n, width = directions.shape
    drawn = np.sort(np.random.default_rng(seed).choice(n, min(_ROWS, n), replace=False))
    products = torch.zeros((width, width), dtype=torch.float64)
    for part in torch.split(torch.from_numpy(drawn), 1024):
        rows = directions[part]
        products += (rows.T @ rows).double()
    weights, axes = torch.linalg.eigh(products)
    weights, axes = weights.flip(0), axes.flip(1)
    few = int((weights.cumsum(0) < _KEPT * weights.sum()).sum()) + 1
    return axes.float(), -(-few // _STEP) * _STEP
