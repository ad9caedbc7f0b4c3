"""Nearest neighbors by cosine, the truth of every map."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from atlas.engine.stage import GIB, Work, helper, stage
from atlas.errors import StageError
from atlas.maps.records import Neighbors
from atlas.numeric import approximate as rough
from atlas.numeric import neighbors as kernel
from atlas.numeric.types import Ints, Near
from atlas.numeric.vectors import NotFiniteError, finite
from atlas.spaces.records import Selection, Vectors

NEIGHBORS = helper("neighbors", version=kernel.VERSION)
APPROXIMATE = helper("approximate", version=rough.VERSION)

# Tokens x tokens x dimensions from which on exact neighbors would take about as long as all else of
# a map does on two cores. The size alone decides: a result must not depend on who computes it.
_MUCH = 5e12
_NAMED = 20  # tokens that a message names


def _seconds(vectors: int, selection: int) -> float:
    """What the search takes on a core of an EPYC (benchmarks/RESULTS.md), by bytes; of a selection
    as if it had all rows."""
    products = selection / 4 * vectors / 4
    slower = 1 if _has_bfloat16() else 4
    return 1 + slower * products * (8e-12 if products < _MUCH else 3e-12)


@cache
def _has_bfloat16() -> bool:
    """Whether the processor says that it multiplies bfloat16; the search itself tries it, which
    takes torch."""
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:  # not Linux
        return False
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(told.split())


@stage(
    "neighbors",
    version=3,
    weight=6,
    grows=_seconds,
    uses=(NEIGHBORS, APPROXIMATE),
    parallel=True,
    gpu=True,
    memory=2 * GIB,
    loads="torch",
)
def neighbors(
    vectors: Vectors,
    selection: Selection,
    *,
    k: int,
    exact: bool = False,
    seed: int = 0,
    work: Work = Work(),
) -> Neighbors:
    """The k nearest rows of each row of the selection by cosine, as numeric.neighbors finds them;
    of very many rows as numeric.approximate does, with the recall of that, unless `exact` or where
    nothing less than an exact search finds enough.

    Raises StageError if a selected vector is not finite.
    """
    ids = np.asarray(selection.ids)
    given: dict[str, Any] = {
        "ids": ids,
        "device": work.device,
        "threads": work.threads,
        "progress": work.progress,
    }
    try:
        if exact or len(ids) ** 2 * vectors.values.shape[1] < _MUCH:
            return _record(kernel.neighbors(vectors.values, k, **given))
        near, recall = rough.approximate(vectors.values, k, seed=seed, **given)
    except NotFiniteError as problem:
        raise _not_finite(vectors, ids) from problem
    return _record(near, recall._asdict() if recall else None)


def _not_finite(vectors: Vectors, ids: Ints) -> StageError:
    """What is said of selected rows (m,) with NaN or infinity, and how to go on without them."""
    lost = ids[~finite(vectors.values)[ids]].tolist()
    names = ", ".join(map(str, lost[:_NAMED]))
    if len(lost) == 1:
        told, way = f"vector of token {names} holds", f"without = {lost}"
    elif len(lost) <= _NAMED:
        told, way = f"vectors of tokens {names} hold", f"without = {lost}"
    else:
        told = f"vectors of {len(lost):,} tokens, first {names}, hold"
        way = "without = [their ids]"
    return StageError(
        f"{vectors.tensor}: the {told} a value that is not finite.",
        "The checkpoint is damaged: get it again, or leave them out of the map by "
        f"`selection = {{ {way} }}`.",
    )


def _record(near: Near, recall: dict[str, Any] | None = None) -> Neighbors:
    return Neighbors(near.rows, near.similarities, recall)
