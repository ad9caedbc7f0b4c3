"""A model compared with itself: a space of its tokens beside every layer's outputs for each token
alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from atlas.findings.comparisons.records import Layers
from atlas.findings.comparisons.stages.compare import alike, among, enough, kept
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import neighbors
from atlas.models import encoder
from atlas.spaces.records import Selection, Vectors

VERSION = 2


def layers(
    vectors: Vectors,
    selection: Selection,
    other: Selection,
    near: Neighbors,
    *,
    location: str,
    k: int = 15,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Layers:
    """Compare a space with layers 0 to the last over the tokens that two selections share, in one
    pass through the model.

    The layers' outputs wait in a temporary file, so that one layer is in memory at a time. Raises
    ModelError when the model cannot be loaded, StageError when fewer than three tokens are shared.
    """
    import torch

    ids = np.intersect1d(selection.ids, other.ids)
    own = np.array(vectors.values[ids])
    k = among(enough(len(ids)), k)
    if len(ids) == len(selection.ids):
        rows = np.asarray(near.rows)
    else:
        rows = neighbors(Vectors(own, ""), _all(len(ids)), k=k, device=device, threads=threads).rows
    k = min(k, rows.shape[1])
    before = torch.get_num_threads()
    torch.set_num_threads(max(threads, 1))
    entries = []
    try:
        model = encoder.load(location, device)
        numbers = list(range(model.layers + 1))
        with tempfile.TemporaryDirectory() as folder:
            outputs: Any = None  # made when the width is known
            done = 0
            for some, states in model.states([[int(token)] for token in ids], numbers):
                if outputs is None:
                    shape = (len(numbers), len(ids), states.shape[2])
                    outputs = np.lib.format.open_memmap(
                        Path(folder) / "states.npy", "w+", np.float32, shape
                    )
                outputs[:, some] = states
                done += len(some)
                progress(0.5 * done / len(ids))
            for number in numbers if outputs is not None else ():
                layer = np.array(outputs[number])
                found = neighbors(
                    Vectors(layer, ""), _all(len(ids)), k=k, device=device, threads=threads
                )
                share = kept(rows[:, :k], found.rows[:, :k])
                figures = {
                    "layer": number,
                    "overlap": float(share.mean()),
                    "chance": k / max(len(ids) - 1, 1),
                    "k": k,
                }
                entries.append(figures | alike(own, layer, seed))
                progress(0.5 + 0.5 * (number + 1) / len(numbers))
            del outputs
    finally:
        torch.set_num_threads(before)
    return Layers(tuple(entries))


def _all(count: int) -> Selection:
    return Selection(np.arange(count, dtype=np.int32))
