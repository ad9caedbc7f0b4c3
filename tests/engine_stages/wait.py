"""Takes `seconds`, unless the file `until` appears before, and says how far it is and that it has
begun. `n` tells one from another."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from atlas.engine.stage import Work, stage
from atlas.spaces.records import Vectors


@stage("wait", version=1)
def wait(
    *inputs: Vectors,
    seconds: float,
    n: int = 0,
    began: str = "",
    until: str = "",
    work: Work = Work(),
) -> Vectors:
    if began:
        with Path(began).open("a") as file:
            file.write(f"{os.getpid()}\n")
    begin = time.monotonic()
    while (gone := time.monotonic() - begin) < seconds and not (until and Path(until).exists()):
        work.progress(gone / seconds)
        time.sleep(0.02)
    return Vectors(np.full((1, 1), seconds, np.float32), "waited")
