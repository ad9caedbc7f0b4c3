"""What stages of a model's vocabulary and vectors hand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from atlas.engine.record import Record, need
from atlas.numeric.types import Floats, Ints

Kind = Literal["word", "continuation", "special", "byte", "unused"]


KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, eq=False)
class Vocabulary(Record):
    """A tokenizer's tokens in id order: position i is the token with id i.

    tokens   as in the tokenizer (`##ing`, `Ġhello`, `▁the`, `<0xE3>`)
    texts    as a person reads it (`##ing`, `␣hello`, `␣the`, `<0xE3>`)
    kinds    one of KINDS each
    scripts  the script's name (`Latin`, `Han`, `Hiragana`, `Katakana`, `Digits`, `Punctuation`, …),
             "" where there is none
    family   the tokenizer's family: `wordpiece`, `byte-level-bpe`, `sentencepiece`, `bpe`,
             `bytes` or `wordlevel`; `words` where there is none
    """

    tokens: tuple[str, ...]
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    scripts: tuple[str, ...]
    family: str

    def __post_init__(self) -> None:
        need(
            len(self.tokens) == len(self.texts) == len(self.kinds) == len(self.scripts),
            self,
            "columns differ in length",
        )
        need(set(self.kinds) <= set(KINDS), self, f"unknown kinds {set(self.kinds) - set(KINDS)}")

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, eq=False)
class Annotations(Record):
    """What a dictionary says of each token, in id order: part of speech and reading (katakana),
    None where unknown."""

    pos: tuple[str | None, ...]
    readings: tuple[str | None, ...]
    dictionary: str  # name and version of the dictionary, "" where there was none for the language

    def __post_init__(self) -> None:
        need(len(self.pos) == len(self.readings), self, "columns differ in length")


@dataclass(frozen=True, eq=False)
class Selection(Record):
    """Token ids (n,) int32, ascending: the rows of a map."""

    ids: Ints

    def __post_init__(self) -> None:
        need(self.ids.dtype == np.int32 and self.ids.ndim == 1, self, "ids must be (n,) int32")
        need(bool(np.all(np.diff(self.ids) > 0)), self, "ids must ascend")


@dataclass(frozen=True, eq=False)
class Vectors(Record):
    """A space: values (v, d) float32, row i for token id i.

    tensor   the name of the tensor read, or how the vectors came about
    """

    values: Floats
    tensor: str

    def __post_init__(self) -> None:
        need(
            self.values.ndim == 2 and self.values.dtype == np.float32,
            self,
            "values must be (v, d) float32",
        )


@dataclass(frozen=True, eq=False)
class Suspicion(Record):
    """How much each row of a model's input table looks like those that were never trained.

    scores   (v,) float32: 0 is the middle of the other rows, 1 that of rows known to be unused; NaN
             where nothing tells them apart
    lengths  (v,) float32, of the rows
    facts    `references` (ids by class), `learned` (the classes that the rest is learned from),
             `indicators` (name and AUROC each), `best`, `least` (the score from which a row looks
             untrained) and `flagged` (ids)
    """

    scores: Floats
    lengths: Floats
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        need(self.scores.shape == self.lengths.shape, self, "columns differ in length")
        need(self.scores.dtype == np.float32, self, "scores must be (v,) float32")


@dataclass(frozen=True, eq=False)
class Averages(Vectors):
    """A space averaged over a corpus.

    counts   (v,) int64: how often each token was seen; where it was not its vector is zero and
             means nothing
    figures  `texts` and `tokens` of the corpus, and how many texts were `cut` because they are
             longer than the model reads
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
        need(len(self.ids) == len(self.counts) == len(self.sums), self, "columns differ in length")


@dataclass(frozen=True, eq=False)
class Card(Record):
    """What a checkpoint's own files say of it: `architecture`, `model_type`, `hidden_size`,
    `layers`, `heads`, `vocab_size`, `positions`, `tied`, `dtype`, `tokenizer`, `license`,
    `bytes` (size of the weights); None where they do not say."""

    facts: dict[str, Any]
