"""Pages rendered in several processes: the files are those that one process writes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Built
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.errors import AtlasError
from atlas.pipeline import forked
from atlas.pipeline.forked import Forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes fork on Linux alone")

# A process of its own, since libraries that forks break are loaded in this one.
BUILD = """
import sys
from atlas.cli.commands import main
from atlas.pipeline import forked, rendering
each, parts = forked.Forks.each, []
def counted(self, them):
    parts.extend(them)
    return each(self, them)
forked.Forks.each, rendering.FEW, rendering._PART = counted, 0, 3
try:
    main(["build", "--frozen", "--jobs", sys.argv[1], "--output", sys.argv[2], sys.argv[3]])
finally:
    assert "pandas" not in sys.modules  # which takes longer to load than to read what is there
    print(len(parts))
"""


def build(atlas: Built, jobs: int, output: Path) -> tuple[int, str]:
    """In how many parts the pages of an atlas were rendered, and what was said."""
    command = [sys.executable, "-c", BUILD, str(jobs), output, atlas.root]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout), done.stderr


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def test_two_processes_write_the_site_that_one_writes(frozen_copy: Built, tmp_path: Path) -> None:
    parts, _ = build(frozen_copy, 1, tmp_path / "one")
    assert parts == 0
    parts, said = build(frozen_copy, 2, tmp_path / "two")
    assert parts > 5
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one.keys() == two.keys() and one == two, "the manifest, too"
    # What is as before is shared, whoever rendered it.
    (frozen_copy.root / "templates").mkdir()
    (frozen_copy.root / "templates" / "extra.html").write_text("nobody includes it")
    before = {path: path.stat().st_ino for path in (tmp_path / "two").rglob("*.html")}
    parts, said = build(frozen_copy, 2, tmp_path / "two")
    assert parts > 5 and "nothing changed" in said
    assert before == {path: path.stat().st_ino for path in (tmp_path / "two").rglob("*.html")}


def test_a_fault_in_a_fork_is_told_as_in_one_process(frozen_copy: Built, tmp_path: Path) -> None:
    folder = frozen_copy.root / "templates" / "maps"
    folder.mkdir(parents=True)
    (folder / "cluster.html").write_text("{{ view.nothing() }}")
    told = []
    for jobs in (1, 2):
        with pytest.raises(subprocess.CalledProcessError) as caught:
            build(frozen_copy, jobs, tmp_path / str(jobs))
        told.append([line for line in caught.value.stderr.splitlines() if "error" in line])
        assert not (tmp_path / str(jobs)).exists()
    assert told[0] == told[1] and "templates/maps/cluster.html" in told[0][0]


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 4))
@settings(max_examples=15)
def test_what_is_made_of_parts_comes_in_their_order(parts: list[int], jobs: int) -> None:
    base = 7  # forks know what is told nowhere

    def work(part: int) -> int:
        time.sleep((part % 3) / 1000)
        return part + base

    with Forks(work, jobs) as forks:
        for some in (parts, parts[:3]):
            assert list(forks.each(some)) == [(part, part + base) for part in some]


def test_parts_are_there_in_forks_and_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "able", lambda jobs: jobs)
    parts = [lambda number=number: number for number in range(5)]  # none can be pickled
    assert list(forked.spread(2, lambda part: part(), parts)) == [*range(5)]


def test_a_fork_that_dies_is_told() -> None:
    def die(part: int) -> int:
        import os

        os._exit(part)

    with Forks(die, 1) as forks, pytest.raises(AtlasError, match="ended abruptly"):
        list(forks.each([1]))


def test_forks_are_as_many_as_there_is_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "forkable", lambda: True)
    said = {"/proc/self/statm": f"0 {2**30 // os.sysconf('SC_PAGE_SIZE')} 0"}  # 1 GiB
    monkeypatch.setattr(Path, "read_text", lambda path: said[str(path)])
    for free, forks in ((0.5, 1), (1.5, 1), (3.5, 3), (64, 8)):
        said["/proc/meminfo"] = f"MemTotal: 1 kB\nMemAvailable:   {int(free * 2**20)} kB\n"
        assert forked.able(8) == forks
    assert forked.able(1) == 1


def test_nothing_forks_where_that_is_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", sys)
    assert not forked.forkable() and forked.able(8) == 1
