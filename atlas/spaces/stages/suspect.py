"""Tokens whose rows look like those that were never trained.

After Land & Bartolo 2024 (arXiv 2405.05417), for encoders as for language models, and without ids
written by hand: rows without tokens, bytes that no UTF-8 holds, `[unusedN]` and reserved tokens are
known to be unused. Of several indicators the one counts that tells held-out rows of these best from
all others, if any does; classes of them that look like other rows are left out of what is learned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from atlas.engine.stage import Work, helper, stage
from atlas.models.round_trip import NEVER
from atlas.models.tensors import TENSORS, read_bias
from atlas.numeric import separation
from atlas.numeric.separation import Indicator, by_direction, by_value, clearest, line
from atlas.numeric.types import Array, Doubles, Floats, Ints
from atlas.numeric.vectors import finite
from atlas.numeric.vectors import lengths as lengths_of
from atlas.spaces.records import Suspicion, Vectors, Vocabulary

SEPARATION = helper("separation", version=separation.VERSION)

LEAST = 5  # rows known to be unused, without which nothing is said
SEPARATES = 0.95  # the AUROC from which an indicator counts

_PADDING = re.compile(r"<row \d+>")
_RESERVED = re.compile(r"<\|?reserved_\w+\|?>")
_TRAINED = re.compile(r"▁?<extra_id_\d+>")  # T5's sentinels, which training does use
_BYTE = re.compile(r"<0x([0-9A-F]{2})>(?: \d+)?")


@stage("suspect", version=2, weight=0.5, uses=(TENSORS, SEPARATION))
def suspect(vocabulary: Vocabulary, vectors: Vectors, *, work: Work = Work()) -> Suspicion:
    """How untrained each row of an input table looks. Where the stage has a location, the output
    bias of a checkpoint's head is an indicator too. Rows with a number that is not finite are left
    out: their score and their length are NaN. Raises ModelError for weights that cannot be read."""
    values = vectors.values
    bias = read_bias(work.location, len(values)) if work.location else None
    whole = finite(values)
    if whole.all():
        return _suspicion(values, bias, references(vocabulary))
    kept = np.flatnonzero(whole).tolist()
    places = {row: place for place, row in enumerate(kept)}
    classes = {
        why: [places[row] for row in rows if row in places]
        for why, rows in references(vocabulary).items()
    }
    own = None if bias is None else bias[kept]
    found = _suspicion(values[kept], own, {why: rows for why, rows in classes.items() if rows})
    return _spread(found, kept, len(values))


def _spread(found: Suspicion, kept: list[int], count: int) -> Suspicion:
    """What was found of the rows that are kept, of all `count`; NaN for the others."""
    facts = dict(found.facts)
    facts["flagged"] = [kept[place] for place in facts["flagged"]]
    facts["references"] = {
        why: [kept[place] for place in places] for why, places in facts["references"].items()
    }
    scores, lengths = np.full((2, count), np.nan, np.float32)
    scores[kept], lengths[kept] = found.scores, found.lengths
    return Suspicion(scores, lengths, facts)


def _suspicion(values: Floats, bias: Array | None, classes: dict[str, list[int]]) -> Suspicion:
    """How untrained each of rows (n, d) looks that are finite, by classes of references."""
    scores = np.full(len(values), np.nan)
    facts: dict[str, Any] = {
        "references": classes,
        "learned": [],
        "indicators": [],
        "best": None,
        "least": None,
        "flagged": [],
    }
    lengths: Doubles | None = None
    for learned, known in _tried(classes, values, bias):
        indicators, lengths = _indicators(values, bias, known)
        best = clearest(indicators, known)
        told = [{"name": one.name, "auroc": round(one.auroc, 5)} for one in indicators]
        facts |= {"learned": learned, "indicators": told}
        if best.auroc >= SEPARATES:
            scores, least = _scaled(best, known)
            facts |= {"best": best.name, "least": least}
            facts["flagged"] = np.flatnonzero(scores >= least).tolist()
            break
    lengths = lengths_of(values) if lengths is None else lengths
    return Suspicion(scores.astype(np.float32), lengths.astype(np.float32), facts)


def _tried(
    classes: dict[str, list[int]], values: Floats, bias: Array | None
) -> Iterator[tuple[list[str], Ints]]:
    """What to learn from, by name and as rows, until it tells itself apart: all classes together;
    then without those that look like the other rows, as bytes of a model whose rows are still
    random do beside padding of zeros; at last all again, so that what is told is told of all."""
    every = list(classes)
    known = _rows(classes, every)
    if len(known) < LEAST or len(known) == len(values):
        return
    yield every, known
    apart = [why for why in every if len(every) > 1 and _apart(classes[why], values, bias)]
    if apart and len(apart) < len(every):
        yield apart, _rows(classes, apart)
        yield every, known


def _apart(rows: list[int], values: Floats, bias: Array | None) -> bool:
    """Whether the rows of one class tell themselves apart."""
    known = np.array(rows, np.int32)
    found = _indicators(values, bias, known)[0] if len(rows) >= LEAST else []
    return any(one.auroc >= SEPARATES for one in found)


def _rows(classes: dict[str, list[int]], names: list[str]) -> Ints:
    return np.array(sorted(row for why in names for row in classes[why]), np.int32)


def _indicators(values: Floats, bias: Array | None, known: Ints) -> tuple[list[Indicator], Doubles]:
    """All indicators of a set of rows, and the lengths (n,) of all rows."""
    found, lengths = by_direction(values, known)
    found.insert(0, by_value("norm", lengths.copy(), known))
    if bias is not None:
        found.append(by_value("bias", bias.astype(np.float64), known))
    return found, lengths


def references(vocabulary: Vocabulary) -> dict[str, list[int]]:
    """Rows that are known to be unused, by why: `padding`, `unused`, `reserved`, `bytes`."""
    found: dict[str, list[int]] = {"padding": [], "unused": [], "reserved": [], "bytes": []}
    rows = zip(vocabulary.tokens, vocabulary.texts, vocabulary.kinds, strict=True)
    for row, (token, text, kind) in enumerate(rows):
        byte = _BYTE.fullmatch(text) if kind == "byte" else None
        if byte and int(byte[1], 16) in NEVER:
            found["bytes"].append(row)
        elif kind != "unused" or _TRAINED.fullmatch(token):
            continue
        elif _PADDING.fullmatch(token):
            found["padding"].append(row)
        else:
            found["reserved" if _RESERVED.fullmatch(token) else "unused"].append(row)
    return {why: rows for why, rows in found.items() if rows}


def _scaled(best: Indicator, known: Ints) -> tuple[Doubles, float]:
    """The scores of an indicator, 0 in the middle of the others and 1 in that of the known rows,
    and the score from which a row is like these; rounded, since the last digits of a sum depend on
    who takes it."""
    drawn = line(best, known)
    wide = drawn.inside - drawn.outside
    scores = np.round((best.scores - drawn.outside) / wide, 4)
    return scores, float(np.floor((drawn.least - drawn.outside) / wide * 1e4) / 1e4)
