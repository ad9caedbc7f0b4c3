"""A sense map, arranged for its page: a picture for each word, a point for each sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from atlas.config.site import text
from atlas.findings.senses.config import Senses
from atlas.findings.senses.data import Point, SenseMap, Word
from atlas.maps.config import Model

WIDE, HIGH, MARGIN = 460, 320, 22
# Marks of senses differ in shape and colour. The two numbers are coprime, so that their product is
# the number of combinations.
SHAPES, COLOURS = 4, 5


@dataclass(frozen=True)
class Mark:
    """A point in a picture of WIDE by HIGH; `sense` is the number of its sense."""

    point: Point
    x: float
    y: float
    sense: int

    @property
    def path(self) -> str:
        """The SVG path of its shape."""
        return shape(self.x, self.y, self.sense)

    @property
    def colour(self) -> int:
        """An index into the palette."""
        return self.sense % COLOURS

    @property
    def parts(self) -> tuple[str, str, str]:
        """The sentence before the word, the word, and the rest."""
        text, start, end = self.point.text, self.point.start, self.point.end
        return text[:start], text[start:end], text[end:]


class Picture:
    """The picture of a word."""

    def __init__(self, word: Word) -> None:
        self.word = word
        self.wide, self.high = WIDE, HIGH

    @cached_property
    def marks(self) -> list[Mark]:
        """The marks of all occurrences. Both axes have one scale, so that distances in the picture
        are those of the plane."""
        x, y = [point.x for point in self.word.points], [point.y for point in self.word.points]
        scale = min(
            (WIDE - 2 * MARGIN) / max(max(x) - min(x), 1e-9),
            (HIGH - 2 * MARGIN) / max(max(y) - min(y), 1e-9),
        )
        left = WIDE / 2 - scale * (min(x) + max(x)) / 2
        top = HIGH / 2 + scale * (min(y) + max(y)) / 2
        return [
            Mark(
                point,
                round(left + scale * point.x, 1),
                round(top - scale * point.y, 1),
                self.word.senses.index(point.sense),
            )
            for point in self.word.points
        ]

    def sample(self, sense: int) -> str:
        """The path of a sense's mark at (0, 0), for the key beside the picture."""
        return shape(0, 0, sense)

    def of(self, sense: str) -> list[Mark]:
        """The marks of a sense."""
        return [mark for mark in self.marks if mark.point.sense == sense]


def shape(x: float, y: float, number: int) -> str:
    """The SVG path of a sense's mark at (x, y): a circle, a square, a triangle or a diamond."""
    number %= SHAPES
    if number == 0:
        return f"M{x - 6:.1f} {y}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z"
    if number == 1:
        return f"M{x - 5.3:.1f} {y - 5.3:.1f}h10.6v10.6h-10.6z"
    if number == 2:
        return f"M{x} {y - 7:.1f}l6.6 11.8h-13.2z"
    return f"M{x} {y - 7.5:.1f}l7.5 7.5l-7.5 7.5l-7.5 -7.5z"


class SenseView:
    """A sense map, arranged for its page. All languages share it."""

    def __init__(self, table: Senses, model: Model, data: SenseMap) -> None:
        self.table, self.model, self.data = table, model, data
        self.id, self.language = table.name, data.language
        self.pictures = [Picture(word) for word in data.words]

    def title(self, language: str) -> str:
        """Its own title, else the model's."""
        return text(self.table.title, language) or self.model_title(language)

    def model_title(self, language: str) -> str:
        """The title of its model, else the model's id."""
        return text(self.model.title, language, self.model.id)

    def description(self, language: str) -> str:
        """Its description; may be empty."""
        return text(self.table.description, language)

    @property
    def sentences(self) -> int:
        """The number of sentences."""
        return sum(len(word.points) for word in self.data.words)

    @property
    def judged(self) -> int:
        """The number of words with enough sentences to judge."""
        return sum(word.enough for word in self.data.words)

    @property
    def apart(self) -> int:
        """The number of these words whose senses are farther apart than shuffled labels."""
        return sum(word.enough and word.apart for word in self.data.words)

    @property
    def before(self) -> float:
        """The mean silhouette of layer 0 over all sentences."""
        return sum(word.by_layer[0] * len(word.points) for word in self.data.words) / self.sentences

    @cached_property
    def best(self) -> int:
        """The layer with the largest silhouette, averaged over words."""
        means = [
            sum(word.by_layer[layer] for word in self.data.words)
            for layer in range(self.data.layers + 1)
        ]
        return means.index(max(means))
