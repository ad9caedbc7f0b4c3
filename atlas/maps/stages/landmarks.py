"""Cohesion of landmarks: whether words that belong together stand together, in a space and on its
projections.

The cohesion of a set is the mean, over its members, of the share of their k nearest neighbors that
are members too, with k = min(15, size - 1), so that a set which is a tight ball has 1. Beside it
stands the range that 95 % of random sets of the same size and kinds of tokens fall into: a
permutation test, by which a set is called coherent when it is above that range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from atlas.maps.records import Landmarks, Layout, Lexicon, Neighbors
from atlas.maps.stages.measure import nearest
from atlas.numeric.types import Array, Ints
from atlas.spaces.records import Selection, Vectors, Vocabulary

VERSION = 1


MOST = 15  # neighbors looked at


DRAWS = 200


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
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
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
        near[method] = nearest(layout.xy, max(min(MOST, len(ids) - 1), 0), threads)
        progress((number + 1) / (len(methods) + 1))
    rows = {one["name"]: rows_of(ids, one["ids"]) for one in lexicon.sets}
    sets = []
    for one in lexicon.sets:
        found = rows[one["name"]]
        size = len(found)
        sets.append(
            {
                "name": one["name"],
                "rows": found.tolist(),
                "outside": len(one["ids"]) - size,
                "missing": list(one["missing"]),
                "k": min(MOST, max(size - 1, 0)),
                "chance": round((size - 1) / (len(ids) - 1), 6) if size > 1 else 0.0,
                "spaces": {
                    name: _against_chance(some, kinds, found, None, seed)
                    for name, some in near.items()
                }
                if size > 1
                else {},
            }
        )
    unit = (
        _unit(vectors.values[ids])
        if any(claim.get("words") for claim in claims)
        else np.empty((0, 0))
    )
    told = [_claim(claim, rows, near["space"], kinds, lexicon, unit, ids, seed) for claim in claims]
    return Landmarks(tuple(sets), tuple(told))


def rows_of(ids: Array, members: Sequence[int]) -> Array:
    """Positions of the members in ascending ids; those that are not there are left out."""
    return np.flatnonzero(np.isin(ids, np.asarray(members, ids.dtype)))


def cohesion(near: Array, members: Array, among: Array | None = None) -> float:
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


def random_sets(kinds: Array, members: Array, draws: int, seed: int) -> list[Array]:
    """So many random sets with as many rows of each kind as there are among the members. kinds (n,)
    int."""
    random = np.random.default_rng([seed, len(members)])
    counts = np.bincount(kinds[members])
    pools = [
        (np.flatnonzero(kinds == kind), int(count)) for kind, count in enumerate(counts) if count
    ]
    return [
        np.concatenate([random.choice(pool, count, replace=False) for pool, count in pools])
        for _ in range(draws)
    ]


def _against_chance(
    near: Array, kinds: Array, members: Array, among: Array | None, seed: int
) -> dict[str, Any]:
    drawn = [cohesion(near, one, among) for one in random_sets(kinds, members, DRAWS, seed)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = cohesion(near, members, among)
    return {
        "cohesion": round(value, 6),
        "range": [round(float(low), 6), round(float(high), 6)],
        "holds": bool(value > high),
    }


def _claim(
    claim: Mapping[str, Any],
    rows: Mapping[str, Array],
    near: Ints,
    kinds: Array,
    lexicon: Lexicon,
    unit: Array,
    ids: Array,
    seed: int,
) -> dict[str, Any]:
    if claim.get("words"):
        return {
            "pairs": [
                _pair(one, other, lexicon, unit, ids)
                for one, other in combinations(claim["words"], 2)
            ]
        }
    members = rows[claim["set"]]
    among = rows[claim["near"]] if claim.get("near") else None
    enough = (
        len(members) > 1 if among is None else len(members) and len(np.setdiff1d(among, members))
    )
    if not enough:
        return {"cohesion": None, "range": None, "holds": None}
    return _against_chance(near, kinds, members, among, seed)


def _unit(values: Array) -> Array:
    values = np.asarray(values, np.float64)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12))


def _pair(one: str, other: str, lexicon: Lexicon, unit: Array, ids: Array) -> dict[str, Any]:
    """Ranks of two words among each other's neighbors by cosine, the nearest being 1; None for a
    word that is not there."""
    found = [lexicon.words.get(word) for word in (one, other)]
    here = [token if token is not None and np.isin(token, ids) else None for token in found]
    if here[0] is None or here[1] is None:
        missing = [word for word, token in zip((one, other), here, strict=True) if token is None]
        return {
            "words": [one, other],
            "missing": missing,
            "ranks": None,
            "similarity": None,
            "holds": None,
        }
    first, second = int(np.searchsorted(ids, here[0])), int(np.searchsorted(ids, here[1]))
    ranks = [_rank(unit, first, second), _rank(unit, second, first)]
    similarity = round(float(unit[first] @ unit[second]), 6)
    return {
        "words": [one, other],
        "missing": [],
        "ranks": ranks,
        "similarity": similarity,
        "holds": min(ranks) <= MOST,
    }


def _rank(unit: Array, row: int, other: int) -> int:
    similar = unit @ unit[row]
    similar[row] = -np.inf
    return int(np.count_nonzero(similar > similar[other])) + 1
