"""One process at a time, where several write to one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def alone(folder: Path, waits: Callable[[], None], make: Path | None = None) -> Iterator[None]:
    """Hold a folder, or the file `make` in it, until the block ends; a killed process lets go by
    itself.

    `waits` is called where another process holds it. Where nothing can be held there, as on a file
    system that is read-only, nothing is.
    """
    try:
        import fcntl
    except ImportError:  # Windows: the swap of the site is still whole
        yield
        return
    descriptor = _opened(folder, make)
    if descriptor is None:
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path, make: Path | None) -> int | None:
    """A descriptor to hold: of the file, which is made if it can be, else of the folder."""
    if make is not None:
        with suppress(OSError):
            make.parent.mkdir(parents=True, exist_ok=True)
            return os.open(make, os.O_RDWR | os.O_CREAT, 0o666)
        with suppress(OSError):
            return os.open(make, os.O_RDONLY)
    with suppress(OSError):
        return os.open(folder, os.O_RDONLY)
    return None
