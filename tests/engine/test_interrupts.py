"""A Ctrl-C that Python would forget comes all the same."""

from __future__ import annotations

import signal
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from atlas.engine.executors import open_executor
from atlas.engine.interrupts import heard
from atlas.engine.run import run
from atlas.engine.store import Store
from atlas.engine.task import Task
from tests.engine_stages.drive import Lines, tasks


class Falls:
    """Interrupts, as a terminal would, when nothing refers to it any more."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


class Thing:
    pass


def in_a_destructor() -> None:
    Falls()


def in_a_callback() -> None:
    thing = Thing()
    kept = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    del thing
    assert kept() is None


@pytest.mark.parametrize("lost", [in_a_destructor, in_a_callback])
def test_one_that_python_forgets_comes_again(
    lost: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        with heard():
            lost()
            time.sleep(60)

    before, begin = sys.unraisablehook, time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        work()
    assert time.monotonic() - begin < 50  # it was woken
    assert sys.unraisablehook is before
    assert capfd.readouterr().err == ""


def test_other_faults_that_cannot_be_raised_are_told_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda fault: told.append(str(fault.exc_value)))
    kept: weakref.ref[Thing]
    with heard():
        thing = Thing()
        kept = weakref.ref(thing, lambda _: int("x"))
        del thing
    assert kept() is None and "invalid literal" in told[0]


def test_a_run_ends_by_one_that_python_forgets(tmp_path: Path) -> None:
    class Report(Lines):
        def start(self, task: Task) -> None:
            in_a_destructor()

    store = Store(tmp_path / "store")
    slow = tasks([("wait", {"seconds": 60, "began": str(tmp_path / "began")}, [])])
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(slow, store, open_executor("local", 1, 1, store.root), report=Report())
    assert time.monotonic() - begin < 50 and list(store.keys()) == []
