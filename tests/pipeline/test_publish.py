"""Publishing: nothing is rewritten without need, nothing foreign is lost, and a killed build leaves
a whole site."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from conftest import Built

from atlas import atlas_toml as config
from atlas.engine.artifact import sha256
from atlas.errors import AtlasError, UsageError
from atlas.pipeline import publish
from atlas.pipeline.memory import Digests
from atlas.pipeline.options import Summary
from atlas.web import swap, writer
from atlas.web.check import check
from atlas.web.writer import MANIFEST, Writer


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every file."""
    found = {
        path.relative_to(folder).as_posix(): path.stat()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def beside(atlas: Built) -> list[str]:
    return sorted(path.name for path in atlas.root.iterdir() if path.name.startswith(".public"))


def render(atlas: Built) -> Summary:
    return atlas.build(frozen=True)


def test_a_second_time_nothing_is_written(frozen_copy: Built) -> None:
    # The copy's files have other inodes, but the times and sizes that a build looks at are kept.
    before = marks(frozen_copy.public)
    assert render(frozen_copy).written == 0
    assert marks(frozen_copy.public) == before
    assert beside(frozen_copy) == []


def test_what_is_equal_is_shared_with_the_old_site(frozen_copy: Built) -> None:
    before = marks(frozen_copy.public)
    frozen_copy.edit("[site]\n", '[site]\nauthor = "Somebody"\n')
    summary = render(frozen_copy)
    after = marks(frozen_copy.public)
    changed = {name for name in after if after[name] != before.get(name)}
    pages = {name for name in after if name.endswith(".html")}
    answers = {name for name in changed if "oembed/" in name}
    assert len(answers) == 4
    # The author stands on every page and in the oEmbed answers, and in no other file.
    assert changed == pages | answers | {MANIFEST}
    assert summary.written == len(pages | answers)
    assert "Somebody" in (frozen_copy.public / "index.html").read_text(encoding="utf-8")


def test_a_damaged_file_is_made_again(frozen_copy: Built) -> None:
    page = frozen_copy.public / "about" / "index.html"
    whole = page.read_bytes()
    page.write_bytes(whole[:100])
    assert check(frozen_copy.public)
    render(frozen_copy)
    assert page.read_bytes() == whole
    assert check(frozen_copy.public) == []


def test_own_templates_go_before_the_theme_s_and_may_extend_them(frozen_copy: Built) -> None:
    own = frozen_copy.root / "templates"
    own.mkdir()
    (own / "404.html").write_text(
        '{% extends "atlas/404.html" %}\n{% block title %}Lost & found{% endblock %}\n',
        encoding="utf-8",
    )
    (own / "base.html").write_text(
        '{% extends "atlas/base.html" %}\n{% block head %}<meta name="own" content="yes">{% endblock %}\n',
        encoding="utf-8",
    )
    data = marks(frozen_copy.root / "data")
    summary = render(frozen_copy)
    assert summary.computed == 0
    assert marks(frozen_copy.root / "data") == data
    lost = (frozen_copy.public / "404.html").read_text(encoding="utf-8")
    assert "<title>Lost & found</title>" in lost
    assert "This place is not on the map" in lost
    for name in ("404.html", "about/index.html", "ja/about/index.html"):
        assert '<meta name="own" content="yes">' in (frozen_copy.public / name).read_text(
            encoding="utf-8"
        ), name
    assert render(frozen_copy).written == 0
    (own / "404.html").write_text(
        '{% extends "atlas/404.html" %}\n{% block title %}Gone{% endblock %}\n', encoding="utf-8"
    )
    assert render(frozen_copy).written == 2  # one a language
    shutil.rmtree(own)
    render(frozen_copy)
    assert "Page not found" in (frozen_copy.public / "404.html").read_text(encoding="utf-8")


def test_own_assets_and_messages_go_before_the_theme_s(frozen_copy: Built) -> None:
    own = frozen_copy.root / "templates"
    (own / "assets").mkdir(parents=True)
    (own / "assets" / "site.css").write_text("body { color: teal }\n")
    (own / "locale" / "ja" / "LC_MESSAGES").mkdir(parents=True)
    header = (
        'msgid ""\nmsgstr ""\n"Language: ja\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    )
    (own / "locale" / "ja" / "LC_MESSAGES" / "atlas.po").write_text(
        f'{header}\nmsgid "Maps"\nmsgstr "ちず"\n', encoding="utf-8"
    )
    render(frozen_copy)
    (style,) = (frozen_copy.public / "assets").glob("site.*.css")
    assert style.read_text() == "body { color: teal }\n"
    page = (frozen_copy.public / "ja" / "index.html").read_text(encoding="utf-8")
    assert style.name in page
    assert "ちず" in page
    assert "作り方" in page  # the other messages stay


def test_a_broken_template_is_named_and_the_old_site_stays(frozen_copy: Built) -> None:
    own = frozen_copy.root / "templates"
    own.mkdir()
    before = marks(frozen_copy.public)
    for text, told in (
        (
            '{% extends "atlas/404.html" %}{% block main %}{{ nothing.here }}{% endblock %}',
            "'nothing' is undefined",
        ),
        ("\n\n{% if %}", "404.html, line 3"),
        ('{% extends "missing.html" %}', "missing.html"),
        ("{{ 1 / 0 }}", "404.html, line 1: ZeroDivisionError"),
    ):
        (own / "404.html").write_text(text, encoding="utf-8")
        with pytest.raises(AtlasError) as caught:
            render(frozen_copy)
        assert told in caught.value.message
        assert marks(frozen_copy.public) == before
        assert beside(frozen_copy) == []


def test_foreign_files_survive(frozen_copy: Built) -> None:
    (frozen_copy.public / "CNAME").write_text("atlas.example\n")
    (frozen_copy.public / "notes" / "deep").mkdir(parents=True)
    (frozen_copy.public / "notes" / "deep" / "a.txt").write_text("mine")
    frozen_copy.edit("Tiny atlas", "Small atlas")
    assert render(frozen_copy).written > 0
    assert (frozen_copy.public / "CNAME").read_text() == "atlas.example\n"
    assert (frozen_copy.public / "notes" / "deep" / "a.txt").read_text() == "mine"
    render(frozen_copy)
    gone = swap.clean(frozen_copy.public)
    assert gone > 50
    left = sorted(
        path.relative_to(frozen_copy.public).as_posix()
        for path in frozen_copy.public.rglob("*")
        if path.is_file()
    )
    assert left == ["CNAME", "notes/deep/a.txt"]
    assert swap.clean(frozen_copy.public) == 0


def test_clean_leaves_no_folder_of_its_own(frozen_copy: Built) -> None:
    swap.clean(frozen_copy.public)
    assert not frozen_copy.public.exists()
    assert (frozen_copy.root / "data" / "minilm-words.parquet").exists()


def test_clean_never_leaves_the_site_s_folder(tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    public = tmp_path / "public"
    public.mkdir()
    (public / MANIFEST).write_text('{"files": {"../keep.txt": [4, ""]}, "key": "", "pages": 0}')
    assert swap.clean(public) == 1  # the manifest itself
    assert (tmp_path / "keep.txt").exists()


def test_a_folder_that_the_atlas_did_not_make_is_refused(frozen_copy: Built) -> None:
    other = frozen_copy.root / "documents"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    with pytest.raises(AtlasError, match="is not empty, and the atlas did not make it"):
        frozen_copy.build(frozen=True, output=other)
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]
    assert swap.clean(other) == 0
    with pytest.raises(UsageError):
        check(other)


def test_an_empty_folder_and_a_new_one_are_filled(frozen_copy: Built) -> None:
    for name in ("empty", "new/deep"):
        target = frozen_copy.root / name
        if name == "empty":
            target.mkdir()
        summary = frozen_copy.build(frozen=True, output=target)
        assert summary.written == len(writer.manifest(target)["files"])  # type: ignore[index]
        assert check(target) == []


def test_what_a_killed_build_left_is_taken_away(frozen_copy: Built) -> None:
    half = frozen_copy.root / ".public-0123456789ab"
    half.mkdir()
    (half / "index.html").write_text("half a page")
    before = marks(frozen_copy.public)
    assert render(frozen_copy).written == 0
    assert beside(frozen_copy) == []
    assert marks(frozen_copy.public) == before


def test_a_site_moved_away_by_a_killed_build_comes_back(frozen_copy: Built) -> None:
    before = marks(frozen_copy.public)
    frozen_copy.public.rename(frozen_copy.root / ".public-0123456789ab-old")
    (frozen_copy.root / ".public-0123456789ab").mkdir()
    assert render(frozen_copy).written == 0
    assert marks(frozen_copy.public) == before
    assert beside(frozen_copy) == []


def test_other_folders_beside_the_site_are_left_alone(frozen_copy: Built) -> None:
    # `.public-` and something is what the atlas calls its own; a folder of a person's may begin so
    # too.
    mine = frozen_copy.root / ".public-backup"
    mine.mkdir()
    (mine / "precious.txt").write_text("mine")
    render(frozen_copy)
    assert (mine / "precious.txt").exists()


def test_a_write_that_fails_leaves_the_old_site(
    frozen_copy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = marks(frozen_copy.public)
    frozen_copy.edit("Tiny atlas", "Small atlas")
    count = 0
    real = Writer.write

    def full(self: Writer, name: str, content: bytes | str) -> str:
        nonlocal count
        count += 1
        if count > 20:
            raise OSError(28, "No space left on device")
        return real(self, name, content)

    monkeypatch.setattr(Writer, "write", full)
    with pytest.raises(AtlasError, match="No space left on device"):
        render(frozen_copy)
    assert marks(frozen_copy.public) == before
    assert beside(frozen_copy) == []


def test_without_an_exchanging_system_call_the_swap_is_two_renames(
    frozen_copy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas.web.swap.sys.platform", "darwin")
    frozen_copy.edit("Tiny atlas", "Small atlas")
    assert render(frozen_copy).written > 0
    assert check(frozen_copy.public) == []
    assert beside(frozen_copy) == []


def test_without_hard_links_files_are_copied(
    frozen_copy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("atlas.web.writer.os.link", refuse)
    frozen_copy.edit("Tiny atlas", "Small atlas")
    render(frozen_copy)
    assert check(frozen_copy.public) == []


def test_a_base_url_gives_a_sitemap_of_full_addresses(frozen_copy: Built) -> None:
    frozen_copy.edit("[site]\n", '[site]\nbase_url = "https://atlas.example/maps"\n')
    render(frozen_copy)
    sitemap = (frozen_copy.public / "sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://atlas.example/maps/</loc>" in sitemap
    assert "<loc>https://atlas.example/maps/ja/about/</loc>" in sitemap
    built = frozen_copy.data("minilm-words").about.built[:10]
    place = "https://atlas.example/maps/maps/minilm-words/"
    assert f"<loc>{place}</loc><lastmod>{built}</lastmod>" in sitemap
    assert "404.html" not in sitemap
    assert "/embed/" not in sitemap
    assert (
        "Sitemap: https://atlas.example/maps/sitemap.xml"
        in (frozen_copy.public / "robots.txt").read_text()
    )
    lost = (frozen_copy.public / "ja" / "404.html").read_text(encoding="utf-8")
    assert 'href="/maps/ja/"' in lost
    assert '<link rel="canonical" href="https://atlas.example/maps/about/">' in (
        frozen_copy.public / "about" / "index.html"
    ).read_text(encoding="utf-8")
    settings = config.load(frozen_copy.toml)
    assert settings.site.base_url == "https://atlas.example/maps"


@pytest.mark.parametrize("prefix", ["", "ja/"])
def test_a_base_url_gives_a_feed_of_the_maps(frozen_copy: Built, prefix: str) -> None:
    render(frozen_copy)
    assert not (frozen_copy.public / "feed.xml").exists(), "a feed names full addresses"
    frozen_copy.edit("[site]\n", '[site]\nbase_url = "https://atlas.example/maps"\n')
    render(frozen_copy)
    atom = {"": "http://www.w3.org/2005/Atom"}
    feed = ET.parse(frozen_copy.public / prefix / "feed.xml").getroot()
    base = f"https://atlas.example/maps/{prefix}"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == (prefix.rstrip("/") or "en")
    assert feed.findtext("id", namespaces=atom) == base
    assert feed.find("link[@rel='self']", atom).get("href") == f"{base}feed.xml"  # type: ignore[union-attr]
    entries = feed.findall("entry", atom)
    times = [entry.findtext("updated", namespaces=atom) for entry in entries]
    assert (
        times == sorted(times, reverse=True)
        and feed.findtext("updated", namespaces=atom) == times[0]
    )
    places = {entry.findtext("id", namespaces=atom) for entry in entries}
    maps = {
        path.parent.name for path in (frozen_copy.public / prefix / "maps").glob("*/index.html")
    }
    assert places == {f"{base}maps/{name}/" for name in maps} and len(maps) > 1
    assert all(
        entry.findtext(name, namespaces=atom) for entry in entries for name in ("title", "summary")
    )
    page = (frozen_copy.public / prefix / "about" / "index.html").read_text(encoding="utf-8")
    assert re.search(
        rf'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="{re.escape(base)}feed.xml">',
        page,
    )


def test_other_code_makes_the_site_anew(
    frozen_copy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = writer.manifest(frozen_copy.public)
    assert before is not None
    assert render(frozen_copy).written == 0 and writer.manifest(frozen_copy.public) == before
    monkeypatch.setattr(publish, "code", lambda _: "another")
    assert render(frozen_copy).written == 0  # nothing differs, but it was looked at
    after = writer.manifest(frozen_copy.public)
    assert after is not None and after["key"] != before["key"] and after["files"] == before["files"]


def test_a_file_is_read_again_where_it_may_have_changed(tmp_path: Path) -> None:
    path, memory = tmp_path / "file", tmp_path / "memory.json"
    path.write_bytes(b"one")
    os.utime(path, ns=(0, 0))
    seen = Digests(memory)
    assert seen.of(path) == sha256(path)
    seen.keep()
    known = json.loads(memory.read_text())
    memory.write_text(json.dumps({name: f"{text.split()[0]} told" for name, text in known.items()}))
    assert Digests(memory).of(path) == "told", "it is not read while it looks the same"
    assert Digests(memory, again=True).of(path) == sha256(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(0, 0))  # of the same size and time, but its inode has changed since
    assert Digests(memory).of(path) == sha256(path)


def test_one_changed_byte_in_any_module_changes_the_digest_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "atlas"
    shutil.copytree(
        publish.PACKAGE, copy, ignore=shutil.ignore_patterns("templates", "__pycache__")
    )
    monkeypatch.setattr(publish, "PACKAGE", copy)
    digests = {publish.code(sha256)}
    modules = sorted(copy.rglob("*.py"))
    for path in modules:
        raw = path.read_bytes()
        path.write_bytes(raw + b"#")
        digests.add(publish.code(sha256))
        path.write_bytes(raw)
    assert len(digests) == len(modules) + 1
