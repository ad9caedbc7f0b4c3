"""A token's neighbors in one space beside those in another: kept, lost and gained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from atlas.maps.data import NOBODY
from atlas.maps.view import MapView
from atlas.numeric.types import Array

Mark = Literal["kept", "lost", "gained", "absent"]


@dataclass(frozen=True)
class Near:
    """A neighbor of the token in one space.

    id    its token id on the first map; None where that lacks it
    mark  `kept`, in both lists; `lost`, in the first alone; `gained`, in the second alone; `absent`
          where the other map does not show it
    """

    id: int | None
    text: str
    similarity: float
    mark: Mark


@dataclass(frozen=True)
class Beside:
    """A token and its neighbors on the first and on the second map, nearest first."""

    id: int
    text: str
    sides: tuple[tuple[Near, ...], tuple[Near, ...]]

    def count(self, mark: Mark) -> int:
        """The number of neighbors in either list that have this mark."""
        return sum(near.mark == mark for side in self.sides for near in side)

    @property
    def kept(self) -> int:
        """The number of the first list that are in the second."""
        return sum(near.mark == "kept" for near in self.sides[0])


def beside(first: MapView, second: MapView, ids: Array, at: int) -> Beside:
    """The neighbors of the token in row `at` of `ids` (n, 2), the shared tokens' ids on either
    map."""
    views = (first, second)
    lists = [view.near[view.row(int(token))] for view, token in zip(views, ids[at], strict=True)]
    others = [
        dict(zip(ids[:, side].tolist(), ids[:, 1 - side].tolist(), strict=True)) for side in (0, 1)
    ]
    sides = []
    for side, view in enumerate(views):
        row = view.row(int(ids[at, side]))
        there = set(np.asarray(lists[1 - side]).tolist())
        sides.append(
            tuple(
                Near(
                    int(token) if side == 0 else others[1].get(token),
                    view.texts[view.row(token)],
                    similarity,
                    _mark(side, others[side].get(token), there),
                )
                for token, similarity in zip(
                    lists[side].tolist(), view.similar[row].tolist(), strict=True
                )
                if token != NOBODY
            )
        )
    token = int(ids[at, 0])
    return Beside(token, first.texts[first.row(token)], (sides[0], sides[1]))


def _mark(side: int, other: int | None, there: set[int]) -> Mark:
    if other is None:
        return "absent"
    if other in there:
        return "kept"
    return "gained" if side else "lost"
