"""Whatever stands in an atlas's own templates, a build works or says which file is wrong: no
traceback, the old site whole."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import borders
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.web.theme import theme

FILES = [
    "home.html", "base.html", "404.html", "maps/map.html", "maps/poster.html", "maps/cluster.html",
    "locale/en/LC_MESSAGES/atlas.po", "locale/ja/LC_MESSAGES/atlas.po", "maps/map.css", "assets/site.css",
    "assets/vendor/scripts/list.json",
]  # fmt: skip
ODD = [
    b"\xff\xfe", b"{{ ", b"{% include 'home.html' %}", b"{% extends 'home.html' %}", b"{{ 1 / 0 }}", b"{{ x.y }}",
    b"{% for a in 3 %}{% endfor %}", b"{{ view[0] }}", b"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", b"\x00",
    b"{% import 'nowhere.html' as n %}", b"{{ 10 ** 10 ** 3 | int }}", b"{{ link(3) }}", b'msgid "', b"msgid 3\n",
    b"{{ 'a' | nofilter }}", b"{% raw %}", b"\xe3\x81", b"{{ _('%(x)s') }}", b"{{ style('none') }}", b"{{ range(3)() }}",
]  # fmt: skip


@pytest.fixture
def built(awkward: Path, capsys: Any) -> Path:
    assert borders.run(capsys, "build", "--frozen", "--only", "m-words", str(awkward))[0] == 0
    return awkward


def put(folder: Path, name: str, content: bytes) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), name=st.sampled_from(FILES))
def test_theme(built: Path, capsys: Any, seed: int, name: str) -> None:
    choose = random.Random(seed)
    source = theme() / name
    raw = bytearray(source.read_bytes() if source.is_file() else b"")
    for _ in range(choose.choice([1, 1, 3])):
        place = choose.randrange(len(raw) + 1)
        raw[place:place] = choose.choice(ODD)
    put(built, name, bytes(raw))
    before, old = borders.contents(built, "public", ".atlas"), borders.contents(built / "public")
    code, said = borders.run(capsys, "build", "--frozen", "--only", "m-words", str(built))
    assert borders.contents(built, "public", ".atlas") == before
    if code:
        assert borders.contents(built / "public") == old
        assert "templates" in said or "atlas.po" in said, said
    shutil.rmtree(built / "templates")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("404.html", b"{% include '404.html' %}", "templates/404.html"),
        ("404.html", b"\xff", "templates/404.html"),
        ("404.html", b"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "templates/404.html"),
        ("locale/en/LC_MESSAGES/atlas.po", b'msgid "\xff', "atlas.po"),
    ],
)
def test_which_file_is_told(built: Path, capsys: Any, name: str, content: bytes, told: str) -> None:
    old = borders.contents(built / "public")
    put(built, name, content)
    code, said = borders.run(capsys, "build", "--frozen", "--only", "m-words", str(built))
    assert code == 1 and told in said
    assert borders.contents(built / "public") == old


def test_links_in_a_circle_are_no_trouble(built: Path, capsys: Any) -> None:
    (built / "templates" / "maps").mkdir(parents=True)
    (built / "templates" / "maps" / "round").symlink_to(built / "templates")
    (built / "templates" / "loop.html").symlink_to("loop.html")
    assert borders.run(capsys, "build", "--frozen", "--only", "m-words", str(built))[0] == 0
