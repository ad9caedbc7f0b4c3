"""Checks of a built site: that its files are as the build wrote them, links lead somewhere, anchors
exist, ids are distinct, and no page or map is too heavy."""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from atlas.errors import AtlasError, UsageError
from atlas.web.writer import MANIFEST, inside, manifest, path_of, same, whole

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
        found = dict(attrs)
        if tag == "html":
            self.language = found.get("lang") or ""
        if tag == "img" and "alt" not in found:
            self.images_without_text += 1
        if name := found.get("id"):
            self.ids.append(name)
        for attribute in ("href", "src", "data-meta"):
            if value := found.get(attribute):
                self.links.append(value)


def check(public: Path) -> list[tuple[str, str]]:
    """Problems of a site as (file, what is wrong), at the address it was built for.

    Raises UsageError where no site was built.
    """
    found = manifest(public)
    if found is None:
        raise UsageError(f"{public}: no site here", "Run `atlas build` first.")
    base = path_of(found)
    problems = list(changes(public, found))
    changed = {name for name, _ in problems}
    pages: dict[str, _Reader] = {}
    for path in sorted(path for path in public.rglob("*.html") if path.is_file()):
        name = path.relative_to(public).as_posix()
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as problem:
            problems += [] if name in changed else [(name, f"cannot be read ({problem.strerror})")]
            continue
        reader = _Reader()
        reader.feed(text)
        pages[name] = reader
    files = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    for name, reader in pages.items():
        problems += [(name, what) for what in _page(public, name, reader)]
        targets = {link: _target(name, link, base) for link in set(reader.links)}
        for link, (target, anchor) in sorted(targets.items()):
            if target is None:
                continue
            if target not in files:
                problems.append((name, f"link to {link}: there is no {target}"))
            elif (
                anchor and target in pages and "=" not in anchor and anchor not in pages[target].ids
            ):
                problems.append((name, f"link to {link}: no element has the id {anchor}"))
    return problems + _weights(public, changed)


def changes(public: Path, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What became of a site's files since the build, by their digests, as (file, what is wrong)."""
    if not whole(found):
        yield MANIFEST, "changed since the build, so what the files should be is not known"
        return
    for name, mark in found["files"].items():
        try:
            path = inside(public, name)
            if not same(path, mark):
                yield name, "changed since the build"
        except FileNotFoundError:
            yield name, "missing, though the build wrote it"
        except OSError as problem:
            yield name, f"cannot be read ({problem.strerror})"
        except AtlasError as problem:
            yield name, problem.message


def _page(public: Path, name: str, reader: _Reader) -> list[str]:
    problems = []
    if len(reader.ids) != len(set(reader.ids)):
        twice = next(one for one in reader.ids if reader.ids.count(one) > 1)
        problems.append(f"the id {twice} is there twice")
    if not reader.language:
        problems.append("its language is not declared")
    if reader.images_without_text:
        problems.append("an image has no alt attribute")
    size = (public / name).stat().st_size
    if size > PAGE_LIMIT:
        problems.append(f"{size:,} bytes of HTML, more than {PAGE_LIMIT:,}")
    return problems


def _target(page: str, link: str, base: str) -> tuple[str | None, str]:
    """The file a link leads to and the anchor in it; None for a link that leaves the site, whose
    root has the path `base` on its host."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None, ""
    path = unquote(parts.path)
    if not path:
        return page, unquote(parts.fragment)
    here = [] if path.startswith("/") else [*base.split("/"), *page.split("/")[:-1]]
    here = [part for part in here if part]
    for part in path.lstrip("/").split("/"):
        if part == "..":
            if not here:
                return "(outside the site)", ""
            here.pop()
        elif part not in ("", "."):
            here.append(part)
    if path.endswith(("/", "/.", "/..")) or path in (".", ".."):
        here.append("index.html")
    found = f"/{'/'.join(here)}"
    if not found.startswith(f"/{base}/".replace("//", "/")):
        return "(outside the site)", ""
    return found.removeprefix(f"/{base}").lstrip("/"), unquote(parts.fragment)


def _weights(public: Path, changed: Collection[str]) -> list[tuple[str, str]]:
    """Maps and scripts that are too heavy; files that `changed` say nothing of it."""
    problems = []
    for path in sorted((public / "assets" / "maps").glob("*.json")):
        if f"assets/maps/{path.name}" in changed or MANIFEST in changed:
            continue
        meta = json.loads(path.read_text(encoding="utf-8"))
        names = {f"assets/maps/{name}" for name in _fetched(meta)}
        if not names or names & set(changed):
            continue
        size = len(gzip.compress(path.read_bytes()))
        size += sum((public / name).stat().st_size for name in names)
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


def _fetched(meta: dict[str, Any]) -> tuple[str, ...]:
    """The files that a map page fetches before it is drawn; none of a map in tiles."""
    if "files" not in meta:
        return ()
    return meta["projections"][meta["main"]]["file"], meta["files"]["texts"]
