"""Where tasks run: any `concurrent.futures.Executor`. Here, in this process, in processes of this
machine, or on a Dask cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from atlas.engine import dask
from atlas.engine.local import Local, cores
from atlas.errors import UsageError

__all__ = ["Serial", "Workers", "check", "cores", "open_executor"]

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


class Workers(NamedTuple):
    """An open executor, how many tasks it should be given at once, the most threads that each of
    them may use, and the cores that they share; None where that is not ours to say."""

    executor: Executor
    slots: int
    threads: int
    cores: int | None = None


def check(spec: str) -> None:
    """Raise UsageError for an executor that does not exist."""
    if spec not in ("serial", "local") and not (spec.startswith("dask:") and len(spec) > 5):
        raise UsageError(
            f"--executor {spec}: no such executor", "Use serial, local or dask:ADDRESS."
        )


@contextmanager
def open_executor(
    spec: str,
    jobs: int,
    threads: int,
    store: Path,
    needs: Collection[dask.Need] = (),
    loads: str = "",
) -> Iterator[Workers]:
    """An executor by name. Nothing starts before the block is entered; leaving it ends the workers,
    those of this machine at once.

    `serial`, `local` (up to `jobs` spawned processes, which share `threads` cores, or one each, and
    of which one loads the module `loads` at once) or `dask:ADDRESS` (a running cluster whose
    workers see the store's folder; it decides how many threads, and its workers offer what the
    stages in `needs` need). Raises UsageError for another `spec`, StageError when the cluster
    cannot be used, StoreError when the store cannot be written.
    """
    check(spec)
    if spec == "serial":
        yield Workers(Serial(), 1, threads)
    elif spec == "local":
        local = Local(jobs, loads)
        try:
            yield Workers(local, jobs, threads, max(jobs, threads))
        finally:
            local.end()
    else:
        address = spec.removeprefix("dask:")
        with dask.connected(address, store.absolute(), needs) as (executor, allowed):
            # The cluster has a scheduler of its own, and may grow while it has something to do: it
            # gets all there is.
            yield Workers(executor, sys.maxsize, allowed)


class Serial(Executor):
    """Runs each task at once, in this process: for debugging, and for tests."""

    def submit(
        self, fn: Callable[_Params, _Result], /, *args: _Params.args, **kwargs: _Params.kwargs
    ) -> Future[_Result]:
        """Run a function now; a future that is done."""
        future: Future[_Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001  # as every executor does; Ctrl-C goes through
            future.set_exception(problem)
        return future
