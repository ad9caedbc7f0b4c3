"""The tokens a map shows: first or last N, an id range, kinds, scripts, a pattern."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atlas.engine.stage import stage
from atlas.errors import StageError
from atlas.spaces.patterns import found
from atlas.spaces.records import Selection, Vocabulary


@stage("select", version=1, weight=0.1)
def select(
    vocabulary: Vocabulary,
    *,
    first: int | None = None,
    last: int | None = None,
    ids: Sequence[int] | None = None,
    kinds: Sequence[str] | None = None,
    scripts: Sequence[str] | None = None,
    pattern: str | None = None,
    without: Sequence[int] = (),
) -> Selection:
    """The ids of the tokens that meet every condition given; without any, all tokens.

    `ids` is a closed range, `pattern` a regular expression searched in the readable text, `without`
    ids to leave out; `first` and `last` count among the tokens that the other conditions leave.
    Raises StageError when nothing is left, and for a pattern that takes too long.
    """
    rows = np.arange(len(vocabulary), dtype=np.int32)
    if ids is not None:
        rows = rows[ids[0] : ids[1] + 1]
    if kinds is not None:
        rows = rows[np.isin(np.array(vocabulary.kinds)[rows], list(kinds))]
    if scripts is not None:
        rows = rows[np.isin(np.array(vocabulary.scripts)[rows], list(scripts))]
    if pattern is not None:
        rows = rows[found(pattern, [vocabulary.texts[row] for row in rows.tolist()])]
    rows = rows[~np.isin(rows, list(without))]
    if first is not None:
        rows = rows[:first]
    if last is not None:
        rows = rows[-last:]
    if len(rows) == 0:
        raise StageError(
            "The selection leaves no token of this vocabulary.",
            "Loosen the `selection` of this map in atlas.toml.",
        )
    return Selection(rows)
