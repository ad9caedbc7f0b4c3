"""Of a selection the tokens that a corpus has shown often enough."""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import stage
from atlas.errors import StageError
from atlas.spaces.records import Averages, Selection


@stage("seen", version=1, weight=0.1)
def seen(selection: Selection, averages: Averages, *, least: int = 1) -> Selection:
    """The selected tokens that were seen `least` times or more. Raises StageError when fewer than
    three are left."""
    ids = np.asarray(selection.ids)
    kept = ids[np.asarray(averages.counts)[ids] >= least]
    if len(kept) < 3:
        hint = "Take a larger corpus, or a smaller `corpus.least`."
        raise StageError(
            f"{len(kept)} of {len(ids)} selected tokens were seen {least} times or more "
            "in the corpus.",
            hint,
        )
    return Selection(kept)
