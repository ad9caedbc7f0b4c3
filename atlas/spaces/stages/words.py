"""Words in place of tokens: a vocabulary that is given, whose vectors are the means of their
pieces."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.engine.stage import stage
from atlas.spaces.readable import script
from atlas.spaces.records import Vocabulary


@stage("words", version=1)
def words(*, words: Sequence[str]) -> Vocabulary:
    """The words as a vocabulary, in the order given."""
    return Vocabulary(
        tuple(words),
        tuple(words),
        ("word",) * len(words),
        tuple(script(word) for word in words),
        "words",
    )
