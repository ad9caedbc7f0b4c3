"""The stage of a toy."""

from __future__ import annotations

from collections import Counter

from atlas.engine.stage import stage
from atlas.spaces.records import Vocabulary
from toys.data import Letters


@stage("toys", version=1)
def toys(vocabulary: Vocabulary, *, most: int) -> Letters:
    """Count the first letters of words."""
    rows = zip(vocabulary.texts, vocabulary.kinds, strict=True)
    counts = Counter(text[0] for text, kind in rows if kind == "word" and text)
    return Letters(letters=dict(counts.most_common(most)))
