"""The JSON file of a sense map."""

from __future__ import annotations

from collections import Counter
from math import factorial, prod

from pydantic import Field

from atlas.findings.finding import Finding, Part
from atlas.maps.facts import Slug, Tag

SCHEMA_VERSION = 1


class Point(Part):
    """An occurrence of a word."""

    text: str = Field(description="the sentence")
    start: int = Field(ge=0, description="where the word begins in the text")
    end: int = Field(description="where the word ends in the text")
    sense: str = Field(description="as the corpus says")
    pieces: int = Field(
        gt=0, description="tokens that hold a part of the word; their vectors are averaged"
    )
    x: float = Field(description="place on the picture, to the right")
    y: float = Field(description="place on the picture, upward")
    silhouette: float = Field(
        ge=-1, le=1, description="how much nearer it is to its own sense than to the next, -1..1"
    )


class Word(Part):
    """A word, its occurrences, and the separation of its senses."""

    word: str = Field(description="the word")
    senses: tuple[str, ...] = Field(description="its senses")
    silhouette: float = Field(
        ge=-1, le=1, description="mean over occurrences, by cosine (Rousseeuw 1987)"
    )
    range: tuple[float, float] = Field(description="what 95 % of 200 shuffled labels give")
    by_layer: tuple[float, ...] = Field(
        description="the silhouette at each layer; 0 is what enters the first"
    )
    variance: float = Field(
        description="share of the spread that x and y, the principal components, keep"
    )
    points: tuple[Point, ...]

    @property
    def enough(self) -> bool:
        """Whether `range` means something: if the sentences can be divided into groups of these
        sizes in fewer than 40 ways, the true division alone exceeds the 97.5 % quantile."""
        sizes = Counter(point.sense for point in self.points).values()
        same = prod(map(factorial, Counter(sizes).values()))
        return factorial(len(self.points)) // prod(map(factorial, sizes)) // same >= 40

    @property
    def apart(self) -> bool:
        """Whether the senses are farther apart than shuffled labels."""
        return self.silhouette > self.range[1]


class Senses(Part):
    """The words of a sense map, the layer shown, and the number of layers."""

    layer: int = Field(description="the layer that is shown")
    layers: int = Field(description="the number of layers")
    words: tuple[Word, ...]


class SenseMap(Senses, Finding):
    """The whole file."""

    name: Slug = Field(description="its name in atlas.toml")
    model: Slug = Field(description="the id of the model")
    language: Tag = Field(description="the language of the model's vocabulary")

    @property
    def silhouette(self) -> float:
        """The mean silhouette over all occurrences."""
        every = [point.silhouette for word in self.words for point in word.points]
        return sum(every) / len(every)


def file(name: str) -> str:
    """The file's name in the data folder."""
    return f"{name}.senses.json"
