"""Runs tasks in the order of their inputs, on any executor, each at most once for each recipe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Protocol

from atlas.engine.executors import Workers
from atlas.engine.interrupts import heard
from atlas.engine.shares import Shares
from atlas.engine.stage import address
from atlas.engine.store import Store
from atlas.engine.task import Task, missing, order
from atlas.engine.worker import POLL, Order, perform, portable
from atlas.errors import AtlasError, StageError, StoreError


class Report(Protocol):
    """Receives a run's progress. Each task ends in exactly one of finish, fail or skip; cached ones
    are only counted."""

    def begin(self, total: int, cached: int) -> None:
        """So many tasks are wanted, of which so many are in the store."""

    def start(self, task: Task) -> None:
        """A task was handed to a worker."""

    def progress(self, task: Task, fraction: float) -> None:
        """A running task is so far, 0..1."""

    def finish(self, task: Task, seconds: float) -> None:
        """A task's result is in the store; 0 seconds where another run made it."""

    def fail(self, task: Task, error: Exception) -> None:
        """A task failed."""

    def skip(self, task: Task) -> None:
        """A task cannot run, since one before it failed."""


@dataclass(frozen=True)
class Outcome:
    """What a run did: seconds of the tasks it ran, what was there, what failed and why, and what
    waits for a failed one."""

    done: dict[Task, float]
    cached: tuple[Task, ...]
    failed: dict[Task, Exception]
    skipped: tuple[Task, ...]


def run(
    tasks: Iterable[Task],
    store: Store,
    executor: AbstractContextManager[Workers],
    *,
    report: Report,
    device: str = "cpu",
    refresh: Collection[str] = (),
    idle: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run what is missing. A failure stops only the tasks that need its result, and is told in the
    outcome.

    `idle` is called once, when tasks run and a core has nothing to do for the first time.
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
    try:
        with heard(), executor as workers:
            for task in needed if refresh else ():
                store.delete(task.key)
            return _Run(needed, store, workers, device, report).all(outcome, idle)
    finally:
        for task in needed:
            store.forget_progress(task.key)


class _Run:
    """Hands out tasks as their inputs become ready, those at the head of the longest chain
    first."""

    def __init__(
        self, needed: tuple[Task, ...], store: Store, workers: Workers, device: str, report: Report
    ) -> None:
        self.store, self.workers, self.report, self.device = store, workers, report, device
        self.place = {task: number for number, task in enumerate(needed)}
        self.lacks = {
            task: {before for before in task.inputs if before in self.place} for task in needed
        }
        self.users: dict[Task, list[Task]] = {task: [] for task in needed}
        chains: dict[Task, float] = {}  # seconds of a task and of the longest way on from it
        for task in reversed(needed):
            chains[task] = task.weight + max(
                (chains[user] for user in self.users[task]), default=0.0
            )
            for before in self.lacks[task]:
                self.users[before].append(task)
        self.shares = Shares(workers, self.users, chains, device)
        self.running: dict[Future[float], Task] = {}
        self.skipped: dict[Task, None] = {}

    def all(self, outcome: Outcome, idle: Callable[[], None]) -> Outcome:
        """Run every task; the outcome so far is completed. `idle` is called once, at most."""
        told = False
        for task, lacks in self.lacks.items():
            if not lacks:
                self._queue(task)
        while self.shares.waiting or self.running:
            while started := self.shares.start():
                task = started[0]
                self.report.start(task)
                future = self._submit(*started)
                if future.done():  # in this process
                    self._settle(task, future, outcome)
                else:
                    self.running[future] = task
            if self.running and self.shares.free and not told:
                told = True
                idle()
            for future in wait(self.running, timeout=POLL, return_when=FIRST_COMPLETED).done:
                self._settle(self.running.pop(future), future, outcome)
            for task in self.running.values():
                if (fraction := self.store.progress(task.key)) is not None:
                    self.report.progress(task, fraction)
        return Outcome(outcome.done, outcome.cached, outcome.failed, tuple(self.skipped))

    def _queue(self, task: Task) -> None:
        """Its inputs are there."""
        seconds = task.weight
        if task.of.grows:
            with suppress(StoreError):  # of a damaged input the task itself tells
                seconds = task.of.grows(*(self.store.size(before.key) for before in task.inputs))
        self.shares.queue(self.place[task], task, seconds)

    def _submit(self, task: Task, threads: int) -> Future[float]:
        order = Order(
            root=str(self.store.root),
            stage=address(task.of),
            key=task.key,
            params=dict(task.params),
            inputs=tuple((before.key, address(before.of.record)) for before in task.inputs),
            recipe=task.recipe,
            memory=task.of.memory,
            loads=task.of.loads,
            seconds=self.shares.seconds[task],
            location=task.location,
            span=task.span,
            device=self.device if self.shares.on_gpu(task) else "cpu",
            threads=threads,
        )
        return self.workers.executor.submit(perform, order)

    def _settle(self, task: Task, future: Future[float], outcome: Outcome) -> None:
        self.shares.end(task)
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
                self.shares.end(user)
                self.report.skip(user)
                self._skip_users(user)


def _explain(task: Task, error: BaseException) -> Exception:
    """The error as it is told: it begins with the task's label, and a note has the worker's
    traceback."""
    if (
        isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
    ):  # the latter is Dask's
        hint = (
            "Most often the machine ran out of memory: try --jobs 1, or a smaller selection. "
            "What is done is kept."
        )
        error = StageError("its worker process ended abruptly", hint)
    elif not isinstance(error, AtlasError):  # from the executor, since perform() raises no other
        error = portable(error)
    error.message = f"{task.label or task.stage}: {error.message}"
    error.args = (error.message, *error.args[1:])
    error.__cause__, error.__suppress_context__ = None, True  # the note has it
    return error.with_traceback(None)
