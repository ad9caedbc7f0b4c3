"""The JSON file of a model's table, and the lists of it as CSV."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from atlas.findings.finding import Finding, Part
from atlas.maps.facts import Slug, Tag

SCHEMA_VERSION = 1

LISTS = (
    "rows_without_tokens",
    "tokens_without_rows",
    "special",
    "added",
    "reserved",
    "bytes",
    "unreachable",
    "parts",
    "zero",
    "not_finite",
)


class Listed(Part):
    """Tokens of one kind, in the order of their ids."""

    ids: tuple[int, ...] = Field(description="the ids in the tokenizer")
    texts: tuple[str, ...] = Field(description="as a person reads them, in the order of `ids`")


class Group(Part):
    """Tokens that are one in some way."""

    ids: tuple[int, ...] = Field(description="the ids in the tokenizer")
    texts: tuple[str, ...] = Field(description="as a person reads them, in the order of `ids`")


class Rows(Part):
    """The rows of an input table beside the tokens of the tokenizer."""

    rows: int = Field(gt=0, description="rows of the table")
    dimensions: int = Field(gt=0, description="numbers in a row")
    tokens: int = Field(ge=0, description="ids that have a token, rows of the table or not")
    words: bool = Field(description="whether it is a list of words, which no tokenizer has made")
    format: str = Field(description="of the numbers, as the file names it: F32, F16, BF16, Q8_0, …")
    bytes: int = Field(ge=0, description="of the table as it is stored, 0 where that is not known")
    unembedding: Literal["tied", "own", "none"] = Field(
        description="whether a head for words uses the table itself, a table of its own, or there "
        "is none"
    )
    tested: Literal["tokenizer", "subwords", "none"] = Field(
        description="what `unreachable` was tested with: the whole tokenizer, the step that parts "
        "words alone, or nothing"
    )
    lists: dict[str, Listed] = Field(
        description="`rows_without_tokens`, `tokens_without_rows`, `special`, `added`, `reserved` "
        "(unused and reserved tokens), `bytes`, `unreachable` (decoded and encoded again they "
        "never come out), `parts` (of characters; no text was found for them), `zero` (rows of "
        "zeros), `not_finite` (rows that hold NaN or infinity)"
    )
    alike: tuple[Group, ...] = Field(
        description="tokens whose texts are one after NFKC, which joins width and other forms"
    )
    same: tuple[Group, ...] = Field(description="tokens whose rows are equal, number for number")


class Indicator(Part):
    """How well an indicator tells rows known to be unused from all others."""

    name: Literal["norm", "cosine", "cosine-centred", "cosine-rest", "bias"] = Field(
        description="what of a row it looks at"
    )
    auroc: float = Field(
        ge=0,
        le=1,
        description="the chance that a known row, held out, looks more unused than another",
    )


class Suspect(Part):
    """A token whose row looks untrained."""

    id: int = Field(description="the id in the tokenizer")
    text: str = Field(description="as a person reads it")
    kind: str = Field(description="its kind of token")
    score: float = Field(description="0 is the middle of the others, 1 that of the known rows")
    norm: float = Field(description="the length of its row")


class Untrained(Part):
    """Tokens that look untrained, after Land & Bartolo 2024."""

    references: dict[str, Listed] = Field(
        description="rows known to be unused, by why: `padding`, `unused`, `reserved`, `bytes`"
    )
    learned: tuple[str, ...] = Field(
        (), description="the classes of references that the indicators are learned from"
    )
    indicators: tuple[Indicator, ...]
    best: str | None = Field(
        description="the indicator that is used; None where none separates, or there are too few "
        "references"
    )
    least: float | None = Field(description="the score from which a row looks untrained")
    suspects: tuple[Suspect, ...] = Field(
        description="tokens that look untrained and are not among the references, most first"
    )
    known: dict[str, int] = Field(
        description="of the references, by why, how many look untrained when held out"
    )
    histogram: tuple[tuple[int, int], ...] = Field(
        description="how many others and how many references have a score in each twentieth from "
        "-0.5 to 1.5"
    )


class Norms(Part):
    """Lengths of rows: how many, and 10, 50 and 90 %."""

    name: str = Field(description="the kind, or the place in the vocabulary")
    count: int = Field(description="how many rows")
    low: float = Field(description="10 % are shorter")
    middle: float = Field(description="half are shorter")
    high: float = Field(description="90 % are shorter")


class Figures(Part):
    """The shape of a cloud of vectors."""

    mean_cosine: float = Field(description="of two different rows")
    cosines: tuple[float, float, float] = Field(description="5, 50 and 95 %, of sampled rows")
    isotropy: float = Field(description="Mu & Viswanath 2018; 1 where all directions are alike")
    skew: float = Field(description="of how often a row is among ten nearest, of sampled rows")
    most: int = Field(description="how often the largest hub is")
    dimension: float = Field(description="intrinsic, by TwoNN, of sampled rows")


class Shape(Part):
    """The shape of the space, beside Gaussian rows of the same mean and covariance."""

    rows: int = Field(description="rows that are in use, of which all figures are")
    sampled: int = Field(description="of these at random, where pairs are compared")
    own: Figures
    gaussian: Figures
    centred: Figures = Field(description="of rows less their mean")
    kept: float = Field(ge=0, le=1, description="of ten neighbors, by rows less their mean")
    shared: float = Field(
        ge=0, description="of a row's squared length, the part along the mean of all, on average"
    )
    components: tuple[float, ...] = Field(
        description="share of the variance of the first 1, 2, 5, 10, 20, 50, 100, … components"
    )
    half: int = Field(description="how many components hold half of the variance")
    participation: float = Field(description="participation ratio of the covariance")
    outliers: tuple[int, ...] = Field(description="dimensions that stand out by mean or deviation")
    outlier_share: float = Field(description="of a row's squared length, what these hold")
    by_kind: tuple[Norms, ...]
    by_place: tuple[Norms, ...] = Field(description="in tenths of the vocabulary, by id")


COMPONENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Asked(Part):
    """A token that the model was asked to repeat."""

    id: int = Field(description="the id in the tokenizer")
    text: str = Field(description="as a person reads it")
    chance: float = Field(ge=0, le=1, description="the largest that any of the prompts gave it")


class Verified(Part):
    """What the model makes of tokens that it is asked to repeat."""

    head: Literal["causal", "masked", "none"] = Field(description="the kind of head for words")
    least: float = Field(description="the chance below which a token was not repeated")
    suspects: tuple[Asked, ...]
    others: tuple[Asked, ...] = Field(
        description="ordinary tokens at random, asked in the same way"
    )


class TableFile(Finding):
    """The whole file."""

    model: Slug = Field(description="the id of the model")
    language: Tag = Field(description="the language of the model's vocabulary")
    tensor: str = Field(description="the name of the table in the weight files")
    rows: Rows
    untrained: Untrained
    shape: Shape
    verified: Verified | None = None


def file(model: str) -> str:
    """The file's name in the data folder."""
    return f"{model}.table.json"
