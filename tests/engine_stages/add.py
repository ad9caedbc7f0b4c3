"""A number of numbers: the sum of the inputs and `amount`. Writes a line to `log` when it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from atlas.engine.stage import stage
from atlas.spaces.records import Vectors


@stage("add", version=1)
def add(*inputs: Vectors, amount: float, log: str = "") -> Vectors:
    if log:
        with Path(log).open("a") as file:
            file.write(f"{amount:g}\n")
    values = np.full((3, 2), amount, np.float32)
    for record in inputs:
        values = values + record.values
    return Vectors(values, "sum")
