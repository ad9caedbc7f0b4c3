"""Pages that moved are found where they are now."""

from __future__ import annotations

import json
import re
from pathlib import Path

from conftest import Built
from hypothesis import given
from hypothesis import strategies as st

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
