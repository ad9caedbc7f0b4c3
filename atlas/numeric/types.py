"""Types of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


Ints = npt.NDArray[np.int32]


Bytes = npt.NDArray[np.uint8]

Array = npt.NDArray[Any]
