"""Averages over a corpus: what its chunks added up, divided by how often each token was seen."""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import stage
from atlas.errors import StageError
from atlas.spaces.records import Averages, Sums, Vocabulary


@stage("average", version=1)
def average(vocabulary: Vocabulary, *chunks: Sums) -> Averages:
    """The mean of each token's outputs over all chunks; a token that was never seen has a zero
    vector and the count 0.

    Chunks are added in the order given, so that the result is the same however they were computed.
    Raises StageError when nothing was seen at all.
    """
    width = max((chunk.sums.shape[1] for chunk in chunks if len(chunk.ids)), default=0)
    if not width:
        raise StageError(
            "No token of this vocabulary is in the corpus.",
            "Is `corpus.path` right, and is it in the model's language?",
        )
    sums, counts = np.zeros((len(vocabulary), width)), np.zeros(len(vocabulary), np.int64)
    figures = {"texts": 0, "tokens": 0, "cut": 0}
    for chunk in chunks:
        if len(chunk.ids):
            sums[chunk.ids] += chunk.sums
            counts[chunk.ids] += chunk.counts
        figures = {name: value + chunk.figures[name] for name, value in figures.items()}
    values = np.asarray(sums / np.maximum(counts, 1)[:, None], np.float32)
    return Averages(
        values, f"{chunks[0].figures['tensor']}, averaged over occurrences", counts, figures
    )
