"""One task on a worker: its inputs read, its stage called, its result stored. Only strings and JSON
cross from one process to another."""

from __future__ import annotations

import pickle
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atlas.engine.record import FAULT, Storable
from atlas.engine.stage import Span, Work, record_at, stage_at
from atlas.engine.store import Store
from atlas.errors import AtlasError, StageError

POLL = 0.2  # seconds between notes of how far a task is, and between looks at them


@dataclass(frozen=True)
class Order:
    """A task as it is sent to a worker.

    root        the store's folder
    stage       address of the stage
    params      JSON values it reads
    inputs      key, and address of the class, of each record it takes
    key         the task's key
    recipe      the task's recipe, for the manifest
    memory      about how many bytes it takes
    loads       a module that its stage loads
    seconds     about how many it takes
    location, span, device, threads    as in Work
    """

    root: str
    stage: str
    key: str
    params: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)
    memory: int = 0
    loads: str = ""
    seconds: float = 0.0
    location: str = ""
    span: Span | None = None
    device: str = "cpu"
    threads: int = 1


def perform(order: Order) -> float:
    """Run one task and store its result; seconds taken, 0 if another run was faster.

    Raises AtlasError only: what else a stage raises becomes a StageError that names it. A note has
    the traceback.
    """
    store = Store(Path(order.root))
    if store.has(order.key):
        return 0.0
    begin = time.perf_counter()
    store.forget_progress(order.key)  # of a run that was killed
    try:
        record = _call(order, store)
        seconds = time.perf_counter() - begin
        store.write(order.key, record, order.recipe, seconds)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a stage may raise anything, and the others go on
        raise portable(error) from None
    finally:
        store.forget_progress(order.key)
    return seconds


def _call(order: Order, store: Store) -> Storable:
    stage = stage_at(order.stage)
    inputs = [store.read(key, record_at(record)) for key, record in order.inputs]
    params = dict(order.params)
    if stage.works:
        progress = _Progress(store, order.key)
        params["work"] = Work(order.location, order.span, order.device, order.threads, progress)
    record = stage(*inputs, **params)
    if not isinstance(record, stage.record):
        returned, wanted = type(record).__name__, stage.record.__name__
        raise StageError(f"The stage {stage.name} returned {returned}, not {wanted}", FAULT)
    return record


class _Progress:
    """Tells the store how far a task is, but not too often."""

    def __init__(self, store: Store, key: str) -> None:
        self.store, self.key, self.last = store, key, 0.0

    def __call__(self, fraction: float) -> None:
        if (now := time.monotonic()) - self.last > POLL:
            self.last = now
            self.store.note_progress(self.key, fraction)


def portable(error: BaseException) -> AtlasError:
    """An error that survives the way to another process, with its traceback as a note."""
    text = "".join(traceback.format_exception(error)).rstrip()
    if not isinstance(error, AtlasError) or not _survives(error):
        hint = (
            "It needs more memory than there is: try --jobs 1, or a smaller selection."
            if _lacks_memory(error)
            else "Run with -v for the traceback."
        )
        error = StageError(f"{type(error).__name__}: {error}".removesuffix(": "), hint)
    error.add_note(text)
    return error


def _lacks_memory(error: BaseException) -> bool:
    """Whether numpy or torch could not have what they asked for, on a GPU or off it."""
    torch_says = type(error).__name__ == "OutOfMemoryError" or "allocate memory" in str(error)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and torch_says)


def _survives(error: AtlasError) -> bool:
    """Whether any process can unpickle it. Dask teaches the processes it is loaded in to, so trying
    it here says nothing."""
    try:
        pickle.dumps(error)
        reduced: Any = error.__reduce__()
        return type(reduced[0](*reduced[1])) is type(error)
    except Exception:  # noqa: BLE001  # an __init__ of any sort
        return False
