"""What the stages of a comparison hand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from atlas.engine.record import Record, need
from atlas.numeric.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Comparison(Record):
    """How alike two spaces are over n tokens that both have.

    ids        (n, 2) int32: their ids in either vocabulary, ascending by the first
    kept       (n,) float32: share of a token's k nearest neighbors in the first space that are
               among its k nearest in the second
    figures    `overlap` (mean of `kept`), `chance`, `k`, `quantiles` (10, 50, 90 %), `histogram`
               (how many tokens keep 0, 1, … k neighbors), `cka` (linear; Kornblith et al. 2019) and
               `cka_chance` (the same with the tokens of one space shuffled), `ranks` (mean overlap
               of each tenth of the tokens in id order), `kinds` (by kind: `tokens`, `overlap`),
               `most` and `least` (rows that move most and least)
    """

    ids: Ints
    kept: Floats
    figures: dict[str, Any]

    def __post_init__(self) -> None:
        need(
            self.ids.shape == (len(self.kept), 2) and self.ids.dtype == np.int32,
            self,
            "ids must be (n, 2) int32",
        )
        need(
            self.kept.ndim == 1 and self.kept.dtype == np.float32, self, "kept must be (n,) float32"
        )


@dataclass(frozen=True, eq=False)
class Layers(Record):
    """A model's layers beside one space: one dict each, from `layer` 0 (what enters the first) on,
    with `overlap`, `cka`, `cka_chance`, `chance` and `k`."""

    entries: tuple[dict[str, Any], ...]
