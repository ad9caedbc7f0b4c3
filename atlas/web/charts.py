"""Coordinates of small line charts in a picture of fixed size. The template draws them as SVG; a
script draws them again with Plotly from the numbers in the table beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDE, HIGH = 460, 300
_NONE = 1e-300  # smaller values are shown as 0: powers of ten underflow among the smallest floats
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 28, 58


@dataclass(frozen=True)
class Series:
    """One line: its key, its values, their (x, y), and the SVG path that joins them."""

    key: str
    values: tuple[float, ...]
    marks: tuple[tuple[float, float], ...]
    path: str


@dataclass(frozen=True)
class Chart:
    """Labels with their x, ticks with their y, and the lines of a chart."""

    labels: tuple[tuple[str, float], ...]
    ticks: tuple[tuple[float, float], ...]
    series: tuple[Series, ...]
    percent: bool
    digits: int  # of ticks after the point
    wide: int = WIDE
    high: int = HIGH

    @property
    def bottom(self) -> int:
        """The y of the x axis."""
        return self.high - _BOTTOM

    @property
    def left(self) -> int:
        """The x of the y axis."""
        return _LEFT

    @property
    def right(self) -> int:
        """The x of the end of the x axis."""
        return self.wide - _RIGHT

    @property
    def slanted(self) -> bool:
        """Whether the labels are wider than the axis."""
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
    """A chart of lines over labels, its y axis from zero; lines that are None are left out.

    Raises ValueError when a line does not have a value for each label.
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

    series = []
    for key, line in shown.items():
        marks = tuple((across(number), down(value)) for number, value in enumerate(line))
        series.append(Series(key, line, marks, "M" + "L".join(f"{x} {y}" for x, y in marks)))
    lines = tuple((step * number, down(step * number)) for number in range(round(top / step) + 1))
    return Chart(
        tuple((label, across(number)) for number, label in enumerate(labels)),
        lines,
        tuple(series),
        percent,
        digits(step),
    )


def digits(step: float) -> int:
    """The number of digits after the point that multiples of a step need; twelve at most."""
    return next(
        (number for number in range(12) if math.isclose(step, round(step, number), rel_tol=1e-6)),
        12,
    )


def ticks(most: float, about: int = 5) -> tuple[float, float]:
    """The distance of ticks, a round number, and the top of an axis from 0 to at least `most`."""
    if most < _NONE:
        return 1.0, 1.0
    rough = most / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * (1 - 1e-9))
    return step, step * math.ceil(most / step * (1 - 1e-9))
