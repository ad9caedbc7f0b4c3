"""What the page of a sense map shows: one picture a word, a point a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from atlas.config.site import text
from atlas.findings.senses.config import Senses
from atlas.findings.senses.data import Point, SenseMap, Word
from atlas.maps.config import Model

WIDE, HIGH, MARGIN = 460, 320, 22
SHAPES, COLOURS = (
    4,
    5,
)  # of marks, so that senses differ not by colour alone; without a common divisor, for 20 of them


@dataclass(frozen=True)
class Mark:
    """A point in a picture WIDE by HIGH."""

    point: Point
    x: float
    y: float
    sense: int

    @property
    def path(self) -> str:
        return shape(self.x, self.y, self.sense)

    @property
    def colour(self) -> int:
        return self.sense % COLOURS

    @property
    def parts(self) -> tuple[str, str, str]:
        """The sentence before the word, the word, and what follows."""
        one = self.point
        return one.text[: one.start], one.text[one.start : one.end], one.text[one.end :]


class Picture:
    """One word."""

    def __init__(self, word: Word) -> None:
        self.word = word
        self.wide, self.high = WIDE, HIGH

    @cached_property
    def marks(self) -> list[Mark]:
        """Both axes in one scale, so that distances in the picture are those of the plane."""
        x, y = [point.x for point in self.word.points], [point.y for point in self.word.points]
        scale = min(
            (WIDE - 2 * MARGIN) / max(max(x) - min(x), 1e-9),
            (HIGH - 2 * MARGIN) / max(max(y) - min(y), 1e-9),
        )
        left, top = (
            WIDE / 2 - scale * (min(x) + max(x)) / 2,
            HIGH / 2 + scale * (min(y) + max(y)) / 2,
        )
        found = []
        for point in self.word.points:
            sense = self.word.senses.index(point.sense)
            at = round(left + scale * point.x, 1), round(top - scale * point.y, 1)
            found.append(Mark(point, *at, sense))
        return found

    def sample(self, sense: int) -> str:
        """The path of a sense's mark around (0, 0), for the key beside the picture."""
        return shape(0, 0, sense)

    def of(self, sense: str) -> list[Mark]:
        """The marks of a sense."""
        return [mark for mark in self.marks if mark.point.sense == sense]


def shape(x: float, y: float, number: int) -> str:
    """The path of a sense's mark around a place: a circle, a square, a triangle or a diamond."""
    number %= SHAPES
    if number == 0:
        return f"M{x - 6:.1f} {y}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z"
    if number == 1:
        return f"M{x - 5.3:.1f} {y - 5.3:.1f}h10.6v10.6h-10.6z"
    if number == 2:
        return f"M{x} {y - 7:.1f}l6.6 11.8h-13.2z"
    return f"M{x} {y - 7.5:.1f}l7.5 7.5l-7.5 7.5l-7.5 -7.5z"


class SenseView:
    """One sense map."""

    def __init__(self, entry: Senses, model: Model, data: SenseMap) -> None:
        self.entry, self.model, self.data = entry, model, data
        self.id, self.language = entry.name, data.language
        self.pictures = [Picture(word) for word in data.words]

    def title(self, language: str) -> str:
        return text(self.entry.title, language) or self.model_title(language)

    def model_title(self, language: str) -> str:
        return text(self.model.title, language, self.model.id)

    def description(self, language: str) -> str:
        return text(self.entry.description, language)

    @property
    def sentences(self) -> int:
        return sum(len(word.points) for word in self.data.words)

    @property
    def judged(self) -> int:
        """Words with sentences enough to tell."""
        return sum(word.enough for word in self.data.words)

    @property
    def apart(self) -> int:
        """Those of them whose senses stand farther apart than shuffled labels."""
        return sum(word.enough and word.apart for word in self.data.words)

    @property
    def before(self) -> float:
        """The mean silhouette, over all sentences, of what enters the first layer."""
        return sum(word.by_layer[0] * len(word.points) for word in self.data.words) / self.sentences

    @cached_property
    def best(self) -> int:
        """The layer at which the senses stand farthest apart, over all words."""
        means = [
            sum(word.by_layer[layer] for word in self.data.words)
            for layer in range(self.data.layers + 1)
        ]
        return means.index(max(means))
