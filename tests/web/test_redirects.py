"""Pages that moved are found where they are now."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st

from atlas.errors import ConfigError
from atlas.web.redirects import FILE, MOST, read_redirects, write_redirects
from atlas.web.writer import Writer

PARTS = st.text(st.sampled_from("ab é語#-%"), min_size=1, max_size=5)


def _pages(folder: Path) -> set[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("index.html"))
    return {name.removesuffix("index.html") for name in found}


def test_a_cluster_that_is_named_anew_is_found_at_its_old_address(atlas_copy: Built) -> None:
    """Its first token leads to the cluster that holds it now, build after build."""
    before = _pages(atlas_copy.public)
    toml = atlas_copy.toml.read_text("utf-8")
    first = toml.replace("clusters = { coarse = 40, fine = 20 }", "clusters = { coarse = 90 }")
    for text in (first, first.replace("coarse = 90", "coarse = 60")):
        assert text != toml
        atlas_copy.toml.write_text(text, "utf-8")
        atlas_copy.build()
        now = _pages(atlas_copy.public)
        rules = read_redirects((atlas_copy.public / FILE).read_text("utf-8"))
        gone = {page for page in before - now if "/clusters/" in page}
        assert gone and gone <= rules.keys()
        for old, new in rules.items():
            page, _, anchor = new.partition("#")
            html = (atlas_copy.public / page / "index.html").read_text("utf-8")
            assert not anchor or anchor.startswith("t=") or f'id="{anchor}"' in html
            assert old.startswith("ja/") == new.startswith("ja/")
        before |= now
    data = atlas_copy.data("minilm-words")
    texts = dict(zip(data.column("token_id").tolist(), data.strings("text"), strict=True))
    for old, new in rules.items():
        named = re.search(r"maps/minilm-words/clusters/(?:.*-)?(\d+)-region/$", old)
        if named and "#" not in new:
            html = (atlas_copy.public / new / "index.html").read_text("utf-8")
            assert f">{texts[int(named[1])]}<" in html


def test_nothing_is_redirected_where_nothing_moved(tiny_atlas: Built) -> None:
    assert not (tiny_atlas.public / FILE).exists()


@given(moved=st.dictionaries(PARTS, PARTS, max_size=5), gone=st.sets(PARTS, max_size=3))
def test_rules_are_read_as_they_are_written(
    tmp_path_factory: object, moved: dict[str, str], gone: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("site")  # type: ignore[attr-defined]
    old = {f"{name}/index.html": [0, ""] for name in (*moved, *gone)}
    writer = Writer(folder, folder, {"files": old})
    found = {f"{name}/": f"{new}/" for name, new in moved.items() if name not in gone}
    write_redirects(writer, found.get, {})
    assert (FILE in writer.files) == bool(found)
    if found:
        text = (folder / FILE).read_text("utf-8")
        assert {
            old: new.replace("%20", " ") for old, new in read_redirects(text).items()
        }.keys() == (found.keys())


def test_a_file_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("/x /y 302\n", "utf-8")
    writer = Writer(tmp_path / "new", tmp_path, {"files": {"a/index.html": [0, ""]}})
    write_redirects(writer, {"a/": "b/"}.get, {})
    assert FILE not in writer.files


def test_there_are_no_more_rules_than_hosts_read(tmp_path: Path) -> None:
    old = {f"{number}/index.html": [0, ""] for number in range(MOST + 50)}
    writer = Writer(tmp_path, tmp_path, json.loads(json.dumps({"files": old})))
    write_redirects(writer, lambda address: "there/", {})
    assert len(read_redirects((tmp_path / FILE).read_text("utf-8"))) == MOST


ADDRESSES = st.text(st.sampled_from("ab é%20語-"), min_size=1, max_size=6).filter(
    lambda text: text.strip() == text
)


@given(st.dictionaries(ADDRESSES, st.sampled_from(["about/", "about/#b", "x語/"]), max_size=4))
@pytest.mark.parametrize("base", ["", "https://x.example", "https://x.example/a/b"])
def test_old_addresses_lead_on_below_any_address_of_the_site(
    tmp_path_factory: pytest.TempPathFactory, base: str, asked: dict[str, str]
) -> None:
    """By rules, which a proxy may have taken a path from, and by pages."""
    folder = tmp_path_factory.mktemp("site")
    writer = Writer(folder, folder / "none", {})
    for page in ("about", "x語"):
        writer.write(f"{page}/index.html", "")
    write_redirects(writer, {}.get, asked, base, warn=pytest.fail)
    rules = read_redirects((folder / FILE).read_text("utf-8"), base) if asked else {}
    assert {old: unquote(new) for old, new in rules.items()} == asked
    for line in (folder / FILE).read_text("utf-8").splitlines() if asked else ():
        if line.startswith("/"):
            _, to, code = line.split()
            assert line.isascii() and code == "301"
            assert to.startswith(f"{base}/" if base.count("/") > 2 else "/")
    for old, new in asked.items():
        html = (folder / old / "index.html").read_text("utf-8")
        assert f'content="0; url=../{new}"' in html


def test_chains_are_cut_short_and_what_leads_to_nothing_is_told(tmp_path: Path) -> None:
    writer = Writer(tmp_path, tmp_path / "none", {})
    writer.write("about/index.html", "")
    told: list[str] = []
    asked = {"a": "b#x", "b/": "c/", "c": "about/", "d": "abuot/", "e": "https://e.example/"}
    own = "/own /x\n# more\n/any/* /y/:splat\n/last /z\n"
    write_redirects(writer, {}.get, asked, own=own, warn=told.append)
    assert told == [
        "redirects.\"d\": leads to 'abuot/', which the site has not (did you mean about/?)"
    ]
    rules = [line for line in (tmp_path / FILE).read_text("utf-8").splitlines() if line[0] == "/"]
    assert rules == [
        "/own /x",
        "/a /about/#x 301",
        "/b/ /about/ 301",
        "/c /about/ 301",
        "/d /abuot/ 301",
        "/e https://e.example/ 301",
        "/any/* /y/:splat",
        "/last /z",
    ]


def test_what_the_site_has_is_not_led_away_from(tmp_path: Path) -> None:
    writer = Writer(tmp_path, tmp_path / "none", {})
    for name in ("about/index.html", "a.txt"):
        writer.write(name, "")
    with pytest.raises(ConfigError) as caught:
        write_redirects(writer, {}.get, {"about": "x", "a.txt": "about/", "ok": "about/"})
    assert len(caught.value.problems) == 2 and FILE not in writer.files
