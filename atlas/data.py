"""What flows between stages: frozen records of named arrays and plain JSON values.

Every record is checked when it is made, so a wrong shape is an error where it arises and not three stages later.
Arrays are `numpy.ndarray`; everything else is JSON (strings, numbers, tuples, dicts, None). That is all the store needs to
write a record without pickles, and all another language needs to read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from atlas.errors import StageError

Kind = Literal["word", "continuation", "special", "byte", "unused"]
KINDS: tuple[str, ...] = get_args(Kind)
NOISE = -1
NEVER = 255  # a label that is not shown at any zoom

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


def _need(condition: bool, record: object, what: str) -> None:
    if not condition:
        raise StageError(f"{type(record).__name__}: {what}", "This is a fault in a stage; please report it.")


class Record:
    """Base of the records below: gives the names and values of the fields, for the store."""

    def items(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Vocabulary(Record):
    """A tokenizer's tokens in id order: position i is the token with id i.

    tokens   as in the tokenizer (`##ing`, `Ġhello`, `▁the`, `<0xE3>`)
    texts    as a person reads it (`##ing`, `␣hello`, `␣the`, `<0xE3>`)
    kinds    one of KINDS each
    scripts  the script's name (`Latin`, `Han`, `Hiragana`, `Katakana`, `Digits`, `Punctuation`, …), "" where there is none
    family   the tokenizer's family: `wordpiece`, `byte-level-bpe`, `sentencepiece`, `bpe` or `wordlevel`
    """

    tokens: tuple[str, ...]
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    scripts: tuple[str, ...]
    family: str

    def __post_init__(self) -> None:
        _need(len(self.tokens) == len(self.texts) == len(self.kinds) == len(self.scripts), self, "columns differ in length")
        _need(set(self.kinds) <= set(KINDS), self, f"unknown kinds {set(self.kinds) - set(KINDS)}")

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, eq=False)
class Annotations(Record):
    """What a dictionary says of each token, in id order: part of speech and reading (katakana), None where unknown."""

    pos: tuple[str | None, ...]
    readings: tuple[str | None, ...]
    dictionary: str  # name and version of the dictionary, "" where there was none for the language

    def __post_init__(self) -> None:
        _need(len(self.pos) == len(self.readings), self, "columns differ in length")


@dataclass(frozen=True, eq=False)
class Selection(Record):
    """Token ids (n,) int32, ascending: the rows of a map."""

    ids: Ints

    def __post_init__(self) -> None:
        _need(self.ids.dtype == np.int32 and self.ids.ndim == 1, self, "ids must be (n,) int32")
        _need(bool(np.all(np.diff(self.ids) > 0)), self, "ids must ascend")


@dataclass(frozen=True, eq=False)
class Vectors(Record):
    """A space: values (v, d) float32, row i for token id i.

    tensor   the name of the tensor read, or how the vectors came about
    """

    values: Floats
    tensor: str

    def __post_init__(self) -> None:
        _need(self.values.ndim == 2 and self.values.dtype == np.float32, self, "values must be (v, d) float32")


@dataclass(frozen=True, eq=False)
class Averages(Vectors):
    """A space averaged over a corpus.

    counts   (v,) int64: how often each token was seen; where it was not its vector is zero and means nothing
    figures  `texts` and `tokens` of the corpus, and how many texts were `cut` because they are longer than the model reads
    """

    counts: npt.NDArray[np.int64]
    figures: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sums(Record):
    """What one chunk of a corpus adds to the averages.

    ids      (m,) int32: tokens seen, ascending
    counts   (m,) int64
    sums     (m, d) float64
    figures  as in Averages, and `tensor`: which outputs these are
    """

    ids: Ints
    counts: npt.NDArray[np.int64]
    sums: npt.NDArray[np.float64]
    figures: dict[str, Any]

    def __post_init__(self) -> None:
        _need(len(self.ids) == len(self.counts) == len(self.sums), self, "columns differ in length")


@dataclass(frozen=True, eq=False)
class Neighbors(Record):
    """Exact nearest neighbors by cosine in the original space, nearest first, the point itself left out.

    rows           (n, k) int32, positions in the selection (not token ids)
    similarities   (n, k) float32, cosine, falling along each row
    """

    rows: Ints
    similarities: Floats

    def __post_init__(self) -> None:
        _need(self.rows.ndim == 2 and self.rows.dtype == np.int32, self, "rows must be (n, k) int32")
        _need(self.similarities.shape == self.rows.shape, self, "rows and similarities differ in shape")
        _need(self.similarities.dtype == np.float32, self, "similarities must be float32")


@dataclass(frozen=True, eq=False)
class Layout(Record):
    """A projection: xy (n, 2) float32, y upwards, centred; `parameters` says how it was made (method, seed, epochs …)."""

    xy: Floats
    parameters: dict[str, Any]

    def __post_init__(self) -> None:
        _need(self.xy.ndim == 2 and self.xy.shape[1] == 2 and self.xy.dtype == np.float32, self, "xy must be (n, 2) float32")
        _need(bool(np.isfinite(self.xy).all()), self, "xy is not finite")


@dataclass(frozen=True, eq=False)
class Clusters(Record):
    """Two levels of clusters; -1 is noise.

    coarse, fine    (n,) int32, keys into `entries` by level
    entries         one dict a cluster: `level` ("coarse" or "fine"), `key` (its number), `size`, `central` (rows of its most
                    central tokens, most central first), `parent` (key of the coarse cluster most of its tokens are in,
                    or None), `cohesion` (mean cosine of its tokens to its centroid)
    """

    coarse: Ints
    fine: Ints
    entries: tuple[dict[str, Any], ...]
    parameters: dict[str, Any]

    def __post_init__(self) -> None:
        _need(self.coarse.shape == self.fine.shape and self.coarse.ndim == 1, self, "coarse and fine differ in shape")
        _need(self.coarse.dtype == self.fine.dtype == np.int32, self, "labels must be int32")


@dataclass(frozen=True, eq=False)
class Labels(Record):
    """When each label appears on a projection: `zooms` (n,) uint8 for tokens and `cluster_zooms` (c,) uint8 for `entries` of
    Clusters, in half-octaves from the whole map (0) on; 255 is never. `anchors` (c, 2) float32 is where a cluster's name stands."""

    zooms: Bytes
    cluster_zooms: Bytes
    anchors: Floats

    def __post_init__(self) -> None:
        _need(self.zooms.dtype == self.cluster_zooms.dtype == np.uint8, self, "zooms must be uint8")
        _need(self.anchors.shape == (len(self.cluster_zooms), 2), self, "one anchor a cluster")


