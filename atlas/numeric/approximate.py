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

VERSION = 3  # raised when a result changes; the stages that use it follow

_KEPT = 0.75  # share of the squared lengths that the axes keep
_STEP = 32  # axes are a multiple of these
_ROWS = 20_000  # rows from which the axes are found
_SAMPLED = 1000  # rows whose neighbors are also found exactly
_TOGETHER = 128  # rows of a block on a processor
_CANDIDATES = 4  # for each neighbor wanted


class Recall(NamedTuple):
    """How many of the true neighbors an approximate search found.

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
) -> tuple[Near, Recall]:
    """About the k nearest rows of each row of the vectors (n, d), as `neighbors` finds them, with
    cosines as exact as there; and the recall on a random sample, which `neighbors` searched.

    The same on any number of threads, but not on any device. With n rows, k is at most n - 1. It is
    meant for many: below some thousand rows there is nothing to gain. Raises NotFiniteError for a
    row with NaN or infinity.
    """
    import torch

    with torch_threads(1):
        directions = torch.from_numpy(unit(np.asarray(values, np.float32), ids))
        axes = _axes(directions, seed)
        directions = directions.to(device)
        n, k = len(directions), min(k, len(directions) - 1)
        way = way or _plan(directions, threads)
        # Which of equal products are candidates depends on the columns at a time.
        way = replace(way, columns=n)
        search = Search(directions, k, way, lambda done: progress(0.9 * done))
        with tf32(way.product == "tf32"):
            _search(search, axes.to(device), way)
        found = search.keys.clone()
        draw = np.sort(np.random.default_rng(seed).choice(n, min(_SAMPLED, n), replace=False))
        sample = torch.from_numpy(draw).to(search.doubtful.device)
        search.doubtful[sample] = True
        true = search.found()[sample]
        shares = (found[sample][:, :, None] == true[:, None]).any(2).double().mean(1).cpu().numpy()
        rows, similarities = cosines.told(found)
    progress(1.0)
    error = float(shares.std() / np.sqrt(len(shares)))
    recall = Recall(float(shares.mean()), error, len(shares), axes.shape[1])
    return Near(rows.cpu().numpy(), similarities.cpu().numpy()), recall


def _plan(directions: Tensor, threads: int) -> Plan:
    """As of the exact search, but few rows are compared with all at once: ordering what each tile
    of columns has takes as long as the products of so few dimensions."""
    way = plan(directions, threads)
    return way if directions.is_cuda else replace(way, rows=min(_TOGETHER, way.rows))


def _search(search: Search, axes: Tensor, way: Plan) -> None:
    """Fill in the keys of a search from candidates, and leave no row in doubt."""
    import torch

    n = len(search.unit)
    kind = torch.bfloat16 if way.product == "bfloat16" else torch.float32
    table = torch.empty((n, axes.shape[1]), dtype=kind, device=search.unit.device)
    for begin in range(0, n, 4096):
        table[begin : begin + 4096] = search.unit[begin : begin + 4096] @ axes
    count = min(_CANDIDATES * search.k + 3, n)
    candidates = Candidates(table, count, way)

    def judge(own: Tensor, _: Tensor, others: Tensor) -> None:
        keys, _ = cosines.of_pairs(search.exact, own, others, way.pairs)
        search.keys[own] = keys.topk(search.k, dim=1).values
        # Itself stands where candidates lack.
        search.doubtful[own] = (others == own[:, None]).sum(1) > count // 2

    def look(own: Tensor) -> None:
        values, others = candidates(own)
        judge(own, values, others.to(own.device))

    if table.device.type == "cpu" and n >= symmetric.FEWEST:
        search.halved(table, count, judge)
    search.each(torch.nonzero(search.doubtful)[:, 0], look)
    search.doubtful[:] = False


def _axes(directions: Tensor, seed: int) -> Tensor:
    """The principal axes (d, m) of directions (n, d) about the origin, as many as keep most of the
    squared lengths."""
    import torch

    n, width = directions.shape
    drawn = np.sort(np.random.default_rng(seed).choice(n, min(_ROWS, n), replace=False))
    products = torch.zeros((width, width), dtype=torch.float64)
    for part in torch.split(torch.from_numpy(drawn), 1024):
        rows = directions[part]
        products += (rows.T @ rows).double()
    weights, axes = torch.linalg.eigh(products)
    weights, axes = weights.flip(0), axes.flip(1)
    short = int((weights.cumsum(0) < _KEPT * weights.sum()).sum()) + 1
    kept: Tensor = axes[:, : min(-(-short // _STEP) * _STEP, width)].float()
    return kept
