"""Cohesion of landmarks: whether words that belong together stand together, in a space and on its
projections.

The cohesion of a set is the mean, over its members, of the share of their k nearest neighbors that
are members too, with k = min(15, size - 1), so that a set which is a tight ball has 1. Beside it
stands the range that 95 % of random sets of the same size and kinds of tokens fall into: a
permutation test, by which a set is called coherent when it is above that range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from atlas.engine.stage import Work, stage
from atlas.maps.records import Landmarks, Layout, Lexicon, Neighbors
from atlas.maps.stages.measure import NEAREST
from atlas.numeric.chance import middle, random_sets
from atlas.numeric.plane import nearest
from atlas.numeric.types import Array, Doubles, Facts, Floats, Ints
from atlas.numeric.vectors import unit
from atlas.spaces.records import Selection, Vectors, Vocabulary

MOST = 15  # neighbors looked at


DRAWS = 200


@stage("landmarks", version=2, weight=2, uses=(NEAREST,), parallel=True)
def landmarks(
    lexicon: Lexicon,
    vocabulary: Vocabulary,
    vectors: Vectors,
    selection: Selection,
    neighbors: Neighbors,
    *layouts: Layout,
    methods: Sequence[str],
    claims: Sequence[Mapping[str, Any]] = (),
    seed: int = 0,
    work: Work = Work(),
) -> Landmarks:
    """Cohesion of every set of the lexicon in the space (neighbors by cosine) and on each layout
    (by distance), and the claims.

    `methods` names the layouts. A claim has `set`, or `set` and `near`, or `words`. Of a set near
    another, measured is the mean, over the members of the first, of the share of their min(15,
    size) nearest neighbors that are members of the second only. Two words are near when one is
    among the 15 nearest of the other.
    """
    ids = np.asarray(selection.ids)
    kinds = np.unique(np.array(vocabulary.kinds)[ids], return_inverse=True)[1]
    near = {"space": np.asarray(neighbors.rows)}
    for number, (method, layout) in enumerate(zip(methods, layouts, strict=True)):
        near[method] = nearest(layout.xy, max(min(MOST, len(ids) - 1), 0), work.threads)
        work.progress((number + 1) / (len(methods) + 1))
    rows = {row["name"]: rows_of(ids, row["ids"]) for row in lexicon.sets}
    sets = [_set(row, rows[row["name"]], near, kinds, seed) for row in lexicon.sets]
    pairs = _Pairs(lexicon, ids, vectors if any(claim.get("words") for claim in claims) else None)
    told = [
        {"pairs": [pairs.of(first, second) for first, second in combinations(claim["words"], 2)]}
        if claim.get("words")
        else _claim(claim, rows, near["space"], kinds, seed)
        for claim in claims
    ]
    return Landmarks(tuple(sets), tuple(told))


def _set(
    row: Mapping[str, Any], members: Array, near: Mapping[str, Ints], kinds: Array, seed: int
) -> Facts:
    """An entry of Landmarks.sets: a set of the lexicon, its rows (m,), the neighbors (n, k) by
    space, and the kinds (n,) of tokens."""
    size = len(members)
    return {
        "name": row["name"],
        "rows": members.tolist(),
        "outside": len(row["ids"]) - size,
        "missing": list(row["missing"]),
        "k": min(MOST, max(size - 1, 0)),
        "chance": round((size - 1) / (len(kinds) - 1), 6) if size > 1 else 0.0,
        "spaces": {
            name: _against_chance(rows, kinds, members, None, seed) for name, rows in near.items()
        }
        if size > 1
        else {},
    }


def rows_of(ids: Array, members: Sequence[int]) -> Array:
    """Positions (m,) of the members in ascending ids (n,); those that are not there are left
    out."""
    return np.flatnonzero(np.isin(ids, np.asarray(members, ids.dtype)))


def cohesion(near: Ints, members: Array, among: Array | None = None) -> float:
    """The mean over members of the share of their k nearest that are members too, or that are in
    `among` and no members.

    near (n, ≥ k) int32: nearest neighbors by row. k is 15, or as many as a member can have, or as
    there are columns.
    """
    inside = np.zeros(len(near), bool)
    inside[members if among is None else among] = True
    if among is not None:
        inside[members] = False
    k = min(MOST, int(inside.sum()) - (among is None), near.shape[1])
    return float(inside[near[members, :k]].mean()) if k > 0 and len(members) else 0.0


def _against_chance(
    near: Ints, kinds: Array, members: Array, among: Array | None, seed: int
) -> Facts:
    drawn = [cohesion(near, rows, among) for rows in random_sets(kinds, members, DRAWS, seed)]
    low, high = middle(drawn)
    value = cohesion(near, members, among)
    return {
        "cohesion": round(value, 6),
        "range": [round(low, 6), round(high, 6)],
        "holds": bool(value > high),
    }


def _claim(
    claim: Mapping[str, Any], rows: Mapping[str, Array], near: Ints, kinds: Array, seed: int
) -> Facts:
    """What is measured of a claim of a set, or of a set near another."""
    members = rows[claim["set"]]
    among = rows[claim["near"]] if claim.get("near") else None
    enough = (
        len(members) > 1 if among is None else len(members) and len(np.setdiff1d(among, members))
    )
    if not enough:
        return {"cohesion": None, "range": None, "holds": None}
    return _against_chance(near, kinds, members, among, seed)


class _Pairs:
    """Measures pairs of words: ranks among each other's neighbors by cosine, the nearest being
    1."""

    def __init__(self, lexicon: Lexicon, ids: Ints, vectors: Vectors | None) -> None:
        self.words, self.ids = lexicon.words, ids
        self.unit = np.zeros((0, 0), np.float32)
        if vectors is not None:
            self.unit = unit(vectors.values, ids)

    def of(self, first: str, second: str) -> Facts:
        """What is measured of two words; None for what cannot be, since a word is not there."""
        rows = {word: self._row(word) for word in (first, second)}
        one, other = rows[first], rows[second]
        if one is None or other is None:
            return {
                "words": [first, second],
                "missing": [word for word, row in rows.items() if row is None],
                "ranks": None,
                "similarity": None,
                "holds": None,
            }
        ranks = [_rank(self.unit, one, other), _rank(self.unit, other, one)]
        return {
            "words": [first, second],
            "missing": [],
            "ranks": ranks,
            "similarity": round(float(self.unit[one].astype(np.float64) @ self.unit[other]), 6),
            "holds": min(ranks) <= MOST,
        }

    def _row(self, word: str) -> int | None:
        """The row of a word in the selection, None where it is not there."""
        token = self.words.get(word)
        if token is None or not np.isin(token, self.ids):
            return None
        return int(np.searchsorted(self.ids, token))


def _rank(unit: Floats, row: int, other: int) -> int:
    similar = _similar(unit, row)
    similar[row] = -np.inf
    return int(np.count_nonzero(similar > similar[other])) + 1


def _similar(unit: Floats, row: int) -> Doubles:
    """Cosines (n,) of all rows with one, added up in float64 in blocks."""
    mine = unit[row].astype(np.float64)
    parts = [
        unit[begin : begin + 4096].astype(np.float64) @ mine for begin in range(0, len(unit), 4096)
    ]
    return np.concatenate(parts)
