"""What rendering needs is made ready while stages run."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import Built
from jinja2 import FileSystemBytecodeCache

from atlas import atlas_toml
from atlas.pipeline.ahead import ahead
from atlas.pipeline.compose import renderer
from atlas.web.theme import theme

# In a process of its own, which has compiled nothing yet.
BUILD = """
import sys
from jinja2 import Environment
from atlas.cli.commands import main
from atlas.web import compiling
atlas, kept = sys.argv[1:]
sys.dont_write_bytecode = False
compiling.cache_from_source = lambda _: f"{kept}/module.pyc"
compiled, names = Environment.compile, []
def noted(self, source, name=None, *rest, **more):
    names.append(name)
    return compiled(self, source, name, *rest, **more)
Environment.compile = noted
try:
    main(["build", "--frozen", "--jobs", "1", atlas])
finally:
    print(*names)
"""


def compiled(atlas: Built, kept: Path) -> list[str]:
    """The templates that rendering an atlas compiles, where Python keeps bytecode in a folder."""
    shutil.rmtree(atlas.root / "public", ignore_errors=True)
    command = [sys.executable, "-c", BUILD, str(atlas.root), str(kept)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Python keeps bytecode."""
    folder = tmp_path / "kept"
    monkeypatch.setattr("atlas.web.compiling.cache_from_source", lambda _: str(folder / "m.pyc"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return folder


def test_rendering_compiles_no_template_that_was_compiled_ahead(
    frozen_copy: Built, kept: Path
) -> None:
    own = frozen_copy.root / ".atlas" / "templates"
    config = atlas_toml.load(frozen_copy.root / "atlas.toml")
    with ahead(config):
        pass  # nothing was begun, and there is nothing to wait for
    assert not kept.exists() and not own.exists()
    with ahead(config) as begin:
        begin()
    assert list(kept.iterdir()) and not list(own.iterdir())
    assert compiled(frozen_copy, kept) == []
    shutil.rmtree(kept)
    assert {"base.html", "home.html", "maps/map.html"} <= set(compiled(frozen_copy, kept))


@pytest.mark.parametrize("bytecode", [True, False])
def test_the_theme_s_are_kept_for_all_atlases_where_bytecode_is(
    frozen_copy: Built, kept: Path, monkeypatch: pytest.MonkeyPatch, bytecode: bool
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", not bytecode)
    (frozen_copy.root / "templates").mkdir()
    (frozen_copy.root / "templates" / "404.html").write_text("lost", "utf-8")
    pens = renderer(atlas_toml.load(frozen_copy.root / "atlas.toml"))
    pens.compile("404.html")
    pens.compile("atlas/404.html")
    own = list((frozen_copy.root / ".atlas" / "templates").iterdir())
    assert len(own) == (1 if bytecode else 2)
    assert kept.exists() == bytecode and len(list(kept.glob("*"))) + len(own) == 2


def test_what_cannot_be_kept_is_compiled_again(
    frozen_copy: Built, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemBytecodeCache, "dump_bytecode", full)
    pens = renderer(atlas_toml.load(frozen_copy.root / "atlas.toml"))
    pens.compile("404.html")
    assert kept.is_dir()  # it was to be kept there


def test_what_is_kept_damaged_is_compiled_again(frozen_copy: Built, kept: Path) -> None:
    config = atlas_toml.load(frozen_copy.root / "atlas.toml")
    renderer(config).compile("404.html")
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    for length in (*range(0, 90, 3), len(whole) - 1):
        file.write_bytes(whole[:length])
        renderer(config).environments["en"].get_template("404.html")
        assert file.read_bytes() == whole


def test_templates_compile_to_the_same_in_every_language(frozen_copy: Built) -> None:
    """What is kept is for all: Jinja would keep what a filter makes of a constant in one of
    them."""
    pens = renderer(atlas_toml.load(frozen_copy.root / "atlas.toml"))
    english, japanese = (pens.environments[language] for language in ("en", "ja"))
    for path in theme().rglob("*.html"):
        source = path.read_text("utf-8")
        assert english.compile(source, raw=True) == japanese.compile(source, raw=True), path


def test_a_faulty_template_is_left_for_rendering_to_tell(frozen_copy: Built) -> None:
    own = frozen_copy.root / "templates"
    own.mkdir(exist_ok=True)
    (own / "home.html").write_text("{% if %}", "utf-8")
    with ahead(atlas_toml.load(frozen_copy.root / "atlas.toml")) as begin:
        begin()


def test_an_interrupt_waits_for_no_more_than_the_step_at_work(
    frozen_copy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, interrupted, ended = threading.Event(), threading.Event(), []

    def step() -> None:
        began.set()
        assert interrupted.wait(60)
        ended.append(1)

    monkeypatch.setattr("atlas.pipeline.ahead._steps", lambda _: iter([step] * 10))
    monkeypatch.setattr("atlas.pipeline.ahead.Event", lambda: interrupted)
    config, before = atlas_toml.load(frozen_copy.root / "atlas.toml"), threading.active_count()

    def interrupt() -> None:
        with ahead(config) as begin:
            begin()
            assert began.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert ended == [1] and threading.active_count() == before
