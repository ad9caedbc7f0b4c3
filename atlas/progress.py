"""How a run goes, on the terminal: a bar for each running task, or in a log one plain line for each finished one."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from atlas.graph import Task


class Terminal:
    """Implements the runner's Report. Bars are drawn only on a terminal, and only once something runs."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self.console = console
        self.quiet = quiet
        self.live = console.is_terminal and not os.environ.get("CI") and not quiet
        self._bars: Progress | None = None
        self._rows: dict[str, TaskID] = {}
        self._all: TaskID | None = None
        self._begun: dict[str, float] = {}

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()
            self._bars = None

    def begin(self, total: int, cached: int) -> None:
        if self.live and total > cached:
            self._bars = Progress(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                console=self.console, transient=True,
            )  # fmt: skip
            self._bars.start()
            self._all = self._bars.add_task("stages", total=total, completed=cached)

    def start(self, task: Task) -> None:
        self._begun[task.key] = time.monotonic()
        if self._bars:
            self._rows[task.key] = self._bars.add_task(f"  {task.label}", total=100)

    def progress(self, task: Task, fraction: float) -> None:
        if self._bars and task.key in self._rows:
            self._bars.update(self._rows[task.key], completed=round(100 * fraction))

    def finish(self, task: Task, seconds: float) -> None:
        self._forget(task)
        if self._bars and self._all is not None:
            self._bars.advance(self._all)
        elif not self.quiet:
            self.console.print(f"{task.label} {seconds:.1f} s", highlight=False)

    def fail(self, task: Task, error: Exception) -> None:
        self._forget(task)
        self.console.print(f"[red]failed[/red] {task.label}", highlight=False)

    def skip(self, task: Task) -> None:
        if not self.quiet:
            self.console.print(f"skipped {task.label}", highlight=False)

    def _forget(self, task: Task) -> None:
        if self._bars and task.key in self._rows:
            self._bars.remove_task(self._rows.pop(task.key))
