"""Where tasks run: any `concurrent.futures.Executor`. Here, in this process, in processes of this
machine, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from atlas import __version__
from atlas.errors import StageError, StoreError, UsageError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from distributed import Client

_Result = TypeVar("_Result")
_PATIENCE = "10s"  # for a cluster to answer

# Every library with threads of its own reads one of these when it is loaded.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


class Workers(NamedTuple):
    """An open executor, how many tasks it should be given at once, and the threads that each of
    them may use."""

    executor: Executor
    slots: int
    threads: int


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check(spec: str) -> None:
    """Raise UsageError for an executor that does not exist."""
    if spec not in ("serial", "local") and not (spec.startswith("dask:") and len(spec) > 5):
        raise UsageError(
            f"--executor {spec}: no such executor", "Use serial, local or dask:ADDRESS."
        )


@contextmanager
def open_executor(spec: str, jobs: int, threads: int, store: Path) -> Iterator[Workers]:
    """An executor by name. Nothing starts before the block is entered; leaving it ends the workers,
    at once on an error.

    `serial`, `local` (up to `jobs` spawned processes of `threads` threads each) or `dask:ADDRESS`
    (a running cluster whose workers see the store's folder; it decides how many threads). Raises
    UsageError for another `spec`, StageError when the cluster cannot be used, StoreError when the
    store cannot be written.
    """
    check(spec)
    if spec == "serial":
        yield Workers(Serial(), 1, threads)
    elif spec == "local":
        local = Local(jobs, threads)
        try:
            yield Workers(local, jobs, threads)
        except BaseException:
            local.end()
            raise
        local.shutdown(cancel_futures=True)
    else:
        with _dask(spec.removeprefix("dask:"), store.absolute()) as workers:
            yield workers


class Serial(Executor):
    """Runs each task at once, in this process: for debugging, and for tests."""

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        future: Future[_Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001  # as every executor does; Ctrl-C goes through
            future.set_exception(problem)
        return future


class Local(Executor):
    """Spawned processes, started when they are first needed, each a pool of its own.

    A single `ProcessPoolExecutor` gives up as a whole when one of its processes dies, say for want
    of memory. Here only the task of that process fails, and the next one gets a new process.
    Processes are spawned, since forking after CUDA or OpenMP threads have started is unsafe.
    """

    def __init__(self, jobs: int, threads: int) -> None:
        self._jobs = max(jobs, 1)
        self._threads = threads
        self._pools: dict[ProcessPoolExecutor, list[Future[Any]]] = {}
        self._closed = False

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        with _uninterrupted():
            return self._give(fn, *args, **kwargs)

    def _give(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        """Give a task to the process with the least to do, which may be a new one."""
        for pool, futures in self._pools.items():
            self._pools[pool] = [future for future in futures if not future.done()]
        if len(self._pools) < self._jobs and all(self._pools.values()):
            self._hire()
        pool = min(self._pools, key=lambda one: len(self._pools[one]))
        try:
            future = pool.submit(fn, *args, **kwargs)
        except BrokenExecutor:  # its process has died, with its last task or after it
            del self._pools[pool]
            pool.shutdown(wait=False)
            return self._give(fn, *args, **kwargs)
        self._pools[pool].append(future)
        return future

    def _hire(self) -> None:
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), _start_worker, (self._threads,)
        )
        self._pools[pool] = []

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._closed = True
        if cancel_futures:  # everywhere, before waiting for the first
            for future in (future for futures in self._pools.values() for future in futures):
                future.cancel()
        for pool in self._pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)

    def end(self) -> None:
        """End the processes at once: their half-done work is worth nothing, and the store never
        shows it."""
        # Python 3.14 has `terminate_workers()` for this; before, only the private name leads to the
        # processes.
        processes = [
            process
            for pool in self._pools
            for process in (getattr(pool, "_processes", None) or {}).values()
        ]
        self.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(OSError, ValueError, AssertionError):
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(5)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C while a process starts, here and in the new process until it can say that it
    does not want it.

    The terminal interrupts children too, and Python says so with a traceback; so does a child whose
    parent was interrupted before it had said what to do.
    """
    put_off: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    # Handlers are Python's to run in the main thread, and are not for another thread to change.
    handled = before is not None and threading.current_thread() is threading.main_thread()
    masked = hasattr(signal, "pthread_sigmask")
    if masked:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # or else it starts with the first process, and lifts the mask
        mask = signal.pthread_sigmask(
            signal.SIG_BLOCK, {signal.SIGINT}
        )  # which a new process inherits
    if handled:
        signal.signal(signal.SIGINT, lambda number, _: put_off.append(number))
    try:
        yield
    finally:
        if masked:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if handled:
            signal.signal(signal.SIGINT, before)
        if put_off:
            signal.raise_signal(signal.SIGINT)


def _start_worker(threads: int) -> None:
    """Set up a new process, before any library with threads is loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for name in THREADS:
        os.environ[name] = str(threads)
    # OpenMP's threads spin while they wait for one another, which slows a layout tenfold where
    # others use the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process when its parent is gone, which a killed parent cannot ask for."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _dask(address: str, store: Path) -> Iterator[Workers]:
    try:
        from distributed import Client
    except ImportError as problem:
        raise StageError(
            "Dask is not installed.", "pip install 'atlas-embeddings[dask]'"
        ) from problem
    try:
        client = Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as problem:  # asyncio's TimeoutError is an OSError
        raise StageError(
            f"dask:{address}: cannot be reached ({problem})", "Is the scheduler running there?"
        ) from problem
    with client:
        threads = _preflight(client, address, store)
        # pure=False: a task submitted again runs again, instead of giving back its old failure.
        executor = client.get_executor(pure=False)
        try:
            # The cluster has a scheduler of its own, and may grow while it has something to do: it
            # gets all there is.
            yield Workers(executor, sys.maxsize, threads)
        except BaseException:
            executor.shutdown(
                wait=False
            )  # cancels; what runs cannot be stopped, and ends in the store
            raise
        executor.shutdown(wait=True)


def _preflight(client: Client, address: str, store: Path) -> int:
    """Check that every worker can do the work; the threads that a task may use on the smallest of
    them."""
    token = uuid.uuid4().hex
    canary = store / f"canary-{token}"
    try:
        store.mkdir(parents=True, exist_ok=True)
        canary.write_text(token)
    except OSError as problem:
        raise StoreError(
            f"{store}: cannot be written ({problem.strerror})", "Check the permissions there."
        ) from problem
    try:
        answers = client.run(_look, str(canary), on_error="return")
        slots = {
            name: worker["nthreads"]
            for name, worker in client.scheduler_info(n_workers=-1)["workers"].items()
        }
    finally:
        canary.unlink(missing_ok=True)
    if not answers:
        raise StageError(
            f"dask:{address}: the cluster has no workers", f"Start some with: dask worker {address}"
        )
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            raise StageError(
                f"The worker {worker} cannot run the atlas ({answer})",
                "Install atlas-embeddings there.",
            ) from answer
        seen, theirs, _ = answer
        if theirs != __version__:
            raise StageError(
                f"The worker {worker} runs atlas {theirs}, this is {__version__}",
                "Install the same version there.",
            )
        if seen != token:
            raise StageError(
                f"The worker {worker} does not see {store}",
                "Put the atlas on a disk that the cluster shares.",
            )
    smallest: int = min(answer[2] // slots.get(worker, 1) for worker, answer in answers.items())
    return max(1, smallest)


def _look(canary: str) -> tuple[str, str, int]:
    """On a worker: what the canary says, the version of the atlas, and the processors."""
    try:
        seen = Path(canary).read_text()
    except OSError:
        seen = ""
    return seen, __version__, cores()
