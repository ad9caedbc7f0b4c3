"""Checks of a built site: targets of links exist, ids are distinct, no page or map is too large."""

from __future__ import annotations

import gzip
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from atlas.errors import UsageError
from atlas.web.writer import manifest

PAGE_LIMIT = 200_000  # bytes of HTML; a page of text beyond this is slow on a phone
DATA_LIMIT = 300_000  # bytes a map page fetches before it is drawn and labelled
RUNTIME_LIMIT = 560_000  # bytes of the map runtime, gzip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.ids: list[str] = []
        self.language = ""
        self.images_without_text = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag == "img" and "alt" not in values:
            self.images_without_text += 1
        if name := values.get("id"):
            self.ids.append(name)
        for attribute in ("href", "src", "data-meta"):
            if value := values.get(attribute):
                self.links.append(value)


def check(public: Path) -> list[tuple[str, str]]:
    """Problems of a site as (file, message). Raises UsageError when no site was built."""
    record = manifest(public)
    if record is None:
        raise UsageError(f"{public}: no site here", "Run `atlas build` first.")
    problems = [
        (name, "missing, though the build wrote it")
        for name in record["files"]
        if not (public / name).is_file()
    ]
    problems += [
        (name, "its size changed since the build")
        for name, mark in record["files"].items()
        if (public / name).is_file() and (public / name).stat().st_size != mark[0]
    ]
    pages: dict[str, _Reader] = {}
    for path in sorted(public.rglob("*.html")):
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        pages[path.relative_to(public).as_posix()] = reader
    files = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    for name, reader in pages.items():
        problems += [(name, what) for what in _page(public, name, reader)]
        targets = {link: _target(name, link) for link in set(reader.links)}
        for link, (target, anchor) in sorted(targets.items()):
            if target is None:
                continue
            if target not in files:
                problems.append((name, f"link to {link}: there is no {target}"))
            elif (
                anchor and target in pages and "=" not in anchor and anchor not in pages[target].ids
            ):
                problems.append((name, f"link to {link}: no element has the id {anchor}"))
    return problems + _weights(public)


def _page(public: Path, name: str, reader: _Reader) -> list[str]:
    problems = []
    if len(reader.ids) != len(set(reader.ids)):
        twice = next(mark for mark in reader.ids if reader.ids.count(mark) > 1)
        problems.append(f"the id {twice} is there twice")
    if not reader.language:
        problems.append("its language is not declared")
    if reader.images_without_text:
        problems.append("an image has no alt attribute")
    size = (public / name).stat().st_size
    if size > PAGE_LIMIT:
        problems.append(f"{size:,} bytes of HTML, more than {PAGE_LIMIT:,}")
    return problems


def _target(page: str, link: str) -> tuple[str | None, str]:
    """The file and the anchor that a link leads to; None as file for a link out of the site."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None, ""
    path = unquote(parts.path)
    if not path:
        return page, unquote(parts.fragment)
    base = [] if path.startswith("/") else page.split("/")[:-1]
    for part in path.lstrip("/").split("/"):
        if part == "..":
            if not base:
                return "(outside the site)", ""
            base.pop()
        elif part not in ("", "."):
            base.append(part)
    if path.endswith(("/", "/.", "/..")) or path in (".", ".."):
        base.append("index.html")
    return "/".join(base), unquote(parts.fragment)


def _weights(public: Path) -> list[tuple[str, str]]:
    problems = []
    for path in sorted((public / "assets" / "maps").glob("*.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        if "files" not in meta:
            continue
        size = len(gzip.compress(path.read_bytes()))
        size += sum(
            (path.parent / name).stat().st_size
            for name in (meta["projections"][meta["main"]]["file"], meta["files"]["texts"])
        )
        if meta["tokens"] <= 35_000 and size > DATA_LIMIT:
            problems.append(
                (
                    f"assets/maps/{path.name}",
                    f"a map page fetches {size:,} bytes, more than {DATA_LIMIT:,}",
                )
            )
    for path in (public / "assets").glob("plotly-map.min.*.js"):
        size = len(gzip.compress(path.read_bytes(), 9))
        if size > RUNTIME_LIMIT:
            problems.append(
                (f"assets/{path.name}", f"{size:,} bytes compressed, more than {RUNTIME_LIMIT:,}")
            )
    return problems
