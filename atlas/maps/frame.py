"""The part of a layout's plane that pictures and first views show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlas.maps.data import Dataset
from atlas.numeric.types import Array

ASPECT = 9 / 16  # height of the frame over its width
MARGIN = 0.02  # on each side, of the width of the layout
# The share of points that a frame may leave outside on each side: a few strays would make the rest
# small.
STRAY = 0.003
# The share of points beyond what is bare on a side, the percent of the width that is kept free, and
# the most that is bare.
_SIDE, _KEPT, _MOST_BARE = 0.005, 1, 10


@dataclass(frozen=True)
class Frame:
    """The part of a layout's plane that pictures and first views show: left, bottom and width."""

    left: float
    bottom: float
    width: float

    @classmethod
    def around(cls, xy: Array, outside: float = 0.0) -> Frame:
        """The smallest frame, with its margin, around the points (n, 2) but the share `outside` on
        each side."""
        low, high = (
            np.quantile(xy, [outside, 1 - outside], axis=0)
            if outside
            else (xy.min(axis=0), xy.max(axis=0))
        )
        width = max(float(high[0] - low[0]), float(high[1] - low[1]) / ASPECT, 1e-6) * (
            1 + 2 * MARGIN
        )
        middle = (low + high) / 2
        return cls(float(middle[0]) - width / 2, float(middle[1]) - width * ASPECT / 2, width)

    def unit(self, xy: Array) -> Array:
        """The points (n, 2) in units of the frame: from 0 to 1 across and from 0 to ASPECT up."""
        return (np.asarray(xy, np.float64) - [self.left, self.bottom]) / self.width


def layout(data: Dataset, projection: str) -> Array:
    """A projection's coordinates (n, 2)."""
    return np.stack([data.column(f"x_{projection}"), data.column(f"y_{projection}")], axis=1)


def view(data: Dataset, projection: str) -> Frame:
    """The frame of pictures and of the first view, around all points but a few strays."""
    return Frame.around(layout(data, projection), STRAY)


def bare(unit: Array) -> int:
    """How much of a frame is bare on each side, in percent of its width: beyond all but few of the
    points (n, 2), in units of it. A map may stand beside something else by so much more."""
    if not len(unit):
        return 0
    left, right = np.quantile(unit[:, 0], [_SIDE, 1 - _SIDE])
    return int(np.clip(100 * min(left, 1 - right) - _KEPT, 0, _MOST_BARE))


def whole(data: Dataset, projection: str) -> Frame:
    """The frame around every point, in which coordinates are quantised."""
    return Frame.around(layout(data, projection))
