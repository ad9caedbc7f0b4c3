"""Words of a known order in the spaces of a model: on a circle, on a line, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from atlas.engine.stage import GIB, Work, helper, stage
from atlas.errors import AtlasError
from atlas.findings.vocabularies.data import Measured, Ordered
from atlas.findings.vocabularies.data import Orders as OrdersData
from atlas.maps.records import Lexicon
from atlas.models import encoder
from atlas.models.encoder import ENCODER
from atlas.numeric import order
from atlas.numeric.chance import middle, random_sets
from atlas.numeric.order import FEWEST
from atlas.numeric.threads import one_blas_thread, torch_threads
from atlas.numeric.types import Array, Floats
from atlas.numeric.vectors import directed
from atlas.spaces.records import Vectors, Vocabulary

ORDER = helper("order", version=order.VERSION)

SHUFFLES = 4999
SETS = 200
LEVEL = 0.05
_POOL = 600  # tokens of each kind that random sets are drawn from, so that few are run
_AT_ONCE = 2000  # vectors of random sets that are measured at once
_DIGITS = 6


@dataclass(frozen=True)
class _Space:
    """Vectors (m, d) of some tokens: those of orders, and the pool of random sets."""

    ids: Array
    values: Floats
    kind: str = "layer"
    map: str = ""
    layer: int | None = None


@stage(
    "orders", version=2, weight=20, uses=(ENCODER, ORDER), parallel=True, gpu=True, memory=4 * GIB
)
def orders(
    vocabulary: Vocabulary,
    lexicon: Lexicon,
    *spaces: Vectors,
    sets: Sequence[Mapping[str, Any]],
    names: Sequence[Sequence[str]],
    layers: bool = False,
    seed: int = 0,
    work: Work = Work(),
) -> OrdersData:
    """Look for words of a known order on a circle and on a line, in each of the spaces and, with
    `layers`, in each layer's outputs for each token alone.

    A set has a `name` and `words` in their order; `lexicon.words` says which token each is, `names`
    the map of each of the spaces, and what it is. An order is on a circle or on a line where the
    correlation of its left-out places is above that of 97.5 % of random sets of the same kinds, and
    where so few shuffled orders reach it that, of all that hold in all spaces, no more than a share
    of 0.05 is expected to hold by chance. A model that cannot be run has no layers.
    """
    rows = [_row(entry, lexicon) for entry in sets]
    wanted = sorted({token for row in rows if row.enough for token in row.ids if token is not None})
    pool = _pool(vocabulary, wanted, seed)
    ids = np.union1d(np.asarray(wanted, np.int64), pool).astype(np.int64)
    found: dict[str, list[Measured]] = {row.name: [] for row in rows}
    reason = ""

    def measured(space: _Space) -> None:
        with one_blas_thread():
            for row in rows:
                if row.enough and (told := _measured(row, space, vocabulary, seed)):
                    found[row.name].append(told)

    for (shown, kind), vectors in zip(names, spaces, strict=True):
        measured(_Space(ids, np.asarray(vectors.values[ids], np.float32), kind, shown))
    if layers and wanted:
        try:
            for space in _layers(ids, work):
                measured(space)
        except AtlasError as problem:
            reason = problem.message
    return OrdersData(orders=_judged(rows, found), shuffles=SHUFFLES, sets=SETS, reason=reason)


def _row(entry: Mapping[str, Any], lexicon: Lexicon) -> Ordered:
    """An order before it is measured. Of words that are one token the first counts."""
    seen: set[int] = set()
    ids: list[int | None] = []
    for word in entry["words"]:
        token = lexicon.words.get(word)
        ids.append(None if token in seen else token)
        seen.update(() if token is None else (token,))
    enough = sum(token is not None for token in ids) >= min(FEWEST.values())
    return Ordered(
        name=entry["name"], words=tuple(entry["words"]), ids=tuple(ids), enough=enough, spaces=()
    )


def _pool(vocabulary: Vocabulary, wanted: Sequence[int], seed: int) -> Array:
    """Tokens of the kinds of those wanted, some of each."""
    kinds = np.array(vocabulary.kinds)
    random = np.random.default_rng(seed)
    parts = [np.zeros(0, np.int64)]
    for kind in sorted(set(kinds[list(wanted)].tolist())):
        every = np.flatnonzero(kinds == kind)
        parts.append(random.choice(every, min(_POOL, len(every)), replace=False))
    return np.concatenate(parts)


def _layers(ids: Array, work: Work) -> Iterator[_Space]:
    """Every layer's outputs for each token alone. Raises ModelError or StageError when the model
    cannot be run."""
    with torch_threads(work.threads):
        model = encoder.load(work.location, work.device)
        there = ids[ids < model.rows]
        numbers = [
            number
            for number in range(model.layers + 1)
            if number >= len(model.aligned) or model.aligned[number]
        ]
        values: Floats | None = None
        done = 0
        for batch, states in model.states([[int(token)] for token in there], numbers):
            if values is None:
                values = np.empty((len(numbers), len(there), states.shape[2]), np.float32)
            values[:, batch] = states
            done += len(batch)
            work.progress(0.5 * done / len(there))
    if values is not None:
        for place, number in enumerate(numbers):
            yield _Space(there, values[place], layer=number)
            work.progress(0.5 + 0.5 * (place + 1) / len(numbers))


def _measured(row: Ordered, space: _Space, vocabulary: Vocabulary, seed: int) -> Measured | None:
    """An order in a space, before it is judged beside the others; None where the space has too few
    of its tokens."""
    fit = directed(space.values) & np.isfinite(space.values).all(axis=1)
    places = {int(token): place for place, token in enumerate(space.ids) if fit[place]}
    at = np.array([n for n, token in enumerate(row.ids) if token in places], np.int32)
    if len(at) < min(FEWEST.values()):
        return None
    members = np.array([places[row.ids[n] or 0] for n in at])
    told = order.measure(space.values[members], at, len(row.words), SHUFFLES, seed)
    placed = told.circle if told.shape == "circle" else told.line
    angles = np.arctan2(told.circle.places[:, 1], told.circle.places[:, 0])
    xy = placed.places if told.shape == "circle" else np.pad(placed.places, ((0, 0), (0, 1)))
    return Measured(
        space=space.kind,
        map=space.map,
        layer=space.layer,
        members=len(at),
        circle=round(told.circle.correlation, _DIGITS),
        line=round(told.line.correlation, _DIGITS),
        seam=round(told.seam, _DIGITS),
        shape=told.shape,
        p=told.p,
        q=told.p,
        p_circle=told.p_circle,
        p_line=told.p_line,
        rank_circle=round(order.circular_rank(angles, 2 * np.pi * at / len(row.words)), _DIGITS),
        rank_line=round(order.rank_correlation(told.line.places[:, 0], at.astype(float)), _DIGITS),
        random=_by_chance(space, members, np.flatnonzero(fit), at, row, vocabulary, seed),
        places=tuple((round(float(x), 4), round(float(y), 4)) for x, y in xy),
        at=tuple(at.tolist()),
    )


def _by_chance(
    space: _Space,
    members: Array,
    pool: Array,
    at: Array,
    row: Ordered,
    vocabulary: Vocabulary,
    seed: int,
) -> tuple[float, float]:
    """The middle 95 % of the better correlation of random sets of tokens, of the members' kinds."""
    kinds = np.unique(
        np.array([vocabulary.kinds[int(token)] for token in space.ids[pool]]), return_inverse=True
    )[1]
    own = np.flatnonzero(np.isin(pool, members))
    values = space.values[pool]
    sets = np.array(random_sets(kinds, own, SETS, seed))
    drawn = [
        order.strengths(values[some], at, len(row.words))
        for some in np.array_split(sets, ceil(sets.size / _AT_ONCE))
    ]
    low, high = middle(np.concatenate(drawn))
    return round(low, _DIGITS), round(high, _DIGITS)


def _judged(
    rows: Sequence[Ordered], found: Mapping[str, Sequence[Measured]]
) -> tuple[Ordered, ...]:
    """The orders with all that was measured, p adjusted for all of it, and what holds."""
    every = [(name, told) for name, spaces in found.items() for told in spaces]
    adjusted = order.false_discoveries(np.array([told.p for _, told in every]))
    judged: dict[str, list[Measured]] = {row.name: [] for row in rows}
    for (name, told), q in zip(every, adjusted.tolist(), strict=True):
        holds = (
            q < LEVEL
            and max(told.circle, told.line) > told.random[1]
            and told.members >= FEWEST[told.shape]
        )
        judged[name].append(told.model_copy(update={"q": q, "holds": holds}))
    return tuple(row.model_copy(update={"spaces": tuple(judged[row.name])}) for row in rows)
