"""Where tasks run: any `concurrent.futures.Executor`. Here, in processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from atlas import __version__
from atlas.errors import StageError, UsageError

_Result = TypeVar("_Result")

# Every library with threads of its own reads one of these when it is loaded.
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


class Serial(Executor):
    """Runs each task at once, in this process: for debugging, and for tests."""

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        future: Future[_Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001  # an executor keeps whatever its task raised, for the caller
            future.set_exception(problem)
        return future


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check(spec: str) -> None:
    """Raise UsageError for an executor that does not exist."""
    if spec not in ("serial", "local") and not (spec.startswith("dask:") and len(spec) > 5):
        raise UsageError(f"--executor {spec}: no such executor", "Use serial, local or dask:ADDRESS.")


@contextmanager
def open_executor(spec: str, jobs: int, threads: int, store: Path) -> Iterator[tuple[Executor, int]]:
    """An executor, and how many threads each of its workers may use. Leaving the block ends the workers.

    `serial`, `local` (`jobs` spawned processes of `threads` threads each) or `dask:ADDRESS` (a running cluster whose workers see
    the store's folder). Raises UsageError for another `spec`, StageError when the cluster cannot be used.
    """
    check(spec)
    if spec == "serial":
        yield Serial(), threads
    elif spec == "local":
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker, (threads, os.getpid()))
        try:
            yield pool, threads
        except BaseException:
            _end(pool)
            raise
        pool.shutdown(cancel_futures=True)
    else:
        with _dask(spec.removeprefix("dask:"), store) as executor:
            yield executor, 1


def _start_worker(threads: int, parent: int) -> None:
    for name in _THREADS:
        os.environ[name] = str(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(threads)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _die_with(parent: int) -> None:
    """End this worker when its parent is gone, which a killed parent cannot ask for."""
    pause = threading.Event()
    while not pause.wait(0.5):
        if os.getppid() != parent:
            os._exit(1)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers at once: their half-done work is worth nothing, and the store never shows it."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with contextlib.suppress(OSError, ValueError):
            process.terminate()
    for process in processes:
        with contextlib.suppress(OSError, ValueError, AssertionError):
            process.join(5)


@contextmanager
def _dask(address: str, store: Path) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError as problem:
        raise StageError("Dask is not installed.", "pip install 'atlas-embeddings[dask]'") from problem
    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as problem:
        raise StageError(f"dask:{address}: cannot be reached ({problem})", "Is the scheduler running?") from problem
    with client:
        store.mkdir(parents=True, exist_ok=True)
        canary = store / "canary"
        canary.write_text(__version__)
        for worker, (seen, theirs) in client.run(_preflight, str(canary)).items():
            if not seen:
                raise StageError(f"The worker {worker} does not see {store}", "Put the atlas on a disk that the cluster shares.")
            if theirs != __version__:
                raise StageError(f"The worker {worker} runs atlas {theirs}, this is {__version__}", "Install the same version there.")
        # pure=False: a task submitted again runs again, instead of giving back its old failure.
        with client.get_executor(pure=False) as executor:
            yield executor


def _preflight(canary: str) -> tuple[bool, str]:
    return Path(canary).is_file(), __version__
