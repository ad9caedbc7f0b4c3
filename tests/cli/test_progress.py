"""Progress: bars on a terminal, plain lines in a log, silence when asked for."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from atlas.cli.progress import Terminal
from atlas.engine.task import Task
from atlas.errors import StageError
from atlas.maps.stages.project import project

ONE = Task(project, {"method": "umap"}, label="minilm-words: [umap]")
TWO = Task(project, {"method": "tsne"}, label="minilm-words: tsne")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=60)


def written(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def whole_run(report: Terminal) -> None:
    with report:
        report.begin(5, 2)
        report.start(ONE)
        report.progress(ONE, 0.25)
        report.finish(ONE, 12.34)
        report.start(TWO)
        report.fail(TWO, StageError("minilm-words: tsne: out of points", ""))
        report.skip(ONE)


def test_a_log_gets_one_line_a_task() -> None:
    screen = console(terminal=False)
    whole_run(Terminal(screen))
    assert written(screen).splitlines() == [
        "minilm-words: [umap] 12.3 s (3 of 5)",
        "failed: minilm-words: tsne: out of points",
        "minilm-words: [umap] left out",
    ]


def test_a_long_line_stays_one_line() -> None:
    screen = console(terminal=False)
    report = Terminal(screen)
    report.begin(1, 0)
    report.finish(Task(project, {}, label="x" * 200), 1)
    assert len(written(screen).splitlines()) == 1


@pytest.mark.parametrize("name", ["CI", "TERM"])
def test_no_bars_where_lines_cannot_be_redrawn(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "dumb")
    screen = console(terminal=True)
    whole_run(Terminal(screen))
    assert "\x1b[?25l" not in written(screen)  # hides the cursor: what a live display begins with
    assert "(3 of 5)" in written(screen)


def test_quiet_tells_failures_only() -> None:
    screen = console(terminal=True)
    whole_run(Terminal(screen, quiet=True))
    assert (
        re.sub(r"\x1b\[[0-9;]*m", "", written(screen))
        == "failed: minilm-words: tsne: out of points\n"
    )


def test_bars_show_fraction_and_overall_and_go_away() -> None:
    screen = console(terminal=True)
    report = Terminal(screen)
    with report:
        report.begin(5, 2)
        report.start(ONE)
        report.progress(ONE, 0.25)
        assert report._bars is not None
        report._bars.refresh()
        shown = written(screen)
        report.finish(ONE, 3.0)
        report._bars.refresh()
        assert "3 of 5 stages" in written(screen)
    assert "2 of 5 stages" in shown
    assert "minilm-words: [umap]" in shown, "a label is text, not markup"
    assert "25%" in shown
    assert written(screen).endswith("\x1b[2K"), "the bars are erased at the end"
    assert "\x1b[?25h" in written(screen), "and the cursor is back"


def test_nothing_is_drawn_when_everything_is_cached() -> None:
    screen = console(terminal=True)
    with Terminal(screen) as report:
        report.begin(5, 5)
    assert written(screen) == ""


def test_bars_are_taken_away_when_the_run_is_interrupted() -> None:
    screen = console(terminal=True)

    def interrupted() -> None:
        with Terminal(screen) as report:
            report.begin(1, 0)
            report.start(ONE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "\x1b[?25h" in written(screen)


def test_a_log_is_never_silent_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlas.cli.progress.SILENCE", 0.05)
    screen = console(terminal=False)
    with Terminal(screen) as report:
        report.begin(5, 2)
        report.start(ONE)
        report.progress(ONE, 0.25)
        until(lambda: "still at work: minilm-words: [umap] 25% (2 of 5 stages)" in written(screen))
        report.finish(ONE, 1.0)
        report.pages(1500, 7282)
        until(lambda: "writing pages (1,500 of 7,282)" in written(screen))
    said = written(screen)
    time.sleep(0.15)
    assert written(screen) == said, "nothing is said after the end"


def test_quiet_logs_stay_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlas.cli.progress.SILENCE", 0.01)
    screen = console(terminal=False)
    with Terminal(screen, quiet=True) as report:
        report.begin(5, 2)
        time.sleep(0.1)
    assert written(screen) == ""


def until(true: Callable[[], bool]) -> None:
    """Wait until something holds, for a minute at most."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
