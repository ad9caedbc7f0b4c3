"""Work split over forks of this process, which share what it has read."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, TypeVar, cast

from atlas.engine.local import die_with_parent
from atlas.errors import AtlasError

Part = TypeVar("Part")
Made = TypeVar("Made")

_work: Callable[[object], object] | None = None  # what forks inherit


def forkable() -> bool:
    """Whether this process may be forked: on Linux, where no library with threads of its own is
    loaded that forks break, and no thread of ours is at work but the one that reports.

    A fork has none of the threads of its parent, and keeps what they held locked. Arrow and
    OpenBLAS start theirs anew; OpenMP, which torch and scikit-learn use, does not, nor does CUDA.
    """
    return (
        sys.platform == "linux"
        and not {"torch", "sklearn", "distributed"} & sys.modules.keys()
        and threading.current_thread() is threading.main_thread()
        and threading.active_count() <= 2
    )


def able(jobs: int) -> int:
    """How many forks may share work, up to `jobs`; 1 where this process had better do it. Each may
    come to copy all that this process holds, since Python counts references in what it reads."""
    if jobs < 2 or not forkable():
        return 1
    try:
        held = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        [free] = re.findall(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    except (OSError, ValueError):
        return jobs
    return max(min(jobs, int(free) * 1024 // held), 1)


class Forks(Generic[Part, Made]):
    """Forks of this process as it is when the first part is given to them, up to `jobs` of them;
    `work` is what they do with a part. One set at a time."""

    def __init__(self, work: Callable[[Part], Made], jobs: int) -> None:
        self.work, self.jobs = work, jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Forks[Part, Made]:
        return self

    def __exit__(self, *_: object) -> None:
        global _work  # noqa: PLW0603  # a closure cannot be pickled, and is there after a fork
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            gc.unfreeze()
            _work = None

    def each(self, parts: Sequence[Part]) -> Iterator[tuple[Part, Made]]:
        """What is made of each part, in their order. It is pickled on its way here; the first error
        of a part is raised, AtlasError where a fork dies."""
        try:
            futures = [self._started.submit(_do, part) for part in parts]
            for part, future in zip(parts, futures, strict=True):
                yield part, cast(Made, future.result())
        except BrokenExecutor as problem:
            raise AtlasError(
                "A process that renders pages ended abruptly",
                "Most often the machine ran out of memory: try --jobs 1.",
            ) from problem

    @property
    def _started(self) -> ProcessPoolExecutor:
        global _work  # noqa: PLW0603
        if self._pool is None:
            _work = cast(Callable[[object], object], self.work)
            gc.freeze()  # else the collector writes to each page of memory that is shared
            self._pool = ProcessPoolExecutor(self.jobs, get_context("fork"), _begin)
        return self._pool


def spread(jobs: int, work: Callable[[Part], Made], parts: Sequence[Part], /) -> Iterator[Made]:
    """What `work` makes of each part, in their order: in up to so many forks where that is safe,
    else here."""
    jobs = able(min(jobs, len(parts)))
    if jobs < 2:
        yield from map(work, parts)
        return

    def numbered(number: int) -> Made:
        return work(parts[number])  # a fork has the parts; to send one may be to send a whole view

    with Forks(numbered, jobs) as forks:
        yield from (made for _, made in forks.each(range(len(parts))))


def _begin() -> None:
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threadpool_limits(1)  # forks are as many as cores, and OpenBLAS's threads would spin
    threading.Thread(target=die_with_parent, daemon=True).start()


def _do(part: object) -> object:
    assert _work is not None
    return _work(part)
