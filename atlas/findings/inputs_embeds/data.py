"""The JSON file of the write-up: the results of the experiment on `inputs_embeds`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from atlas.findings.finding import Finding, Part
from atlas.maps.facts import Slug, Tag

NAME = "inputs-embeds.json"
SCHEMA_VERSION = 2  # 2: reason


class Size(Part):
    """An absolute difference of hidden states."""

    sum: float = Field(ge=0)
    max: float = Field(ge=0)
    relative: float = Field(ge=0, description="norm of the difference by norm of the states")


class Difference(Size):
    """The difference in the last layer, and by layer and position."""

    layers: tuple[Size, ...] = Field(description="from what enters the first layer on")
    positions: tuple[float, ...] = Field(description="sums over the last layer")


class Back(Part):
    """The tokens found from hidden_states[0] alone; none where it is not known what that is."""

    ids: tuple[int, ...]
    exact: bool
    nearest: tuple[float, ...] = Field(description="distance of the token found, by position")
    second: tuple[float, ...] = Field(description="distance of the next nearest of the vocabulary")


class Segment(Part):
    """A sentence with every position in one segment."""

    segment: int
    parts: dict[str, tuple[float, ...]] = Field(
        description="norms of word, position, segment and hidden by position"
    )
    variants: dict[str, Difference | None] = Field(
        description="what is given as inputs_embeds; None where the model has no such thing"
    )
    back: Back
    change: Difference | None = Field(description="against segment 0, by input_ids")


class Sentence(Part):
    """A sentence, its n tokens, and its results in each segment."""

    text: str
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    segments: tuple[Segment, ...]


class Sinusoids(Part):
    """The distance of the learned positions from sinusoidal ones."""

    positions: int
    relative: float
    scaled: float
    cosine: float


class Run(Part):
    """The experiment on a model in a framework; without sentences if the framework does not have
    the model, or the experiment cannot be run on it."""

    framework: str
    sentences: tuple[Sentence, ...]
    reason: str = Field(default="", description="why the experiment cannot be run on this model")
    versions: dict[str, str] = Field(default_factory=dict)
    kind: str = ""
    formula: str = Field(
        default="", description="what hidden_states[0] is; empty where it is not known"
    )
    layers: int = 0
    dimensions: int = 0
    vocabulary: int = 0
    identity: float = Field(0, description="largest residual of the formula, relative")
    known: bool = False
    sinusoids: Sinusoids | None = None


class Measured(Part):
    """All runs of a model."""

    model: Slug
    language: Tag
    runs: tuple[Run, ...]


class Row(Part):
    """An architecture, measured on a tiny random model."""

    name: str
    kind: str
    formula: str
    first: int = Field(description="row of the first position")
    embedding: int
    hidden: int
    residual: float
    fed: dict[Annotated[str, Field(pattern="^(hidden|lookup|table)$")], float | None]


class Architectures(Part):
    """The table of architectures."""

    rows: tuple[Row, ...]
    versions: dict[str, str] = Field(description="of the libraries it was measured with")


class WriteUp(Finding):
    """The whole file."""

    missing: tuple[str, ...] = Field(description="frameworks that were not installed")
    models: tuple[Measured, ...]
    architectures: tuple[Row, ...]
    versions: dict[str, str]
