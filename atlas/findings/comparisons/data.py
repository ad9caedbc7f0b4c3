"""The JSON file of a comparison: the similarity of the spaces of two maps, over the tokens that
both show."""

from __future__ import annotations

from pydantic import Field

from atlas.findings.finding import Finding, Part
from atlas.maps.facts import Slug

SCHEMA_VERSION = 2


class Moved(Part):
    """A word, and the number of its k nearest neighbors that it keeps from one space to the
    other."""

    ids: tuple[int, int] = Field(description="its token id on either map")
    text: str = Field(description="as a person reads it")
    kept: int = Field(ge=0, description="of its k neighbors, how many it keeps")
    similarity: float = Field(
        description="mean cosine, in the second space, to its neighbors in the first"
    )


class Kind(Part):
    """The tokens of one kind."""

    tokens: int = Field(gt=0, description="shared tokens of this kind")
    overlap: float = Field(ge=0, le=1, description="the mean share over them")


class Layer(Part):
    """A layer compared with the first map's space, over the shared tokens, each read alone."""

    layer: int = Field(ge=0, description="0 is what enters the first layer")
    overlap: float = Field(
        ge=0,
        le=1,
        description="mean share of neighbors in the map's space that are neighbors at this layer",
    )
    chance: float = Field(gt=0, description="the share that random neighbors would have")
    k: int = Field(description="neighbors of a token that are compared")
    cka: float = Field(description="linear centered kernel alignment (Kornblith et al. 2019)")
    cka_chance: float = Field(description="the same with the tokens of one space shuffled")


class Layers(Part):
    """Every layer of the first map's model, from 0 on, compared with the map's space."""

    layers: tuple[Layer, ...]


class Alike(Part):
    """The similarity of two spaces."""

    tokens: int = Field(description="that both maps show")
    pairs: tuple[tuple[int, int], ...] | None = Field(
        description="their ids on either map; None where both are of one vocabulary"
    )
    k: int = Field(description="neighbors of a token that are compared")
    overlap: float = Field(
        ge=0,
        le=1,
        description="mean share of a token's k nearest neighbors in one space that are in the "
        "other",
    )
    chance: float = Field(gt=0, description="the share that random neighbors would have")
    quantiles: tuple[float, float, float] = Field(
        description="10, 50 and 90 % of the share over tokens"
    )
    histogram: tuple[int, ...] = Field(description="how many tokens keep 0, 1, … k neighbors")
    ranks: tuple[float, ...] = Field(
        description="the mean share in each tenth of the tokens, in the first map's id order"
    )
    kinds: dict[str, Kind]
    cka: float = Field(description="linear centered kernel alignment (Kornblith et al. 2019)")
    cka_chance: float = Field(description="the same with the tokens of one space shuffled")
    most: tuple[Moved, ...] = Field(description="words that keep the fewest neighbors")
    least: tuple[Moved, ...] = Field(description="words that keep the most")


class Comparison(Alike, Finding):
    """The whole file."""

    maps: tuple[Slug, Slug] = Field(description="the ids of both maps")
    layers: tuple[Layer, ...] = Field(
        description="the first map's space beside every layer, where both maps are of one model"
    )


def name(first: str, second: str) -> str:
    """The file's name in the data folder."""
    return f"{first}--{second}.compare.json"
