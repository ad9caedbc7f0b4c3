"""Exact nearest neighbors by cosine, the ground truth of every map."""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import Work, helper, stage
from atlas.errors import StageError
from atlas.maps.records import Neighbors
from atlas.numeric import neighbors as kernel
from atlas.numeric.vectors import NotFiniteError
from atlas.spaces.records import Selection, Vectors

NEIGHBORS = helper("neighbors", version=kernel.VERSION)


@stage("neighbors", version=2, weight=6, uses=(NEIGHBORS,))
def neighbors(vectors: Vectors, selection: Selection, *, k: int, work: Work = Work()) -> Neighbors:
    """The k nearest rows of each row of the selection by cosine, as numeric.neighbors finds them.
    Raises StageError if a selected vector is not finite."""
    try:
        near = kernel.neighbors(
            vectors.values,
            k,
            ids=np.asarray(selection.ids),
            device=work.device,
            threads=work.threads,
            progress=work.progress,
        )
    except NotFiniteError as problem:
        token = selection.ids[problem.row]
        raise StageError(
            f"{vectors.tensor}: the vector of token {token} holds a value that is not finite.",
            "The checkpoint is damaged, or the token should be left out of the map's selection.",
        ) from problem
    return Neighbors(near.rows, near.similarities)
