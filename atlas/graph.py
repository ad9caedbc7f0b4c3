"""Runs tasks in the order of their inputs, on any executor, each at most once for each recipe."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import time
import traceback
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from atlas.errors import AtlasError, StageError
from atlas.store import Store

_POLL = 0.2  # seconds between looks at how far the running tasks are


@dataclass(frozen=True, eq=False)
class Task:
    """One run of a stage.

    stage      a module of atlas.stages, or the dotted name of any module with a function of its last name
    params     JSON values the stage reads
    inputs     tasks whose records it takes, in order
    source     identity of the model it reads, if any
    settings   what it is told besides and its result does not depend on, such as where the model is
    label      what people call it
    weight     about how many seconds it takes; heavy tasks start first
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
            "stage": self.stage, "version": self.version, "params": dict(self.params),
            "source": self.source, "inputs": [task.key for task in self.inputs],
        }  # fmt: skip

    @cached_property
    def key(self) -> str:
        """sha256 of the recipe as canonical JSON."""
        text = json.dumps(self.recipe, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


class Report(Protocol):
    """Who wants to know how a run goes."""

    def begin(self, total: int, cached: int) -> None: ...
    def start(self, task: Task) -> None: ...
    def progress(self, task: Task, fraction: float) -> None: ...
    def finish(self, task: Task, seconds: float) -> None: ...
    def fail(self, task: Task, error: Exception) -> None: ...
    def skip(self, task: Task) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What a run did. `skipped` are the tasks that wait for a failed one."""

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


def run(
    tasks: Iterable[Task],
    store: Store,
    executor: AbstractContextManager[tuple[Executor, int]],
    *,
    report: Report,
    device: str = "cpu",
    refresh: Collection[str] = (),
) -> Outcome:
    """Run what the store does not have. A failure stops only the tasks that need its result.

    `executor` is entered only if there is something to run. `refresh` names stages to run again, or "all". Ctrl-C ends the
    workers and is raised again; the store then holds whole artifacts only.
    """
    every = order(tasks)
    for task in every:
        if task.stage in refresh or "all" in refresh:
            store.delete(task.key)
    needed = tuple(task for task in every if not store.has(task.key))
    cached = tuple(task for task in every if task not in needed)
    report.begin(len(every), len(cached))
    done: dict[Task, float] = {}
    failed: dict[Task, Exception] = {}
    skipped: list[Task] = []
    if needed:
        with executor as (pool, threads):
            _run(needed, store, pool, {"device": device, "threads": threads}, report, (done, failed, skipped))
    return Outcome(done, cached, failed, tuple(skipped))


def _run(
    needed: tuple[Task, ...], store: Store, pool: Executor, common: dict[str, Any], report: Report,
    results: tuple[dict[Task, float], dict[Task, Exception], list[Task]],
) -> None:  # fmt: skip
    done, failed, skipped = results
    waiting = {task.key: task for task in needed}
    lost: set[str] = set()
    running: dict[Future[float], Task] = {}
    while waiting or running:
        for task in sorted(waiting.values(), key=lambda one: -one.weight):
            inputs = {one.key for one in task.inputs}
            if inputs & lost:
                lost.add(task.key)
                skipped.append(task)
                report.skip(waiting.pop(task.key))
            elif not inputs & (waiting.keys() | {one.key for one in running.values()}):
                report.start(waiting.pop(task.key))
                running[_submit(pool, store, task, common)] = task
                if (quick := next(iter(running))) and len(running) == 1 and quick.done():
                    break  # a serial executor has finished already: tell so before the next
        finished = wait(running, timeout=_POLL, return_when=FIRST_COMPLETED).done
        for future in finished:
            task = running.pop(future)
            error = future.exception()
            if error is None:
                done[task] = future.result()
                report.finish(task, done[task])
            else:
                lost.add(task.key)
                failed[task] = _explain(task, error)
                report.fail(task, failed[task])
            store.forget_progress(task.key)
        for task in running.values():
            if (fraction := store.progress(task.key)) is not None:
                report.progress(task, fraction)


def _submit(pool: Executor, store: Store, task: Task, common: dict[str, Any]) -> Future[float]:
    settings = {**common, **task.settings}
    inputs = [one.key for one in task.inputs]
    try:
        return pool.submit(perform, str(store.root), task.stage, dict(task.params), settings, inputs, task.key, task.recipe)
    except BrokenProcessPool as problem:
        broken: Future[float] = Future()
        broken.set_exception(problem)
        return broken


def _explain(task: Task, error: BaseException) -> Exception:
    if isinstance(error, AtlasError):
        error.add_note(f"in {task.label or task.stage}")
        return error
    if isinstance(error, BrokenProcessPool):
        hint = "Most often the machine ran out of memory: try --jobs 1, or a smaller selection. What is done is kept."
        return StageError(f"{task.label or task.stage}: its worker process ended abruptly", hint)
    wrapped = StageError(f"{task.label or task.stage}: {type(error).__name__}: {error}", "Run with -v for the traceback.")
    wrapped.add_note("".join(traceback.format_exception(error)))
    return wrapped


def perform(
    root: str, stage: str, params: dict[str, Any], settings: dict[str, Any], inputs: list[str], key: str, recipe: dict[str, Any]
) -> float:
    """Run one task on a worker and store its result; seconds taken. Only strings and JSON cross the wire."""
    store = Store(Path(root))
    if store.has(key):
        return 0.0
    begin = time.perf_counter()
    module = importlib.import_module(stage if "." in stage else f"atlas.stages.{stage}")
    function = getattr(module, stage.rpartition(".")[2])
    declared = inspect.signature(function).parameters
    last = [0.0]

    def progress(fraction: float) -> None:
        now = time.monotonic()
        if now - last[0] > _POLL:
            last[0] = now
            store.note_progress(key, fraction)

    extras = {name: value for name, value in {**settings, "progress": progress}.items() if name in declared}
    record = function(*(store.read(one) for one in inputs), **params, **extras)
    seconds = time.perf_counter() - begin
    store.write(key, record, recipe, seconds)
    return seconds