@dataclass(frozen=True, eq=False)
class Faithfulness(Record):
    """How true a layout is to the neighbors in the original space.

    overlap       (n,) float32: share of a point's k nearest neighbors that the layout keeps among its k nearest
    figures       `overlap` (mean over all points), `trustworthiness`, `continuity` (Venna & Kaski 2001), `k`, `sampled`
                  (points over which the last two were taken), and `quantiles` of the overlap (10, 50, 90 %)
    """

    overlap: Floats
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _need(self.overlap.ndim == 1 and self.overlap.dtype == np.float32, self, "overlap must be (n,) float32")


@dataclass(frozen=True, eq=False)
class Card(Record):
    """What a checkpoint's own files say of it: `architecture`, `model_type`, `hidden_size`, `layers`, `heads`, `vocab_size`,
    `positions`, `tied`, `dtype`, `tokenizer`, `license`, `bytes` (size of the weights); None where they do not say."""

    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Lexicon(Record):
    """Which tokens words are.

    sets     one dict a set: `name`, `ids` (token ids, ascending), `missing` (its words that are no single token)
    words    token id of each word asked for, None where it is no single token
    """

    sets: tuple[dict[str, Any], ...]
    words: dict[str, int | None]


@dataclass(frozen=True, eq=False)
class Landmarks(Record):
    """How far the sets of a lexicon keep together on one map.

    sets      one dict a set: `name`, `rows` (positions in the selection), `outside` (members not in the selection), `missing`,
              `k`, `chance` and `spaces`: for the space ("space") and each projection `cohesion` and the 95 % `range` of random
              sets, empty with fewer than two members
    claims    one dict a claim: of a set `cohesion`, `range` and `holds`, None where they cannot be measured; of words `pairs`, one
              dict each: `words`, `missing`, `similarity`, `ranks` (of the second word among the neighbors of the first, and the
              other way round) and `holds`
    """

    sets: tuple[dict[str, Any], ...]
    claims: tuple[dict[str, Any], ...]


@dataclass(frozen=True, eq=False)
class Comparison(Record):
    """How alike two spaces are over n tokens that both have.

    ids        (n, 2) int32: their ids in either vocabulary, ascending by the first
    kept       (n,) float32: share of a token's k nearest neighbors in the first space that are among its k nearest in the second
    figures    `overlap` (mean of `kept`), `chance`, `k`, `quantiles` (10, 50, 90 %), `histogram` (how many tokens keep
               0, 1, … k neighbors), `cka` (linear; Kornblith et al. 2019) and `cka_chance` (the same with the tokens of one
               space shuffled), `ranks` (mean overlap of each tenth of the tokens in id order), `kinds` (by kind: `tokens`,
               `overlap`), `most` and `least` (rows that move most and least)
    """

    ids: Ints
    kept: Floats
    figures: dict[str, Any]

    def __post_init__(self) -> None:
        _need(self.ids.shape == (len(self.kept), 2) and self.ids.dtype == np.int32, self, "ids must be (n, 2) int32")
        _need(self.kept.ndim == 1 and self.kept.dtype == np.float32, self, "kept must be (n,) float32")


@dataclass(frozen=True, eq=False)
class Layers(Record):
    """A model's layers beside one space: one dict each, from `layer` 0 (what enters the first) on, with `overlap`, `cka`,
    `cka_chance`, `chance` and `k`."""

    entries: tuple[dict[str, Any], ...]


@dataclass(frozen=True, eq=False)
class Experiment(Record):
    """What an experiment measured, plain JSON values; the stage that makes one says which."""

    facts: dict[str, Any]


_RECORDS = (
    Vocabulary, Annotations, Selection, Vectors, Neighbors, Layout, Clusters, Labels, Faithfulness, Card, Lexicon, Landmarks, Comparison,
    Layers, Experiment, Averages, Sums,
)  # fmt: skip
RECORDS: dict[str, type[Record]] = {record.__name__: record for record in _RECORDS}
