"""Where people put a site: a mount, a link, a folder with things of their own; and that a build
writes nowhere else."""

from __future__ import annotations

import errno
import os
import random
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT, Built

from atlas import atlas_toml as config
from atlas.errors import AtlasError
from atlas.pipeline.build import build
from atlas.pipeline.options import Options
from atlas.web import swap
from atlas.web.check import check
from atlas.web.writer import MANIFEST, Writer, inside, manifest


class Quiet:
    """A Report of nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


@pytest.fixture
def site(awkward: Path) -> Built:
    """An atlas of one small map, not built."""
    atlas = Built(awkward)
    atlas.edit(', { name = "x" }', "")
    return atlas


def render(atlas: Built, **options: Any) -> int:
    """Build from the data alone; how many files were written."""
    settings = config.load(atlas.toml)
    return build(settings, Options(frozen=True, **options), Quiet()).written


def titled(atlas: Built, title: str) -> None:
    """Give the map another title, which stands on its pages."""
    text = atlas.toml.read_text(encoding="utf-8")
    begin, end = text.index('title = "'), text.index("\nmaps")
    atlas.toml.write_text(f'{text[:begin]}title = "{title}"{text[end:]}', encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """Every plain file by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def hidden(folder: Path) -> list[str]:
    """What stands in a folder under a hidden name, but for the store's folder and the manifest."""
    names = (path.name for path in folder.iterdir() if path.name.startswith("."))
    return sorted(set(names) - {".atlas", MANIFEST})


@pytest.fixture
def mounted(site: Built) -> Iterator[Path]:
    """The output of `site` as a file system of its own, as a Docker volume is."""
    site.public.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(site.public)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount(8)")
    if done.returncode:
        pytest.skip("this machine does not let us mount")
    yield site.public
    subprocess.run(["umount", "-l", str(site.public)], check=True)


