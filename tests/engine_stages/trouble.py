"""Fails, in every way there is."""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from atlas.engine.record import Record
from atlas.engine.stage import stage
from atlas.errors import ModelError, StageError
from atlas.spaces.records import Vectors


class Awkward(Exception):
    """Cannot be unpickled: its argument is keyword-only."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"awkward {what}")


class AwkwardStageError(StageError):
    """The same, of our own family."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"awkward {what}")


class Homemade(Record):
    """No dataclass."""


@stage("trouble", version=1)
def trouble(*inputs: Record, how: str, after: float = 0.0) -> Record:
    time.sleep(after)
    if how == "value":
        raise ValueError("bad value")
    if how == "awkward":
        raise Awkward(what="thing")
    if how == "awkward-stage":
        raise AwkwardStageError(what="thing")
    if how == "ours":
        raise ModelError("model is bad", "Mend it.")
    if how == "memory":
        raise MemoryError
    if how == "tensor memory":
        import torch

        torch.empty(2**55)
    if how == "leave":
        sys.exit("leaving")
    if how == "die":
        os._exit(7)
    if how == "nothing":
        return None  # type: ignore[return-value]
    if how == "homemade":
        return Homemade()
    if how == "nan":
        return Vectors(np.zeros((1, 1), np.float32), float("nan"))  # type: ignore[arg-type]
    raise AssertionError(how)
