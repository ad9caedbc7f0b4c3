"""Processes of this machine that run tasks."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from atlas.engine.interrupts import put_off
from atlas.engine.worker import Order

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

# Where a control group's quota and period stand, in microseconds: in version 2, else in version 1.
_LIMITS = (
    (Path("/sys/fs/cgroup/cpu.max"),),
    tuple(Path(f"/sys/fs/cgroup/cpu/cpu.cfs_{name}_us") for name in ("quota", "period")),
)

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")

_LOADING = 3.0  # seconds that the module takes to load, about: torch, on a slow machine

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


def cores() -> int:
    """Processors this process may use: those it may run on, or as many as a container lets it keep
    busy, if that is less."""
    there = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(there, _quota() or there)


def _quota() -> int | None:
    """Processors that the control group of this process, which a container sees as the root, has
    time for, rounded up; None without a limit, which is a quota of "max", or -1 in version 1
    (cgroups(7))."""
    for paths in _LIMITS:
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):  # none, of another system
            quota, period = " ".join(path.read_text("ascii") for path in paths).split()
            return max(ceil(int(quota) / int(period)), 1) if int(quota) > 0 else None
    return None


class Local(Executor):
    """Spawned processes, started when they are first needed, each a pool of its own.

    A single `ProcessPoolExecutor` gives up as a whole when one of its processes dies, say for want
    of memory. Here only the task of that process fails, and the next one gets a new process.
    Processes are spawned, since forking after CUDA or OpenMP threads have started is unsafe. Tasks
    on a GPU all go to one process, since each that has used it keeps some of its memory.

    Where there may be several, one of them loads the module `loads` from the beginning on: tasks
    that need it go there.
    """

    def __init__(self, jobs: int, loads: str = "") -> None:
        self._jobs = max(jobs, 1)
        self._pools: dict[ProcessPoolExecutor, list[Future[Any]]] = {}
        self._made: dict[ProcessPoolExecutor, set[str]] = {}  # keys of what each was given
        self._gpu: ProcessPoolExecutor | None = None  # the process of the tasks on a GPU
        self._early: ProcessPoolExecutor | None = None  # the process that loads a module at once
        self._loads, self._loading = loads, Future[Any]()
        self._seconds: dict[Future[Any], float] = {}  # about how long what was given takes
        self._closed = False
        if loads and self._jobs > 1:
            with put_off():
                self._early = self._hire()
                self._loading = self._early.submit(limited, 1, import_module, loads)
                self._pools[self._early].append(self._loading)
                self._seconds[self._loading] = _LOADING

    def submit(
        self, fn: Callable[_Params, _Result], /, *args: _Params.args, **kwargs: _Params.kwargs
    ) -> Future[_Result]:
        """Give a task to a process. Raises RuntimeError after shutdown."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        with put_off():
            return self._give(fn, *args, **kwargs)

    def _give(
        self, fn: Callable[_Params, _Result], /, *args: _Params.args, **kwargs: _Params.kwargs
    ) -> Future[_Result]:
        """Give a task to the process with the least to do, which may be a new one; of those with
        as many tasks to the one that ends first, of those that are idle to the one that made most
        of its inputs, and so has loaded most of the libraries that it needs. One that has used the
        GPU is given such tasks again, and one that loads what a task needs is not busy for it."""
        for pool, futures in self._pools.items():
            self._pools[pool] = [future for future in futures if not future.done()]
        self._seconds = {one: took for one, took in self._seconds.items() if not one.done()}
        order = args[0] if args and isinstance(args[0], Order) else None
        inputs = {key for key, _ in order.inputs} if order else set()
        early = self._early if order and order.loads == self._loads else None

        def busy(place: ProcessPoolExecutor) -> int:
            futures = self._pools[place]
            return len(futures) - (place is early and self._loading in futures)

        if len(self._pools) < self._jobs and all(map(busy, self._pools)):
            self._hire()

        def rank(place: ProcessPoolExecutor) -> tuple[int, bool, float, int]:
            # The GPU's own process takes other tasks last.
            seconds = sum(self._seconds.get(future, 0) for future in self._pools[place])
            return (
                busy(place),
                place is self._gpu,
                place is not early if early else seconds,
                -len(inputs & self._made[place]),
            )

        pool = min(self._pools, key=rank)
        if order and order.device != "cpu":
            pool = self._gpu = self._gpu if self._gpu in self._pools else pool
        try:
            future = pool.submit(limited, order.threads if order else 1, fn, *args, **kwargs)
        except BrokenExecutor:  # its process has died, with its last task or after it
            del self._pools[pool], self._made[pool]
            pool.shutdown(wait=False)
            return self._give(fn, *args, **kwargs)
        self._pools[pool].append(future)
        self._seconds[future] = order.seconds if order else 0.0
        if order:
            self._made[pool].add(order.key)
        return future

    def _hire(self) -> ProcessPoolExecutor:
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start_worker)
        self._pools[pool], self._made[pool] = [], set()
        return pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and let the processes end; wait for them if asked to."""
        self._closed = True
        if cancel_futures:  # everywhere, before waiting for the first
            for future in (future for futures in self._pools.values() for future in futures):
                future.cancel()
        for pool in self._pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)

    def end(self) -> None:
        """End the processes at once: what they have done is in the store, half-done work is worth
        nothing, and to take leave of large libraries takes them half a second."""
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


def _start_worker() -> None:
    """Set up a new process, before any library with threads is loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # OpenMP's threads spin while they wait for one another, which slows a layout tenfold where
    # others use the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    threading.Thread(target=die_with_parent, daemon=True).start()


def limited(
    threads: int,
    fn: Callable[_Params, _Result],
    /,
    *args: _Params.args,
    **kwargs: _Params.kwargs,
) -> _Result:
    """Call a function in this process, whose libraries get so many threads: those that are loaded
    are told, those to come read it."""
    for name in THREADS:
        os.environ[name] = str(threads)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
    if "numpy" in sys.modules:
        with contextlib.suppress(ImportError):
            from threadpoolctl import threadpool_limits

            threadpool_limits(threads)
    return fn(*args, **kwargs)


def die_with_parent() -> None:
    """End this process when its parent is gone, which a killed parent cannot ask for."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
