"""Small line charts for a page: places of lines, marks and ticks in a picture of fixed size. The
template draws them as SVG, and the table beside them holds the numbers, from which a script
draws them again with Plotly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDE, HIGH = 460, 300
_NONE = 1e-300  # shown as 0: powers of ten get lost among the smallest floats
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 28, 58


@dataclass(frozen=True)
class Series:
    """One line: its key, its values, where they stand, and the path that joins them."""

    key: str
    values: tuple[float, ...]
    marks: tuple[tuple[float, float], ...]
    path: str


@dataclass(frozen=True)
class Chart:
    """A chart: labels along x with their places, ticks along y with theirs, and its lines."""

    labels: tuple[tuple[str, float], ...]
    ticks: tuple[tuple[float, float], ...]
    series: tuple[Series, ...]
    percent: bool
    digits: int  # of ticks after the point
    wide: int = WIDE
    high: int = HIGH

    @property
    def bottom(self) -> int:
        return self.high - _BOTTOM

    @property
    def left(self) -> int:
        return _LEFT

    @property
    def right(self) -> int:
        return self.wide - _RIGHT

    @property
    def slanted(self) -> bool:
        """Whether the labels need more room than stands between them."""
        return (
            sum(
                len(label) + sum(ord(letter) > 0x2E80 for letter in label)
                for label, _ in self.labels
            )
            * 7.2
            > self.right - self.left
        )


def chart(
    labels: Sequence[str], values: Mapping[str, Sequence[float] | None], percent: bool = False
) -> Chart:
    """A chart of lines over labels, from zero up; a line of None is left out.

    Raises ValueError when a line has another number of values than there are labels.
    """
    shown = {key: tuple(line) for key, line in values.items() if line is not None}
    if any(len(line) != len(labels) for line in shown.values()):
        raise ValueError("a line needs a value for each label")
    step, top = ticks(max((value for line in shown.values() for value in line), default=0.0))
    count = max(len(labels) - 1, 1)
    inner = WIDE - _LEFT - _RIGHT - 24

    def across(number: int) -> float:
        return round(_LEFT + 12 + inner * number / count, 1)

    def down(value: float) -> float:
        return round(HIGH - _BOTTOM - (HIGH - _BOTTOM - _TOP) * value / top, 1)

    made = []
    for key, line in shown.items():
        marks = tuple((across(number), down(value)) for number, value in enumerate(line))
        made.append(Series(key, line, marks, "M" + "L".join(f"{x} {y}" for x, y in marks)))
    lines = tuple((step * number, down(step * number)) for number in range(round(top / step) + 1))
    return Chart(
        tuple((label, across(number)) for number, label in enumerate(labels)),
        lines,
        tuple(made),
        percent,
        digits(step),
    )


def digits(step: float) -> int:
    """How many digits after the point tell multiples of a step apart; twelve at most."""
    return next(
        (number for number in range(12) if math.isclose(step, round(step, number), rel_tol=1e-6)),
        12,
    )


def ticks(most: float, about: int = 5) -> tuple[float, float]:
    """The distance of ticks, a round number, and the top of an axis from 0 that holds `most`."""
    if most < _NONE:
        return 1.0, 1.0
    rough = most / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * (1 - 1e-9))
    return step, step * math.ceil(most / step * (1 - 1e-9))
