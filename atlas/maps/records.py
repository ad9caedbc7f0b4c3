"""What stages of one map hand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from atlas.engine.record import Record, need
from atlas.numeric.types import Bytes, Floats, Ints


@dataclass(frozen=True, eq=False)
class Neighbors(Record):
    """Nearest neighbors by cosine in the original space, nearest first, the point itself left out.

    rows           (n, k) int32, positions in the selection (not token ids)
    similarities   (n, k) float32, cosine, falling along each row
    recall         None where they are exact; else the share of the true ones that was found, or
                   others as near (`share`), over how many random rows that was measured
                   (`sampled`), its standard `error`, and in how many `dimensions` candidates were
                   sought
    """

    rows: Ints
    similarities: Floats
    recall: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        need(self.rows.ndim == 2 and self.rows.dtype == np.int32, self, "rows must be (n, k) int32")
        need(
            self.similarities.shape == self.rows.shape,
            self,
            "rows and similarities differ in shape",
        )
        need(self.similarities.dtype == np.float32, self, "similarities must be float32")


@dataclass(frozen=True, eq=False)
class Layout(Record):
    """A projection: xy (n, 2) float32, y upwards, centred; `parameters` says how it was made
    (method, seed, epochs …)."""

    xy: Floats
    parameters: dict[str, Any]

    def __post_init__(self) -> None:
        need(
            self.xy.ndim == 2 and self.xy.shape[1] == 2 and self.xy.dtype == np.float32,
            self,
            "xy must be (n, 2) float32",
        )
        need(bool(np.isfinite(self.xy).all()), self, "xy is not finite")


@dataclass(frozen=True, eq=False)
class Clusters(Record):
    """Two levels of clusters; -1 is noise.

    coarse, fine    (n,) int32, keys into `entries` by level
    entries         one dict a cluster: `level` ("coarse" or "fine"), `key` (its number), `size`,
                    `name`, `central` (rows of its central tokens, those that name it first),
                    `parent` (key of the coarse cluster most of its tokens are in, or None),
                    `cohesion` (mean cosine of its tokens to its centroid)
    """

    coarse: Ints
    fine: Ints
    entries: tuple[dict[str, Any], ...]
    parameters: dict[str, Any]

    def __post_init__(self) -> None:
        need(
            self.coarse.shape == self.fine.shape and self.coarse.ndim == 1,
            self,
            "coarse and fine differ in shape",
        )
        need(self.coarse.dtype == self.fine.dtype == np.int32, self, "labels must be int32")


@dataclass(frozen=True, eq=False)
class Labels(Record):
    """When each label appears on a projection: `zooms` (n,) uint8 for tokens and `cluster_zooms`
    (c,) uint8 for `entries` of Clusters, in half-octaves from the whole map (0) on; 255 is
    never. `anchors` (c, 2) float32 is where a cluster's name stands."""

    zooms: Bytes
    cluster_zooms: Bytes
    anchors: Floats

    def __post_init__(self) -> None:
        need(self.zooms.dtype == self.cluster_zooms.dtype == np.uint8, self, "zooms must be uint8")
        need(self.anchors.shape == (len(self.cluster_zooms), 2), self, "one anchor a cluster")


@dataclass(frozen=True, eq=False)
class Faithfulness(Record):
    """How true some layouts are to the neighbors in the original space.

    overlap       (l, n) float32: share of a point's k nearest neighbors that a layout keeps among
                  its k nearest
    figures       of each layout `overlap` (mean over all points), `trustworthiness`, `continuity`
                  (Venna & Kaski 2001), `k`, `sampled` (points over which the last two were taken),
                  and `quantiles` of the overlap (10, 50, 90 %)
    """

    overlap: Floats
    figures: tuple[dict[str, Any], ...]

    def __post_init__(self) -> None:
        need(
            self.overlap.dtype == np.float32 and len(self.overlap) == len(self.figures),
            self,
            "overlap must be (l, n) float32, and figures l",
        )


@dataclass(frozen=True, eq=False)
class ClusterTitles(Record):
    """What each cluster is, in the order of the entries of Clusters.

    titles     by language; empty for those that their tokens or a landmark name
    landmarks  the name of the landmark that covers it, whose title is no result; empty for none
    """

    titles: tuple[dict[str, str], ...]
    landmarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Lexicon(Record):
    """Which tokens words are.

    sets     one dict a set: `name`, `ids` (token ids, ascending), `missing` (its words that are no
             single token)
    words    token id of each word asked for, None where it is no single token
    """

    sets: tuple[dict[str, Any], ...]
    words: dict[str, int | None]


@dataclass(frozen=True, eq=False)
class Landmarks(Record):
    """How far the sets of a lexicon keep together on one map.

    sets      one dict a set: `name`, `rows` (positions in the selection), `outside` (members not in
              the selection), `missing`, `k`, `chance` and `spaces`: for the space ("space") and
              each projection `cohesion` and the 95 % `range` of random sets, empty with fewer than
              two members
    claims    one dict a claim: of a set `cohesion`, `range` and `holds`, None where they cannot be
              measured; of words `pairs`, one dict each: `words`, `missing`, `similarity`, `ranks`
              (of the second word among the neighbors of the first, and the other way round) and
              `holds`
    """

    sets: tuple[dict[str, Any], ...]
    claims: tuple[dict[str, Any], ...]
