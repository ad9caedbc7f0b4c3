from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", CHECKOUT / "dev.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def called(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a task would install (a string) and run (a tuple)."""
    found: list[Any] = []
    monkeypatch.setattr(dev, "install", found.append)
    monkeypatch.setattr(dev, "run", lambda *command: found.append(command) or 0)
    monkeypatch.setattr(dev, "browser", lambda: 0)
    return found


def test_usage() -> None:
    for arguments in ([], ["nothing"]):
        done = subprocess.run([sys.executable, "dev.py", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "python dev.py TASK" in done.stderr and done.stdout == ""


def test_documents_name_tasks_that_exist(dev: ModuleType) -> None:
    tasks = set(re.findall(r"^  (\w+)  ", dev.USAGE, re.MULTILINE))
    named = {"demo", "test"}
    for name in ("README.md", "CONTRIBUTING.md", "netlify.toml", ".ci/run"):
        if (CHECKOUT / name).is_file():
            named |= set(re.findall(r"dev\.py (\w+)", (CHECKOUT / name).read_text(encoding="utf-8")))
    assert named <= tasks


def test_old_python(dev: ModuleType, called: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 10, 2))
    assert dev.main("demo") == 2 and called == []
    assert "3.11 or later" in capsys.readouterr().err


def test_tasks(dev: ModuleType, called: list[Any]) -> None:
    lint = [("-m", "ruff", "check", "."), ("-m", "mypy")]
    expected = {
        "demo": ["demo", ("-m", "atlas", "build", "--offline", "site")],
        "test": ["all,dev", *lint, ("-m", "pytest")],
        "lint": ["all,dev", *lint],
    }
    for task, commands in expected.items():
        called.clear()
        assert dev.main(task) == 0 and called == commands
    called.clear()
    assert dev.main("test", "-k", "x") == 0 and called[-1] == ("-m", "pytest", "-k", "x")


def test_a_failure_stops_and_is_passed_on(dev: ModuleType, called: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "run", lambda *command: called.append(command) or 3)
    assert dev.main("test") == 3 and len(called) == 2
    assert dev.main("demo") == 3


def test_netlify_renders_what_is_committed(dev: ModuleType, called: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    assert dev.main("netlify") == 0 and called == ["demo", ("-m", "atlas", "build", "--offline", "site")]
    (tmp_path / "site" / "data").mkdir(parents=True)
    (tmp_path / "site" / "data" / "m-words.json").write_text("{}")
    called.clear()
    assert dev.main("netlify") == 0 and called == ["", ("-m", "atlas", "build", "--frozen", "site")]


def test_installs_once_for_each_set_of_versions(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "HOME", tmp_path)
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(dev.subprocess, "call", lambda command, cwd: commands.append(command) or 0)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("a")
    dev.install("demo")
    dev.install("demo")
    assert len(commands) == 1 and commands[0][-4:] == ["-c", "constraints.txt", "-e", ".[demo]"]
    dev.install("all,dev")
    dev.install("demo")
    assert len(commands) == 2
    (tmp_path / "constraints.txt").write_text("b")
    dev.install("demo")
    assert len(commands) == 3
