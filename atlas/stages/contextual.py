"""Contextual spaces without a corpus: each token alone, between the special tokens its model expects, through the layers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from atlas.data import Vectors
from atlas.errors import StageError
from atlas.stages import encoder

VERSION = 1


def contextual(
    *, location: str, layer: int = -1, device: str = "cpu", threads: int = 1, progress: Callable[[float], None] = lambda _: None
) -> Vectors:
    """The output of a layer at each token's own position, (v, d) float32 with row i for token id i.

    `layer` is an index of `hidden_states`: 0 is what enters the first layer, -1 the last. Raises ModelError when the model cannot
    be loaded, StageError when it has no such layer or its outputs are not finite.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(threads, 1))
    try:
        found = encoder.load(location, device, max(layer, 1) if layer >= 0 else None)
        number = found.layer(layer)
        values = None
        done = 0
        for rows, (states,) in found.states([[token] for token in range(found.rows)], [number]):
            if values is None:
                values = np.empty((found.rows, states.shape[1]), np.float32)
            values[rows] = states
            done += len(rows)
            progress(done / found.rows)
    finally:
        torch.set_num_threads(before)
    if values is None or not np.isfinite(values).all():
        raise StageError(f"Layer {number} gives values that are not finite.", "Is the checkpoint complete, and one for float32?")
    return Vectors(values, f"hidden_states[{number}] of {found.layers}, {found.around}")
