"""Shows the progress of a run: on a terminal, a bar for each running task and one for all; in a
log, a line for each finished task."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from atlas.engine.task import Task


class Terminal:
    """Implements the runner's Report on a console. A context manager; its end removes the bars.

    Bars are drawn on a terminal that can redraw lines, once a task runs. Elsewhere, and where CI is
    set, each finished task is a line. With `quiet`, only failures are printed.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self.console = console
        self.quiet = quiet
        self.live = (
            console.is_terminal
            and not console.is_dumb_terminal
            and not os.environ.get("CI")
            and not quiet
        )
        self._bars: Progress | None = None
        self._rows: dict[str, TaskID] = {}
        self._all: TaskID | None = None
        self._total = self._done = 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars:
            self._bars.stop()
            self._bars = None

    def begin(self, total: int, cached: int) -> None:
        """Begin a run of `total` tasks, of which `cached` are in the store."""
        self._total, self._done = total, cached
        if self.live and total > cached:
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
        if self._bars:
            self._rows[task.key] = self._bars.add_task(f"  {escape(task.label)}", total=None)

    def progress(self, task: Task, fraction: float) -> None:
        """A fraction (0..1) of a task is done."""
        if self._bars and task.key in self._rows:
            self._bars.update(
                self._rows[task.key], total=1.0, completed=min(max(fraction, 0.0), 1.0)
            )

    def finish(self, task: Task, seconds: float) -> None:
        """A task is done."""
        self._end(task)
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
        if self._bars and self._all is not None:
            if task.key in self._rows:
                self._bars.remove_task(self._rows.pop(task.key))
            self._bars.update(self._all, completed=self._done, description=self._count())

    def _count(self) -> str:
        return f"{self._done} of {self._total} stages"

    def _print(self, text: str, style: str | None = None) -> None:
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
