"""Contextual spaces without a corpus: each token alone, between the special tokens its model
expects, through the layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atlas.engine.stage import GIB, Work, stage
from atlas.errors import StageError
from atlas.models import encoder
from atlas.models.encoder import ENCODER
from atlas.models.spelling import SPELLING, spelled
from atlas.numeric.threads import torch_threads
from atlas.spaces.records import Vectors


@stage(
    "contextual",
    version=2,
    weight=30,
    uses=(ENCODER, SPELLING),
    parallel=True,
    gpu=True,
    memory=4 * GIB,
)
def contextual(
    *, layer: int = -1, words: Sequence[str] | None = None, work: Work = Work()
) -> Vectors:
    """The output of a layer at each token's own position, (v, d) float32 with row i for token id i;
    of `words` row i is the mean over the pieces of word i.

    `layer` is an index of `hidden_states`: 0 is what enters the first layer, -1 the last. Raises
    ModelError when the model cannot be loaded, StageError when it has no such layer, its outputs
    are not finite, or it cannot read a word.
    """
    with torch_threads(work.threads):
        model = encoder.load(work.location, work.device, layer)
        number = model.layer(layer)
        texts = (
            [[token] for token in range(model.rows)]
            if words is None
            else [list(ids) for ids in spelled(model, words)]
        )
        values = None
        done = 0
        for rows, (states,) in model.states(texts, [number]):
            if values is None:
                values = np.empty((len(texts), states.shape[1]), np.float32)
            ends = np.cumsum([0, *(len(texts[row]) for row in rows)])
            values[rows] = np.add.reduceat(states, ends[:-1], axis=0) / np.diff(ends)[:, None]
            done += len(rows)
            work.progress(done / len(texts))
    if values is None or not np.isfinite(values).all():
        raise StageError(
            f"Layer {number} gives values that are not finite.",
            "Is the checkpoint complete, and one for float32?",
        )
    return Vectors(values, f"hidden_states[{number}] of {model.layers}, {model.around}")
