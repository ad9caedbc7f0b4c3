"""`_headers`: one rule for every path of a site, from the pages and files that exist."""

from __future__ import annotations

import hashlib
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from conftest import Built

from atlas.web.headers import (
    FILE,
    FRAMED,
    LASTING,
    MOST,
    OPEN,
    PAGE,
    Headers,
    header_rules,
    headers_of,
    read_headers,
    write_headers,
)
from atlas.web.writer import Writer

PAGES = {
    "": False,
    "404.html": False,
    "about/": False,
    "embed/m/": True,
    "maps/m/": False,
    "maps/m/clusters/9-region/": False,
}
PAGES |= {f"ja/{address}": framed for address, framed in PAGES.items()}
FILES = {
    "/assets/map.9e16a5066d.js": LASTING,
    "/assets/maps/m.points.5bf5b46e25.bin": LASTING,
    "/data/m.json": OPEN,
    "/oembed/m.json": OPEN,
    "/ja/oembed/m.json": OPEN,
    "/frame.js": OPEN,
    "/robots.txt": OPEN,
    "/sitemap.xml": OPEN,
    "/ja/feed.xml": OPEN,
}
NAMES = [
    f"{address}index.html" if address == "" or address.endswith("/") else address
    for address in PAGES
]
RULES = header_rules(PAGES, [*NAMES, *(path.removeprefix("/") for path in FILES)])
EXPECTED: dict[str, Headers] = FILES | {
    f"/{address}": FRAMED if framed else PAGE for address, framed in PAGES.items()
}


def matching(path: str, rules: list[tuple[str, Headers]]) -> list[str]:
    return [pattern for pattern, _ in rules if fnmatchcase(path, pattern)]


@pytest.mark.parametrize("path", EXPECTED)
def test_each_path_has_one_rule(path: str) -> None:
    assert len(matching(path, RULES)) == 1
    assert headers_of(path, RULES) == EXPECTED[path]


def test_rules_are_those_of_the_largest_folders() -> None:
    patterns = [pattern for pattern, _ in RULES]
    assert len(set(patterns)) == len(patterns) == 18
    assert {"/", "/404.html", "/maps/*", "/embed/*", "/ja/", "/ja/maps/*", "/assets/*"} <= {
        *patterns
    }
    assert all(pattern.count("*") <= 1 for pattern in patterns)
    below = header_rules({"a/x/": True, "a/y/": False}, ["a/x/index.html", "a/y/index.html"])
    assert below == [("/a/x/*", FRAMED), ("/a/y/*", PAGE)]


def test_only_names_with_a_digest_are_kept_for_long() -> None:
    assert "immutable" in LASTING["Cache-Control"]
    assert not any("Cache-Control" in headers for headers in (PAGE, FRAMED, OPEN))
    assert PAGE["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert FRAMED["Content-Security-Policy"] == "frame-ancestors *"


def test_every_file_of_a_built_site_has_its_rule(tiny_atlas: Built) -> None:
    rules = read_headers((tiny_atlas.public / FILE).read_text(encoding="utf-8"))
    assert len(rules) < MOST
    for file in tiny_atlas.public.rglob("*"):
        path = "/" + file.relative_to(tiny_atlas.public).as_posix().removesuffix("index.html")
        if file.is_file() and not file.name.startswith((".", "_")):
            assert len(matching(path, rules)) == 1, path
            framed = path.removeprefix("/ja").startswith("/embed/")
            if file.suffix == ".html":
                assert headers_of(path, rules) == (FRAMED if framed else PAGE), path


def test_what_is_kept_for_long_has_a_digest_of_its_content(tiny_atlas: Built) -> None:
    kept = [
        path
        for path in (tiny_atlas.public / "assets").rglob("*")
        if path.is_file() and path.suffix != ".txt"
    ]  # a licence
    assert len(kept) > 15
    for path in kept:
        folder = path.relative_to(tiny_atlas.public / "assets").parts[0]
        if re.fullmatch(r"scripts\.[0-9a-f]{10}", folder):
            continue  # modules that were not bundled: the digest of all is in the folder's name
        assert re.fullmatch(r"[\w.-]+\.[0-9a-f]{10}\.\w+", path.name), path
        assert (
            hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.name.split(".")[-2])
            or path.suffix == ".json"
        )


def writer(root: Path, before: dict[str, object]) -> Writer:
    for name in ("old", "new"):
        (root / name).mkdir(exist_ok=True)
    made = Writer(root / "new", root / "old", {"files": before})
    for name in NAMES:
        made.write(name, "")
    return made


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    warned: list[str] = []
    write_headers(PAGES, writer(tmp_path, {}), warned.append)
    assert read_headers((tmp_path / "new" / FILE).read_text()) == header_rules(PAGES, NAMES)
    assert warned == []
    assert read_headers("lost: 1\n# x\n/a # b\n  X: y: z\n  no value\n") == [
        ("lost: 1", {}),
        ("/a # b", {"X": "y: z"}),
    ]


def test_more_rules_than_a_host_reads_are_told(tmp_path: Path) -> None:
    many = {f"{number}/": False for number in range(MOST + 1)}
    filled = writer(tmp_path, {})
    for address in many:
        filled.write(f"{address}index.html", "")
    warned: list[str] = []
    write_headers(many, filled, warned.append)
    assert len(warned) == 1 and "Cloudflare" in warned[0]


def test_a_file_of_one_s_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / FILE).write_text("/*\n  X-A: b\n")
    write_headers(PAGES, writer(tmp_path, {}), print)
    assert not (tmp_path / "new" / FILE).exists()
    write_headers(PAGES, writer(tmp_path, {FILE: [0, ""]}), print)
    assert (tmp_path / "new" / FILE).exists()
