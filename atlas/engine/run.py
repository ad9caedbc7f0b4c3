"""Runs tasks in the order of their inputs, on any executor, each at most once for each recipe."""

from __future__ import annotations

import hashlib
import heapq
import importlib
import importlib.util
import inspect
import json
import pickle
import time
import traceback
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from atlas.engine.executors import Workers
from atlas.engine.record import Record
from atlas.engine.store import Store
from atlas.errors import AtlasError, StageError

PACKAGES = (
    "atlas.spaces.stages",
    "atlas.maps.stages",
    "atlas.findings.comparisons.stages",
    "atlas.findings.senses.stages",
    "atlas.findings.inputs_embeds.stages",
)
_POLL = 0.2  # seconds between looks at how far the running tasks are


@dataclass(frozen=True, eq=False)
class Task:
    """One run of a stage. Tasks with the same key are equal.

    stage      a module of atlas.stages, or the dotted name of any module with a function of its
               last name
    version    the stage's VERSION
    params     JSON values the stage reads
    inputs     tasks whose records it takes, in order
    source     identity of the model it reads, if any
    settings   what it is told besides and its result does not depend on, such as where the model is
    label      what people call it
    weight     about how many seconds it takes; what takes longest, with all that follows, starts
               first
    """

    stage: str
    version: int
    params: Mapping[str, Any]
    inputs: tuple[Task, ...] = ()
    source: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    weight: float = 1.0

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """All that the result follows from."""
        return {
            "stage": self.stage,
            "version": self.version,
            "params": dict(self.params),
            "source": self.source,
            "inputs": [task.key for task in self.inputs],
        }

    @cached_property
    def key(self) -> str:
        """sha256 of the recipe as canonical JSON."""
        text = json.dumps(self.recipe, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


class Report(Protocol):
    """Who wants to know how a run goes. Every task is told of once: finished, failed or skipped;
    cached ones are only counted."""

    def begin(self, total: int, cached: int) -> None: ...
    def start(self, task: Task) -> None: ...
    def progress(self, task: Task, fraction: float) -> None: ...
    def finish(self, task: Task, seconds: float) -> None: ...
    def fail(self, task: Task, error: Exception) -> None: ...
    def skip(self, task: Task) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What a run did: seconds of the tasks it ran, what was there, what failed and why, and what
    waits for a failed one."""

    done: dict[Task, float]
    cached: tuple[Task, ...]
    failed: dict[Task, Exception]
    skipped: tuple[Task, ...]


def order(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Every task once by key, inputs before their users."""
    found: dict[str, Task] = {}

    def visit(task: Task) -> None:
        if task.key not in found:
            for one in task.inputs:
                visit(one)
            found[task.key] = task

    for task in tasks:
        visit(task)
    return tuple(found.values())


def missing(tasks: Iterable[Task], store: Store, refresh: Collection[str] = ()) -> tuple[Task, ...]:
    """The tasks a run would run, inputs first: those the store does not have, and the stages to
    `refresh` (or "all").

    A refreshed result may differ from the one before, so all that follows from it runs again too.
    """
    every = order(tasks)
    again: set[Task] = set()
    for task in every:
        if task.stage in refresh or "all" in refresh or not again.isdisjoint(task.inputs):
            again.add(task)
    return tuple(task for task in every if task in again or not store.has(task.key))


def run(
    tasks: Iterable[Task],
    store: Store,
    executor: AbstractContextManager[Workers],
    *,
    report: Report,
    device: str = "cpu",
    refresh: Collection[str] = (),
) -> Outcome:
    """Run what is missing. A failure stops only the tasks that need its result, and is told in the
    outcome.

    `executor` is entered only if there is something to run. Raises StoreError when an artifact to
    refresh cannot be removed, and what entering the executor raises. Ctrl-C ends the workers and is
    raised again; the store then holds whole artifacts only, so that the next run goes on from
    there.
    """
    every = order(tasks)
    needed = missing(every, store, refresh)
    there = set(every).difference(needed)
    outcome = Outcome({}, tuple(task for task in every if task in there), {}, ())
    report.begin(len(every), len(there))
    if not needed:
        return outcome
    if refresh:
        for task in needed:
            store.delete(task.key)
    try:
        with executor as workers:
            return _Run(needed, store, workers, device, report).all(outcome)
    finally:
        for task in needed:
            store.forget_progress(task.key)


class _Run:
    """Hands out tasks as their inputs become ready, those at the head of the longest chain
    first."""

    def __init__(
        self, needed: tuple[Task, ...], store: Store, workers: Workers, device: str, report: Report
    ) -> None:
        self.store, self.workers, self.report = store, workers, report
        self.common = {"device": device, "threads": workers.threads}
        self.place = {task: number for number, task in enumerate(needed)}
        self.lacks = {task: {one for one in task.inputs if one in self.place} for task in needed}
        self.users: dict[Task, list[Task]] = {task: [] for task in needed}
        self.chain: dict[Task, float] = {}  # seconds of a task and of the longest way on from it
        for task in reversed(needed):
            self.chain[task] = task.weight + max(
                (self.chain[user] for user in self.users[task]), default=0.0
            )
            for one in self.lacks[task]:
                self.users[one].append(task)
        self.ready: list[tuple[float, int, Task]] = []
        self.running: dict[Future[float], Task] = {}
        self.skipped: dict[Task, None] = {}

    def all(self, outcome: Outcome) -> Outcome:
        for task, lacks in self.lacks.items():
            if not lacks:
                self._queue(task)
        while self.ready or self.running:
            while self.ready and len(self.running) < self.workers.slots:
                task = heapq.heappop(self.ready)[-1]
                self.report.start(task)
                future = self._submit(task)
                if future.done():  # in this process
                    self._settle(task, future, outcome)
                else:
                    self.running[future] = task
            for future in wait(self.running, timeout=_POLL, return_when=FIRST_COMPLETED).done:
                self._settle(self.running.pop(future), future, outcome)
            for task in self.running.values():
                if (fraction := self.store.progress(task.key)) is not None:
                    self.report.progress(task, fraction)
        return Outcome(outcome.done, outcome.cached, outcome.failed, tuple(self.skipped))

    def _queue(self, task: Task) -> None:
        heapq.heappush(self.ready, (-self.chain[task], self.place[task], task))

    def _submit(self, task: Task) -> Future[float]:
        settings = {**self.common, **task.settings}
        inputs = [one.key for one in task.inputs]
        return self.workers.executor.submit(
            perform,
            str(self.store.root),
            task.stage,
            dict(task.params),
            settings,
            inputs,
            task.key,
            task.recipe,
        )

    def _settle(self, task: Task, future: Future[float], outcome: Outcome) -> None:
        error = StageError("the executor gave it up") if future.cancelled() else future.exception()
        if error is not None:
            outcome.failed[task] = _explain(task, error)
            self.report.fail(task, outcome.failed[task])
            self._skip_users(task)
            return
        outcome.done[task] = future.result()
        self.report.finish(task, outcome.done[task])
        for user in self.users[task]:
            self.lacks[user].remove(task)
            if not self.lacks[user]:
                self._queue(user)

    def _skip_users(self, task: Task) -> None:
        for user in self.users[task]:
            if user not in self.skipped:
                self.skipped[user] = None
                self.report.skip(user)
                self._skip_users(user)


def _explain(task: Task, error: BaseException) -> Exception:
    """The error as it is told: it begins with the task's label, and a note has the worker's
    traceback."""
    if (
        isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
    ):  # the latter is Dask's
        hint = "Most often the machine ran out of memory: try --jobs 1, or a smaller selection. What is done is kept."
        error = StageError("its worker process ended abruptly", hint)
    elif not isinstance(error, AtlasError):  # from the executor, since perform() raises no other
        error = _portable(error)
    error.message = f"{task.label or task.stage}: {error.message}"
    error.args = (error.message, *error.args[1:])
    error.__cause__, error.__suppress_context__ = None, True  # the note has it
    return error.with_traceback(None)


def perform(
    root: str,
    stage: str,
    params: dict[str, Any],
    settings: dict[str, Any],
    inputs: list[str],
    key: str,
    recipe: dict[str, Any],
) -> float:
    """Run one task on a worker and store its result; seconds taken, 0 if another run was faster.
    Only strings and JSON cross.

    Raises AtlasError only: what else a stage raises becomes a StageError that names it. A note has
    the traceback.
    """
    store = Store(Path(root))
    if store.has(key):
        return 0.0
    begin = time.perf_counter()
    store.forget_progress(key)  # of a run that was killed
    try:
        record = _call(
            stage,
            [store.read(one) for one in inputs],
            params,
            {**settings, "progress": _Progress(store, key)},
        )
        seconds = time.perf_counter() - begin
        store.write(key, record, recipe, seconds)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a stage may raise anything, and the others go on
        raise _portable(error) from None
    finally:
        store.forget_progress(key)
    return seconds


def _call(
    stage: str, inputs: list[Record], params: dict[str, Any], extras: dict[str, Any]
) -> Record:
    """Call a stage with those of the extras that it declares."""
    module = _module(stage)
    function = getattr(module, stage.rpartition(".")[2])
    declared = inspect.signature(function).parameters
    record = function(
        *inputs, **{name: value for name, value in extras.items() if name in declared} | params
    )
    if not isinstance(record, Record):
        raise StageError(
            f"The stage {stage} returned {type(record).__name__}, which is no record",
            "This is a fault in the stage.",
        )
    return record


def _module(stage: str) -> ModuleType:
    """The module of a stage: named in full, or found in the packages of stages."""
    if "." in stage:
        return importlib.import_module(stage)
    for package in PACKAGES:
        if importlib.util.find_spec(f"{package}.{stage}"):
            return importlib.import_module(f"{package}.{stage}")
    raise ModuleNotFoundError(f"No stage named {stage!r}")


class _Progress:
    """Tells the store how far a task is, but not too often."""

    def __init__(self, store: Store, key: str) -> None:
        self.store, self.key, self.last = store, key, 0.0

    def __call__(self, fraction: float) -> None:
        if (now := time.monotonic()) - self.last > _POLL:
            self.last = now
            self.store.note_progress(self.key, fraction)


def _portable(error: BaseException) -> AtlasError:
    """An error that survives the way to another process, with its traceback as a note."""
    text = "".join(traceback.format_exception(error)).rstrip()
    if not isinstance(error, AtlasError) or not _survives(error):
        hint = (
            "It needs more memory than there is."
            if isinstance(error, MemoryError)
            else "Run with -v for the traceback."
        )
        error = StageError(f"{type(error).__name__}: {error}".removesuffix(": "), hint)
    error.add_note(text)
    return error


def _survives(error: AtlasError) -> bool:
    """Whether any process can unpickle it. Dask teaches the processes it is loaded in to, so trying
    it here says nothing."""
    try:
        pickle.dumps(error)
        reduced: Any = error.__reduce__()
        return type(reduced[0](*reduced[1])) is type(error)
    except Exception:  # noqa: BLE001  # an __init__ of any sort
        return False
