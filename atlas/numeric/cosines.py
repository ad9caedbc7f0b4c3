"""Cosines that are the same on every device, whatever adds them up.

A cosine is the sum of products of two directions (float32) in float64, rounded to a multiple of
1 / GRID. Sums in any order differ by some 1e-13, so they round alike but where one is that near to
the middle between two multiples; such a pair is added up again in one order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

GRID = 2**24  # float32 holds every multiple of 1 / GRID in -1..1

_PLACES = 2**32  # more than there are rows
_PART = 2**20  # numbers held at a time where few pairs are added up
LEAST = -(2**62)  # a key below that of any pair


def near_middle(width: int) -> float:
    """From which distance to a multiple, in units of 1 / GRID, a sum of `width` products might
    round differently in another order (Higham 2002, 3.1)."""
    return 0.5 - 2 * (width + 2) * 2.0**-53 * GRID


def keys(multiples: Tensor, rows: Tensor) -> Tensor:
    """Keys int64 that fall as multiples of 1 / GRID do, and then as rows (int64) rise."""
    return multiples.long().clamp_(-GRID, GRID).mul_(_PLACES).sub_(rows)


def told(found: Tensor) -> tuple[Tensor, Tensor]:
    """The rows int32 and the cosines float32 of keys."""
    rows = (-found).remainder(_PLACES)
    return rows.int(), ((found + rows) // _PLACES).float() / GRID


def of_pairs(unit: Tensor, own: Tensor, others: Tensor, room: int) -> tuple[Tensor, Tensor]:
    """Of each of the rows `own` (b,) and its `others` (b, m) the key (b, m), the least where they
    are the same row; and whether one of the sums (b,) is near a middle.

    unit is (n, d) float32; about `room` numbers are held at a time.
    """
    import torch

    sums = torch.empty(others.shape, dtype=torch.float64, device=unit.device)
    step = max(room // (others.shape[1] * unit.shape[1]), 1)
    for top in range(0, len(own), step):
        part = others[top : top + step]
        pairs = unit.index_select(0, part.reshape(-1)).view(*part.shape, -1).double()
        mine = unit.index_select(0, own[top : top + step]).double()
        torch.sum(pairs.mul_(mine[:, None]), 2, out=sums[top : top + step])
    multiples = sums.mul_(GRID).round()
    middle = (sums - multiples).abs_() >= near_middle(unit.shape[1])
    found = keys(multiples, others)
    return found.masked_fill_(others == own[:, None], LEAST), middle.any(dim=1)


def ordered(unit: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Sums (m,) float64 of the products of the rows `first` (m,) and `second` (m,) of unit (n, d),
    halves added to halves."""
    import torch

    result = torch.empty(len(first), dtype=torch.float64, device=unit.device)
    step = max(_PART // unit.shape[1], 1)
    for begin in range(0, len(first), step):
        end = begin + step
        terms = unit[first[begin:end]].double() * unit[second[begin:end]].double()
        while (width := terms.shape[1]) > 1:
            half = (width + 1) // 2
            terms[:, : width - half] += terms[:, half:]
            terms = terms[:, :half]
        result[begin:end] = terms[:, 0]
    return result


def best_of_all(unit: Tensor, own: Tensor, count: int, tile: int) -> Tensor:
    """Of each of the rows `own` (b,) the `count` largest keys (b, count) among all rows of unit
    (n, d), itself included, falling; `tile` rows are compared at a time."""
    import torch

    n, width = unit.shape
    mine = unit[own].double()
    best = torch.full((len(own), count), LEAST, device=unit.device)
    for left in range(0, n, tile):
        columns = torch.arange(left, min(left + tile, n), device=unit.device)
        sums = (mine @ unit[left : left + tile].double().T).mul_(GRID)
        multiples = sums.round()
        # Only what may come among the best is added up again.
        matters = multiples >= (best[:, -1:] // _PLACES - 1).double()
        at = torch.nonzero(((sums - multiples).abs_() >= near_middle(width)) & matters)
        if len(at):
            again = ordered(unit, own[at[:, 0]], columns[at[:, 1]])
            multiples[at[:, 0], at[:, 1]] = again.mul_(GRID).round_()
        best = torch.cat([best, keys(multiples, columns)], dim=1).topk(count, dim=1).values
    return best


def alike(unit: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Of the rows (m,) of unit (n, d) those that stand for all (r,), and which of these each equals
    (m,)."""
    import torch

    generator = torch.Generator().manual_seed(0)
    odd = torch.randint(-(2**62), 2**62, (unit.shape[1],), generator=generator) * 2 + 1
    odd = odd.to(unit.device)
    step = max(_PART // unit.shape[1], 1)
    # Sums of integers, which overflow alike in any order.
    parts = [
        unit[part].view(torch.int32).long().mul_(odd).sum(1) for part in torch.split(rows, step)
    ]
    names, numbers = torch.unique(torch.cat(parts), return_inverse=True)
    first = torch.full((len(names),), len(rows), device=unit.device)
    places = torch.arange(len(rows), device=unit.device)
    first.scatter_reduce_(0, numbers, places, "amin")
    stands = rows[first]
    pairs = zip(torch.split(rows, step), torch.split(stands[numbers], step), strict=True)
    other = ~torch.cat([(unit[part] == unit[one]).all(1) for part, one in pairs])
    # Rows of one sum that differ all the same stand for themselves.
    numbers[other] = len(stands) + torch.arange(int(other.sum()), device=unit.device)
    return torch.cat([stands, rows[other]]), numbers