@pytest.fixture
def held(site: Built, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output whose folder cannot be renamed, which shows only when it is tried: a bind mount."""
    site.public.mkdir()
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if site.public in (self, Path(target)):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(swap, "_exchanged", lambda *_: False)
    return site.public


@pytest.mark.parametrize("kind", ["mounted", "held"])
def test_an_output_that_is_a_mount_is_built_within(
    kind: str, site: Built, request: pytest.FixtureRequest
) -> None:
    public: Path = request.getfixturevalue(kind)
    inode = public.stat().st_ino
    assert render(site) > 10 and check(public) == []
    (public / "mine").mkdir()
    (public / "mine" / "notes.txt").write_text("mine")
    (public / "empty").mkdir()
    titled(site, "Another")
    assert render(site) > 5
    assert "Another" in (public / "index.html").read_text(encoding="utf-8")
    other = site.root / "other"
    render(site, output=other)
    mine = {"mine/notes.txt"}
    whole = {name: content for name, content in files(public).items() if name not in mine}
    assert whole == files(other), "the same site as in a plain folder"
    assert public.stat().st_ino == inode
    assert (public / "empty").is_dir() and (public / "mine" / "notes.txt").exists()
    assert hidden(public) == hidden(site.root) == []
    assert render(site) == 0
    swap.clean(public)
    assert files(public).keys() == mine


def test_a_new_disk_has_a_folder_of_its_own(site: Built, mounted: Path) -> None:
    (mounted / "lost+found").mkdir()
    render(site)
    titled(site, "Another")
    render(site)
    assert check(mounted) == [] and (mounted / "lost+found").is_dir()


def test_what_a_kill_leaves_in_a_mount_is_completed(
    site: Built, mounted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render(site)
    titled(site, "Another")
    real = Path.replace
    for moment in range(0, 40, 5):
        left = moment

        def killed(self: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if left < 0 and mounted in self.parents:
                raise KeyboardInterrupt
            return real(self, target)

        titled(site, f"Title {moment}")
        monkeypatch.setattr(Path, "replace", killed)
        with suppress(KeyboardInterrupt):
            render(site)
        monkeypatch.setattr(Path, "replace", real)
        render(site)
        assert check(mounted) == [], moment
        assert f"Title {moment}" in (mounted / "index.html").read_text(encoding="utf-8")
        assert hidden(mounted) == []


@pytest.mark.parametrize("dangling", [False, True])
def test_an_output_that_is_a_link_stays_one(site: Built, dangling: bool) -> None:
    served = site.root / "www" / "site"
    if not dangling:
        served.mkdir(parents=True)
    site.public.symlink_to(Path("www") / "site")
    for title in ("First", "Second"):
        titled(site, title)
        render(site)
        assert site.public.readlink() == Path("www") / "site"
        assert title in (served / "index.html").read_text(encoding="utf-8")
        assert check(site.public) == []
        assert hidden(site.root) == hidden(served.parent) == []
    assert render(site) == 0
    swap.clean(site.public)
    assert files(site.public) == {}


def test_links_in_a_circle_and_files_are_refused(site: Built) -> None:
    (site.root / "a").symlink_to(site.root / "b")
    (site.root / "b").symlink_to(site.root / "a")
    (site.root / "file").write_text("mine")
    for name in ("a", "file"):
        with pytest.raises(AtlasError, match=name):
            render(site, output=site.root / name)
    assert (site.root / "file").read_text() == "mine"


def test_what_is_not_ours_stays_as_it_is(site: Built, tmp_path_factory: Any) -> None:
    render(site)
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    public = site.public
    (public / "empty" / "deep").mkdir(parents=True)
    (public / "link.txt").symlink_to(outside / "secret.txt")
    (public / "linked").symlink_to(outside)
    (public / "nowhere").symlink_to("gone")
    os.mkfifo(public / "pipe")
    (public / "CNAME").write_text("atlas.example")
    titled(site, "Another")
    render(site)
    assert (public / "empty" / "deep").is_dir()
    assert (public / "link.txt").readlink() == outside / "secret.txt"
    assert (public / "linked").readlink() == outside
    assert (public / "nowhere").readlink() == Path("gone")
    assert stat.S_ISFIFO((public / "pipe").lstat().st_mode)
    assert (public / "CNAME").read_text() == "atlas.example"
    assert check(public) == []
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]
    swap.clean(public)
    assert (public / "empty" / "deep").is_dir(), "not a folder of ours"


def test_a_link_in_the_way_is_refused_and_nothing_is_written_through_it(
    site: Built, tmp_path_factory: Any
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    render(site)
    shutil.rmtree(site.public / "maps")
    (site.public / "maps").symlink_to(outside)
    titled(site, "Another")
    with pytest.raises(AtlasError, match="maps"):
        render(site)
    assert list(outside.iterdir()) == []
    assert (site.public / "maps").is_symlink() and hidden(site.root) == []
    swap.clean(site.public)
    assert list(outside.iterdir()) == []


NAMES = (
    "../x",
    "a/../../x",
    "/x",
    "a//x",
    "./x",
    "a/.",
    "",
    "a/\0",
    "..",
    "maps/../../../x/index.html",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_writer_writes_nothing_outside_whoever_asks(tmp_path: Path, name: str) -> None:
    new, old = tmp_path / "in" / "new", tmp_path / "in" / "old"
    old.mkdir(parents=True)
    before = {"files": {name: [1, "x"]}, "derived": {"d": {"key": "k", "files": [name]}}}
    for writer in (Writer(new, old, {}), Writer(new, old, before)):
        with pytest.raises(AtlasError, match="leads out of the site"):
            writer.write(name, b"x")
        with pytest.raises(AtlasError, match="leads out of the site"):
            writer.derive("d", "k", lambda: ({name: b"x"}, {}))
    assert files(tmp_path) == {}


def test_the_writer_follows_no_link(tmp_path: Path) -> None:
    new, outside = tmp_path / "new", tmp_path / "outside"
    new.mkdir()
    outside.mkdir()
    (new / "maps").symlink_to(outside)
    with pytest.raises(AtlasError, match="is a link"):
        Writer(new, tmp_path / "old", {}).write("maps/a/index.html", b"x")
    with pytest.raises(AtlasError, match="is a link"):
        inside(new, "maps/x")
    assert list(outside.iterdir()) == []


def test_a_site_that_somebody_tampered_with_shares_nothing(
    site: Built, tmp_path_factory: Any
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x").write_text("secret")
    render(site)
    text = (site.public / MANIFEST).read_text(encoding="utf-8")
    there = os.path.relpath(outside / "x", site.public)
    (site.public / MANIFEST).write_text(text.replace('"files":{', f'"files":{{"{there}":[6,""],'))
    assert check(site.public)
    assert render(site) > 10
    assert check(site.public) == [] and (outside / "x").read_text() == "secret"
    found = manifest(site.public)
    assert found is not None and there not in found["files"]
    (site.public / MANIFEST).write_text(text[:100])
    with pytest.raises(AtlasError, match=r"\.atlas\.json: damaged"):
        render(site)


def test_two_atlases_write_to_one_output_one_at_a_time(
    site: Built, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    fcntl = pytest.importorskip("fcntl")
    output = tmp_path_factory.mktemp("www") / "site"
    held = os.open(output.parent, os.O_RDONLY)  # as another build does
    fcntl.flock(held, fcntl.LOCK_EX)
    told: list[str] = []

    def let_go(message: str) -> None:
        told.append(message)
        os.close(held)

    settings = config.load(site.toml)
    build(settings, Options(frozen=True, output=output), Quiet(), let_go)
    assert told == [f"another build is writing to {output}; this one waits for it"]
    assert check(output) == []


def test_a_build_that_waits_says_so(site: Built) -> None:
    fcntl = pytest.importorskip("fcntl")
    render(site)
    held = os.open(site.root / ".atlas" / "build.lock", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    told: list[str] = []

    def let_go(message: str) -> None:
        told.append(message)
        os.close(held)

    summary = build(config.load(site.toml), Options(frozen=True), Quiet(), let_go)
    assert told == [f"another build of {site.root} is running; this one waits for it"]
    assert summary.warnings == [], "it is nothing that --strict minds"


def test_a_site_below_a_path_is_checked_as_it_will_stand(site: Built) -> None:
    site.edit("[[models]]", '[site]\nbase_url = "https://example.org/a/b"\n\n[[models]]')
    render(site)
    assert check(site.public) == []
    lost = site.public / "404.html"
    lost.write_text(lost.read_text(encoding="utf-8").replace("/a/b/", "/other/"), encoding="utf-8")
    assert check(site.public), "the 404 page leads elsewhere"


REBUILDS = """
import sys
from pathlib import Path
from atlas import atlas_toml as config
from atlas.pipeline.build import build
from atlas.pipeline.options import Options

class Quiet:
    def __getattr__(self, name):
        return lambda *_: None

toml = Path(sys.argv[1])
text = toml.read_text(encoding="utf-8")
print("ready", flush=True)
for number in range(1000):
    toml.write_text(text.replace("A <b>", f"{number} <b>"), encoding="utf-8")
    build(config.load(toml), Options(frozen=True), Quiet())
"""


@pytest.mark.slow
@pytest.mark.parametrize("mount", [False, True])
def test_a_kill_at_any_moment_leaves_a_whole_site(
    site: Built, mount: bool, request: pytest.FixtureRequest
) -> None:
    if mount:
        request.getfixturevalue("mounted")
    render(site)
    text = site.toml.read_text(encoding="utf-8")
    chance = random.Random(0)
    for _ in range(6):
        site.toml.write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", REBUILDS, str(site.toml)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.5, 3))
        process.kill()
        process.communicate()
        if mount:  # there the next build completes it
            swap.recover(site.public)
        assert check(site.public) == []
        site.toml.write_text(text, encoding="utf-8")
        render(site)
        assert check(site.public) == [] and hidden(site.root) == hidden(site.public) == []
