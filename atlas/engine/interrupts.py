"""Ctrl-C, while processes start, and where Python would lose it."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


@contextmanager
def heard() -> Iterator[None]:
    """Let no Ctrl-C be lost. One that arrives in a destructor, or in the callback of a weak
    reference, of which each import has some, Python tells of and forgets; it comes again here, a
    moment later."""
    before = sys.unraisablehook

    def again(unraisable: UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            before(unraisable)
            return
        with suppress(RuntimeError):  # at the end of Python, which starts no more threads
            # Not threading's, whose lock may be held where this came from.
            _thread.start_new_thread(_interrupt, ())

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt() -> None:
    sleep(0.01)  # sooner, it would only be raised in the hook
    if hasattr(signal, "pthread_kill"):  # which also wakes a thread that waits
        signal.pthread_kill(threading.main_thread().ident or threading.get_ident(), signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextmanager
def put_off() -> Iterator[None]:
    """Put off Ctrl-C while a process starts, here and in the new process until it can say that it
    does not want it.

    The terminal interrupts children too, and Python says so with a traceback; so does a child whose
    parent was interrupted before it had said what to do.
    """
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    # Handlers are Python's to run in the main thread, and are not for another thread to change.
    handled = before is not None and threading.current_thread() is threading.main_thread()
    masked = hasattr(signal, "pthread_sigmask")
    if masked:
        from multiprocessing import resource_tracker

        # Or else it starts with the first process, and lifts the mask that new ones inherit.
        resource_tracker.ensure_running()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if handled:
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        if masked:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if handled:
            signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
