"""The JSON file of the write-up: the results of the experiment on `inputs_embeds`."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from atlas.findings.finding import Finding, Part
from atlas.maps.facts import Slug, Tag

NAME = "inputs-embeds.json"
SCHEMA_VERSION = 3  # 2: reason; 3: families for architectures


def families(version: str) -> str:
    """The name of the file of the table of families under a version of transformers."""
    return f"inputs-embeds-families-{version}.json"


class Size(Part):
    """An absolute difference of hidden states."""

    sum: float = Field(ge=0, description="sum of absolute differences")
    max: float = Field(ge=0, description="largest absolute difference")
    relative: float = Field(ge=0, description="norm of the difference by norm of the states")


class Difference(Size):
    """The difference in the last layer, and by layer and position."""

    layers: tuple[Size, ...] = Field(description="from what enters the first layer on")
    positions: tuple[float, ...] = Field(description="sums over the last layer")


class Back(Part):
    """The tokens found from hidden_states[0] alone; none where it is not known what that is."""

    ids: tuple[int, ...] = Field(description="the tokens found")
    exact: bool = Field(description="whether they are those of the sentence")
    nearest: tuple[float, ...] = Field(description="distance of the token found, by position")
    second: tuple[float, ...] = Field(description="distance of the next nearest of the vocabulary")


class Segment(Part):
    """A sentence with every position in one segment."""

    segment: int = Field(description="the segment of every position")
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

    text: str = Field(description="the sentence")
    ids: tuple[int, ...] = Field(description="the ids of its tokens")
    tokens: tuple[str, ...] = Field(description="its tokens as in the tokenizer")
    segments: tuple[Segment, ...]


class Sinusoids(Part):
    """The distance of the learned positions from sinusoidal ones."""

    positions: int = Field(description="how many positions are learned")
    relative: float = Field(description="norm of the difference by norm of the learned ones")
    scaled: float = Field(description="the same after the best scale")
    cosine: float = Field(description="mean over positions")


class Run(Part):
    """The experiment on a model in a framework; without sentences if the framework does not have
    the model, or the experiment cannot be run on it."""

    framework: str = Field(description="`torch` or `tensorflow`")
    sentences: tuple[Sentence, ...]
    reason: str = Field(default="", description="why the experiment cannot be run on this model")
    versions: dict[str, str] = Field(
        default_factory=dict, description="of the libraries it was measured with"
    )
    kind: str = Field(default="", description="the class of the model")
    formula: str = Field(
        default="", description="what hidden_states[0] is; empty where it is not known"
    )
    layers: int = Field(default=0, description="the number of layers")
    dimensions: int = Field(default=0, description="of hidden_states[0]")
    vocabulary: int = Field(default=0, description="rows of the input table")
    identity: float = Field(0, description="largest residual of the formula, relative")
    known: bool = Field(
        default=False, description="whether the formula explains hidden_states[0] to rounding"
    )
    sinusoids: Sinusoids | None = None


class Measured(Part):
    """All runs of a model."""

    model: Slug = Field(description="the id of the model")
    language: Tag = Field(description="the language of the model's vocabulary")
    runs: tuple[Run, ...]


Position = Literal["learned", "sinusoidal", "rotary", "relative", "recurrent", "none"]
Verdict = Literal["same", "scaled", "shifted", "normed", "projected", "looks ids up again"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Change = Literal[
    "lookup",
    "hidden",
    "scaled",
    "per_layer",
    "rows",
    "twice",
    "right",
    "left",
    "left_ids",
    "left_positions",
    "unmasked",
    "decoder_lookup",
    "decoder_hidden",
]


class Added(Part):
    """What a model does to its input embeddings before the first layer, as measured."""

    embedding: int = Field(description="dimensions of inputs_embeds")
    hidden: int = Field(description="dimensions of hidden_states[0]")
    within: float = Field(
        default=1.0, description="what the look-up multiplies rows of its table by"
    )
    scale: float = Field(
        default=1.0, description="what embeddings are multiplied by after the look-up"
    )
    own: bool = Field(default=False, description="whether the look-up does more than such a scale")
    outside: float = Field(
        default=1.0, description="what embeddings of ids alone are multiplied by, not inputs_embeds"
    )
    position: Position = Field(default="none", description="how positions enter")
    first: int = Field(
        default=0, description="row of the first position, where positions are learned"
    )
    segment: bool = Field(default=False, description="whether segment embeddings are added")
    bias: bool = Field(default=False, description="whether the same vector is added everywhere")
    norm: Literal["", "LayerNorm", "RMSNorm", "norm"] = Field(
        default="",
        description="`norm` where it cannot be told which: after a projection to more dimensions",
    )
    projection: bool = Field(
        default=False, description="whether embeddings are projected to other dimensions"
    )
    normed_last: bool = Field(
        default=False, description="whether the projection comes before the norm"
    )
    mixed: bool = Field(
        default=False, description="whether a position also gets its neighbors' words"
    )

    refuses: bool = Field(default=False, description="whether only rows of its own table are taken")
    layered: bool = Field(default=False, description="whether it is a layer's output already")
    dropout: bool | None = Field(
        default=None,
        description="whether training drops some of it at the rates of its config; none where that "
        "was not tried or cannot be",
    )

    @property
    def formula(self) -> str:
        """What `hidden_states[0]` is, such as `LayerNorm(word + position + segment)`."""
        if self.layered:
            return "layer(word)"
        text = "word" if self.scale == 1 else f"{self.scale:.4g} · word"
        inner = "neighbors" if self.mixed else "projection"
        plain = self.projection and not self.norm
        if plain:  # what is added to a matrix's answer is seen as it stands there
            text = f"{inner}(word)"
        if self.position in ("learned", "sinusoidal"):
            text += " + position"
        text += " + segment" if self.segment else " + bias" if self.bias else ""
        if plain:
            return text
        if self.projection and self.normed_last:
            text = f"{inner}({text})"
        if self.norm:
            text = f"{self.norm}({text})"
        return f"{inner}({text})" if self.projection and not self.normed_last else text


class Generated(Part):
    """`generate(inputs_embeds=…)` beside `generate(input_ids=…)`, greedy."""

    same: bool | None = Field(description="whether the new tokens are the same")
    prompt: bool | None = Field(description="whether what comes back begins with the prompt")
    cached: bool | None = Field(description="whether the tokens are the same without a cache")
    left: bool | None = Field(description="whether left padding with a mask changes no token")
    soft: bool | None = Field(
        description="whether vectors before the text give what single forward passes give"
    )
    reason: str = Field(default="", description="why it cannot be done")


class Row(Part):
    """A family, measured on a tiny random model."""

    name: str = Field(description="model_type")
    kind: str = Field(description="the class")
    verdict: Verdict = Field(description="what hidden_states[0] is beside the looked-up embeddings")
    formula: str = Field(description="how hidden_states[0] is made of them")
    added: Added
    changes: dict[Change, float | None] = Field(
        description="of the last layer, relative to its norm, by what is done; none where it cannot"
    )
    reasons: dict[Change, str] = Field(description="why it cannot")
    generated: Generated | None = Field(description="none where the family writes no text")
    outside: str = Field(default="", description="the key of the config that holds `added.outside`")
    start: int = Field(description="the first of position_ids, where they are taken")
    differs: bool = Field(
        description="whether ids come to the first layer by another way than looked-up embeddings"
    )
    near: float = Field(default=1e-3, description="up to which a change is rounding")
    exact: bool = Field(description="whether looked-up embeddings agree to the last bit")
    searches: bool = Field(description="whether its table is read although embeddings are given")
    heard: str = Field(
        default="",
        description="what the model takes in place of ids, as `input_features`: then its decoder "
        "is measured, by `decoder_inputs_embeds`; empty for one that reads text",
    )


class NotMade(Part):
    """A family of which no tiny model was measured."""

    name: str = Field(description="model_type")
    kind: str = Field(description="the class")
    reason: str = Field(description="why there is none")


class Families(Part):
    """The table of families under one version of transformers."""

    rows: tuple[Row, ...]
    left_out: tuple[NotMade, ...]
    versions: dict[str, str] = Field(description="of the libraries it was measured with")
    seconds: float = Field(description="of one processor")


class WriteUp(Finding):
    """The whole file."""

    missing: tuple[str, ...] = Field(description="frameworks that were not installed")
    models: tuple[Measured, ...]
    families: Families | None = Field(
        description="the table measured in this build; none where those recorded are shown"
    )
