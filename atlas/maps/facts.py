"""The JSON file of a map: its model and space, the faithfulness of its projections, its clusters,
landmarks and claims."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Strings that become parts of file names and addresses are of these shapes, so that data of a
# stranger lead nowhere else.
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
TAG = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"

Slug = Annotated[str, Field(pattern=SLUG, max_length=200)]
Address = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=100)]
Tag = Annotated[str, Field(pattern=TAG)]
Way = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=60)]  # a projection
Titles = dict[Tag, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


class ModelFacts(_Part):
    """The checkpoint of a map."""

    id: Slug = Field(description="the id of the model")
    source: str = Field(
        pattern="^[a-z]+:", description="as configured: hub:, path:, package: or vectors:"
    )
    revision: str = Field(description="the commit, for a hub model; empty otherwise")
    digest: str = Field(description="identity of the files read: commit:… or files:…")
    language: Tag = Field(description="the language of the model's vocabulary")
    facts: dict[str, Any] = Field(
        description="architecture, sizes and tokenizer, as the checkpoint's own files say"
    )


class MapFacts(_Part):
    """The space of a map, and the options of its stages."""

    id: Slug = Field(description="the id of the map")
    model: Slug = Field(description="the id of the model")
    name: Slug = Field(description="its name in atlas.toml")
    space: Slug = Field(description="`input`, `encoder-input`, `contextual` or `output`")
    selection: dict[str, Any] = Field(description="which tokens, as atlas.toml says")
    tokens: int = Field(description="tokens on the map")
    dimensions: int = Field(description="of the space")
    tensor: str = Field(
        description="the name of the table in the weight files; of other spaces what made them"
    )
    neighbors: int = Field(description="nearest neighbors kept of each token")
    seed: int = Field(description="of everything random")
    dictionary: str = Field(
        description="the dictionary that parts of speech and readings come from; empty without one"
    )
    projections: dict[Way, dict[str, Any]] = Field(
        min_length=1, description="the parameters of each projection, first the main one"
    )
    clustered_on: Way = Field(description="the projection on which clusters were found")
    cluster_parameters: dict[str, Any] = Field(description="the parameters of clustering")
    layer: int | None = Field(None, description="of a contextual space, as configured")
    corpus: CorpusFacts | None = None
    recall: Recall | None = Field(None, description="of the neighbors; none where they are exact")

    @model_validator(mode="after")
    def _of_its_projections(self) -> Self:
        if self.clustered_on not in self.projections:
            raise ValueError(f"clustered_on: {self.clustered_on} is none of its projections")
        return self


class Recall(_Part):
    """How many of the true neighbors an approximate search found, beside an exact one."""

    share: float = Field(
        ge=0, le=1, description="of the true neighbors, how many were found, or others as near"
    )
    error: float = Field(ge=0, description="the standard error of the share")
    sampled: int = Field(gt=0, description="random tokens whose neighbors were also sought exactly")
    dimensions: int = Field(gt=0, description="principal axes on which candidates were sought")


class CorpusFacts(_Part):
    """The corpus that a contextual space was averaged over."""

    texts: int = Field(description="texts that were read")
    tokens: int = Field(description="occurrences, of whatever token")
    cut: int = Field(description="texts longer than the model reads, taken in parts")
    least: int = Field(description="how often a token must be seen to be shown")
    unseen: int = Field(description="selected tokens that were never seen, and are not shown")
    rare: int = Field(description="selected tokens that were seen, but too seldom to be shown")


class Figures(_Part):
    """Faithfulness of one projection (or of `random`)."""

    overlap: float = Field(
        ge=0,
        le=1,
        description="mean share of a token's k nearest neighbors that the projection keeps",
    )
    trustworthiness: float = Field(
        description="how far near on the projection is near in the space (Venna & Kaski 2001)"
    )
    continuity: float = Field(description="how far near in the space is near on the projection")
    trustworthiness_error: float = Field(
        0.0, ge=0, description="standard error, of the points sampled; 0 where they are all"
    )
    continuity_error: float = Field(0.0, ge=0, description="as that of trustworthiness")
    k: int = Field(description="neighbors of a token that all figures look at")
    sampled: int = Field(description="tokens over which trustworthiness and continuity were taken")
    quantiles: tuple[float, ...] = Field(description="10, 50 and 90 % of the overlap over tokens")


class Cluster(_Part):
    """One cluster at one level."""

    level: str = Field(pattern="^(coarse|fine)$", description="`coarse` or `fine`")
    key: int = Field(
        ge=0, description="its number among those of its level, which the Parquet table holds"
    )
    name: str = Field(description="the first three of its central tokens, without marks of spaces")
    title: Titles = Field(
        {},
        description="by language, what most of its tokens are, where one property says it; stands "
        "in place of the name",
    )
    slug: Address = Field(description="the last part of its address")
    size: int = Field(gt=0, description="its tokens")
    central: tuple[int, ...] = Field(
        description="token ids: three that name it, then those nearest to its centroid"
    )
    parent: int | None = Field(
        description="key of the coarse cluster that holds most of a fine one"
    )
    cohesion: float = Field(description="mean cosine of its tokens to their centroid")
    nearest: tuple[int, ...] = Field(
        description="keys of the nearest clusters of the same level, by cosine of centroids"
    )
    anchors: dict[Way, tuple[float, float]] = Field(
        description="where the name stands, by projection"
    )
    zooms: dict[Way, Annotated[int, Field(ge=0, le=255)]] = Field(
        description="half-octave from which the name shows, by projection; 255 is never"
    )

    def called(self, language: str = "en") -> str:
        """Its title in a language, the first where there is none in it; else its name."""
        return self.title.get(language) or next(iter(self.title.values()), self.name)


class Cohesion(_Part):
    """The cohesion of a set, or its nearness to another, in the space or in a projection."""

    cohesion: float = Field(
        ge=0, le=1, description="mean share of the k nearest neighbors that are members as well"
    )
    range: tuple[float, float] = Field(
        description="what 95 % of 200 random sets of the same size and kinds have"
    )
    holds: bool = Field(description="whether the cohesion is above the range")


class Landmark(_Part):
    """One lexicon on this map."""

    name: Slug = Field(description="its name in atlas.toml")
    title: Titles = Field(description="by language; what is without one goes by its name")
    members: tuple[int, ...] = Field(description="token ids, ascending")
    outside: int = Field(
        ge=0, description="members that the vocabulary has and this map does not show"
    )
    missing: tuple[str, ...] = Field(
        description="words that are no single token of this vocabulary"
    )
    k: int = Field(description="neighbors of a member that are looked at")
    chance: float = Field(description="the share that a set of random neighbors would have")
    spaces: dict[Way, Cohesion] = Field(
        description="by projection, and `space` for the space itself; empty below two members"
    )


class Pair(_Part):
    """Whether two words are near: one among the 15 nearest neighbors of the other."""

    words: tuple[str, str] = Field(description="the two words")
    missing: tuple[str, ...] = Field(description="those that are not on this map as one token")
    ranks: tuple[int, int] | None = Field(
        description="of the second among the neighbors of the first, and the other way round"
    )
    similarity: float | None = Field(description="cosine")
    holds: bool | None = Field(description="whether they are near; none where one is missing")


class Claim(_Part):
    """A claim about the space, and whether it holds on this map; None where words are missing from
    the vocabulary."""

    title: Titles = Field(description="by language, as atlas.toml has it or made of its words")
    set: Slug | None = Field(
        default=None, description="the landmark that it is about; none where it is about words"
    )
    near: Slug | None = Field(
        default=None,
        description="the landmark that the set is said to be near; none where it keeps together",
    )
    measured: Cohesion | None = None
    pairs: tuple[Pair, ...] = ()

    @property
    def holds(self) -> bool | None:
        """Whether it holds; of words, whether all pairs on this map do. None if it is not
        known."""
        if not self.pairs:
            return self.measured.holds if self.measured else None
        known = [pair.holds for pair in self.pairs if pair.holds is not None]
        return all(known) if known else None


class About(_Part):
    """The JSON file of a map."""

    schema_version: int = Field(
        description="version of this file's form; up when a field changes its meaning or goes"
    )
    recipe: str = Field(description="digest of everything these files follow from")
    model: ModelFacts
    map: MapFacts
    faithfulness: dict[Way, Figures] = Field(
        description="by projection, and `random` for a random layout"
    )
    clusters: tuple[Cluster, ...]
    landmarks: tuple[Landmark, ...] = ()
    claims: tuple[Claim, ...] = ()
    libraries: dict[str, str] = Field(description="versions of the libraries that computed it")
    built: str = Field(
        pattern=r"^\d{4}-\d\d-\d\dT", description="when the data were computed, UTC, ISO 8601"
    )
