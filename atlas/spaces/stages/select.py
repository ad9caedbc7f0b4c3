"""The tokens a map shows: first or last N, an id range, kinds, scripts, a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from atlas.errors import StageError
from atlas.spaces.records import Selection, Vocabulary

VERSION = 1


def select(
    vocabulary: Vocabulary,
    *,
    first: int | None = None,
    last: int | None = None,
    ids: Sequence[int] | None = None,
    kinds: Sequence[str] | None = None,
    scripts: Sequence[str] | None = None,
    pattern: str | None = None,
) -> Selection:
    """The ids of the tokens that meet every condition given; without any, all tokens.

    `ids` is a closed range, `pattern` a regular expression searched in the readable text; `first`
    and `last` count among the tokens that the other conditions leave. Raises StageError when
    nothing is left.
    """
    found = np.arange(len(vocabulary), dtype=np.int32)
    if ids is not None:
        found = found[(found >= ids[0]) & (found <= ids[1])]
    if kinds is not None:
        found = found[np.isin(np.array(vocabulary.kinds)[found], list(kinds))]
    if scripts is not None:
        found = found[np.isin(np.array(vocabulary.scripts)[found], list(scripts))]
    if pattern is not None:
        search = re.compile(pattern).search
        found = np.array(
            [row for row in found.tolist() if search(vocabulary.texts[row])], dtype=np.int32
        )
    if first is not None:
        found = found[:first]
    if last is not None:
        found = found[-last:]
    if len(found) == 0:
        raise StageError(
            "The selection leaves no token of this vocabulary.",
            "Loosen the `selection` of this map in atlas.toml.",
        )
    return Selection(found)
