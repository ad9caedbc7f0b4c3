"""What rendering needs is made ready while stages run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading

import pytest
from conftest import Built

from atlas import atlas_toml
from atlas.pipeline.ahead import ahead

# In a process of its own, which has compiled nothing yet.
BUILD = """
import sys
from jinja2 import Environment
from atlas.cli.commands import main
compiled, names = Environment.compile, []
def noted(self, source, name=None, *rest, **more):
    names.append(name)
    return compiled(self, source, name, *rest, **more)
Environment.compile = noted
try:
    main(["build", "--frozen", "--jobs", "1", sys.argv[1]])
finally:
    print(*names)
"""


def compiled(atlas: Built) -> list[str]:
    """The templates that rendering an atlas compiles."""
    shutil.rmtree(atlas.root / "public", ignore_errors=True)
    command = [sys.executable, "-c", BUILD, str(atlas.root)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_rendering_compiles_no_template_that_was_compiled_ahead(frozen_copy: Built) -> None:
    kept = frozen_copy.root / ".atlas" / "templates"
    shutil.rmtree(kept, ignore_errors=True)
    config = atlas_toml.load(frozen_copy.root / "atlas.toml")
    with ahead(config):
        pass  # nothing was begun, and there is nothing to wait for
    assert not kept.exists()
    with ahead(config) as begin:
        begin()
    assert compiled(frozen_copy) == []
    shutil.rmtree(kept)
    assert {"base.html", "home.html", "maps/map.html"} <= set(compiled(frozen_copy))


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
