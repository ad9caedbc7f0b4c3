"""A model compared with itself: a space of its tokens beside every layer's outputs for each token
alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from atlas.engine.stage import GIB, Work, stage
from atlas.errors import StageError
from atlas.findings.comparisons.data import Layer, Layers
from atlas.findings.comparisons.stages.compare import ALIGNMENT, among, enough
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import NEIGHBORS
from atlas.models import encoder
from atlas.models.encoder import ENCODER
from atlas.numeric.alignment import cka, cka_by_chance, kept
from atlas.numeric.neighbors import neighbors
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Floats, Ints
from atlas.numeric.vectors import NotFiniteError
from atlas.spaces.records import Selection, Vectors


@stage(
    "layers",
    version=3,
    weight=40,
    uses=(ENCODER, NEIGHBORS, ALIGNMENT),
    parallel=True,
    gpu=True,
    memory=4 * GIB,
)
def layers(
    vectors: Vectors,
    selection: Selection,
    other: Selection,
    near: Neighbors,
    *,
    k: int = 15,
    seed: int = 0,
    work: Work = Work(),
) -> Layers:
    """Compare a space with layers 0 to the last over the tokens that two selections share, in one
    pass through the model.

    Raises ModelError when the model cannot be loaded, StageError when fewer than three tokens are
    shared or a layer's outputs are not finite.
    """
    ids = np.intersect1d(selection.ids, other.ids)
    own = np.array(vectors.values[ids])
    k = among(enough(len(ids)), k)
    whole = len(ids) == len(selection.ids)
    rows = np.asarray(near.rows) if whole else _searched(own, k, work)
    k = min(k, rows.shape[1])
    compared = []
    with torch_threads(work.threads):
        for number, layer in enumerate(_outputs(ids, work)):
            try:
                share = kept(rows[:, :k], _searched(layer, k, work)[:, :k])
            except NotFiniteError as problem:
                raise StageError(
                    f"Layer {number} gives values that are not finite.",
                    "Is the checkpoint complete, and one for float32?",
                ) from problem
            compared.append(
                Layer(
                    layer=number,
                    overlap=float(share.mean()),
                    chance=k / max(len(ids) - 1, 1),
                    k=k,
                    cka=cka(own, layer),
                    cka_chance=cka_by_chance(own, layer, seed),
                )
            )
    return Layers(layers=tuple(compared))


def _searched(space: Floats, k: int, work: Work) -> Ints:
    return neighbors(space, k, device=work.device, threads=work.threads).rows


def _outputs(ids: Ints, work: Work) -> Iterator[Floats]:
    """The outputs (n, d) of layer after layer for each token alone, one or more. All wait in a
    temporary file, so that one layer is in memory at a time."""
    model = encoder.load(work.location, work.device)
    numbers = list(range(model.layers + 1))
    with tempfile.TemporaryDirectory() as folder:
        outputs: Floats | None = None  # made when the width is known
        done = 0
        for batch, states in model.states([[int(token)] for token in ids], numbers):
            if outputs is None:
                outputs = np.lib.format.open_memmap(
                    str(Path(folder) / "states.npy"),
                    "w+",
                    np.float32,
                    (len(numbers), len(ids), states.shape[2]),
                )
            outputs[:, batch] = states
            done += len(batch)
            work.progress(0.5 * done / len(ids))
        if outputs is not None:
            for number in numbers:
                yield np.array(outputs[number])
                work.progress(0.5 + 0.5 * (number + 1) / len(numbers))
        del outputs  # a file that is mapped cannot be removed on Windows
