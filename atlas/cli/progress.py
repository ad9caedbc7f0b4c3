"""Shows the progress of a run: on a terminal, a bar for each running task and one for all; in a
log, a line for each finished task, and one at least every 20 seconds."""

from __future__ import annotations

import os
import threading
import time
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from atlas.engine.task import Task


SILENCE = 20.0  # seconds after which a log says how far it is


class Terminal:
    """Implements the runner's Report on a console, by default stderr. A context manager; its end
    removes the bars. Rich is imported once there is something to print.

    Bars are drawn on a terminal that can redraw lines, once a task runs. Elsewhere, and where CI is
    set, each finished task is a line. With `quiet`, only failures are printed.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._console = console
        self.quiet = quiet
        self._bars: Progress | None = None
        self._rows: dict[str, TaskID] = {}
        self._all: TaskID | None = None
        self._total = self._done = 0
        self._running: dict[str, tuple[Task, float]] = {}  # and the fraction that is done
        self._counted = "", 0, 0  # what is done, to how many of all
        self._said = time.monotonic()
        self._over = threading.Event()
        self.finished: list[tuple[str, float]] = []  # stages that ran, and for how many seconds

    @cached_property
    def console(self) -> Console:
        """What it prints to."""
        from rich.console import Console

        return self._console or Console(stderr=True)

    @cached_property
    def live(self) -> bool:
        """Whether there are bars."""
        return (
            self.console.is_terminal
            and not self.console.is_dumb_terminal
            and not os.environ.get("CI")
            and not self.quiet
        )

    def __enter__(self) -> Terminal:
        if not self.quiet:
            threading.Thread(target=self._speak, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._bars:
            self._bars.stop()
            self._bars = None

    def _speak(self) -> None:
        """Say how far it is, whenever nothing was said for SILENCE seconds and there are no
        bars."""
        while not self._over.wait(max(0.05, self._said + SILENCE - time.monotonic())):
            if self.live:
                return
            if time.monotonic() - self._said >= SILENCE:
                self._print(self._state())

    def _state(self) -> str:
        what, done, total = self._counted
        if total:
            return f"{what} ({done:,} of {total:,})"
        running = [
            f"{task.label} {fraction:.0%}" if fraction else task.label
            for task, fraction in list(self._running.values())[:3]
        ]
        return f"still at work: {', '.join(running) or 'reading'} ({self._count()})"

    def pages(self, done: int, total: int) -> None:
        """So many pages of all are rendered."""
        self._count_up("writing pages", done, total)

    def files(self, done: int, total: int) -> None:
        """So many files of all are checked."""
        self._count_up("checking files", done, total)

    def _count_up(self, what: str, done: int, total: int) -> None:
        self._counted = what, done, total
        if not self.live:
            return
        if self._bars is None:
            from rich.progress import BarColumn, Progress, TextColumn

            self._bars = Progress(
                TextColumn("{task.description}"), BarColumn(), console=self.console, transient=True
            )
            self._bars.start()
        if what not in self._rows:
            self._rows[what] = self._bars.add_task(f"  {what}", total=total)
        self._bars.update(self._rows[what], completed=done)

    def begin(self, total: int, cached: int) -> None:
        """Begin a run of `total` tasks, of which `cached` are in the store."""
        self._total, self._done = total, cached
        if total > cached and self.live:
            from rich.progress import (
                BarColumn,
                Progress,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
            )
            self._bars = Progress(*columns, console=self.console, transient=True)
            self._all = self._bars.add_task(self._count(), total=total, completed=cached)
            self._bars.start()

    def start(self, task: Task) -> None:
        """A task starts. Its bar pulses until it reports progress."""
        self._running[task.key] = task, 0.0
        if self._bars:
            from rich.markup import escape

            self._rows[task.key] = self._bars.add_task(f"  {escape(task.label)}", total=None)

    def progress(self, task: Task, fraction: float) -> None:
        """A fraction (0..1) of a task is done."""
        self._running[task.key] = task, fraction
        if self._bars and task.key in self._rows:
            self._bars.update(
                self._rows[task.key], total=1.0, completed=min(max(fraction, 0.0), 1.0)
            )

    def finish(self, task: Task, seconds: float) -> None:
        """A task is done."""
        self._end(task)
        self.finished.append((task.label, seconds))
        if not self._bars and not self.quiet:
            self._print(f"{task.label} {seconds:.1f} s ({self._done} of {self._total})")

    def fail(self, task: Task, error: Exception) -> None:
        """A task failed. Printed even when quiet, because others run on for a while. The error
        names the task."""
        self._end(task)
        self._print(f"failed: {error}", style="red")

    def skip(self, task: Task) -> None:
        """A task is left out, because one that it needs failed."""
        self._end(task)
        if not self.quiet:
            self._print(f"{task.label} left out")

    def _end(self, task: Task) -> None:
        self._done += 1
        self._running.pop(task.key, None)
        if self._bars and self._all is not None:
            if task.key in self._rows:
                self._bars.remove_task(self._rows.pop(task.key))
            self._bars.update(self._all, completed=self._done, description=self._count())

    def _count(self) -> str:
        return f"{self._done} of {self._total} stages"

    def _print(self, text: str, style: str | None = None) -> None:
        self._said = time.monotonic()
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
