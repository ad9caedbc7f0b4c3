"""Checks of a built site: that its files are as the build wrote them, links lead somewhere, anchors
exist, ids are distinct, and no page or map is too heavy."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from atlas.errors import AtlasError, UsageError
from atlas.web.writer import MANIFEST, inside, manifest, path_of, same, whole

PAGE_LIMIT = 200_000  # bytes of HTML; a page of text beyond this is slow on a phone
DATA_LIMIT = 300_000  # bytes a map page fetches before it is drawn and labelled
_PART = 100  # pages read at a time
_MANY = 5  # such parts, from which on several processes read them
RUNTIME_LIMIT = 560_000  # bytes of the map runtime, gzip


# A start tag after the rules of HTML, or a comment; html.parser takes four times as long
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+|(?=>)))?+"""
)
_MARKUP = re.compile(
    rf"<(?:!--(?:-?>|.*?(?:--!?>|\Z))|([a-zA-Z][^\s/>]*+)((?:{_ATTRIBUTE.pattern})*+)[\s/]*+>)",
    re.DOTALL,
)
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])|\Z", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "iframe", "xmp", "noembed", "noframes")
}
_TOLD = re.compile("href|src|id|data-meta|lang|alt", re.IGNORECASE)


class Outline:
    """What a page's HTML says of links, ids, its language and images."""

    def __init__(self, html: str) -> None:
        self.links: list[str] = []
        self.ids: list[str] = []
        self.language = ""
        self.images_without_text = 0
        place = 0
        while found := _MARKUP.search(html, place):
            place = found.end()
            if found[1] is None:
                continue
            tag = found[1].lower()
            if tag == "img" or _TOLD.search(found[2]):
                self._tag(tag, attributes(found[2]))
            if tag in _RAW:
                end = _RAW[tag].search(html, place)
                place = end.start() if end else len(html)

    def _tag(self, tag: str, found: dict[str, str]) -> None:
        if tag == "html":
            self.language = found.get("lang", "")
        if tag == "img" and "alt" not in found:
            self.images_without_text += 1
        if name := found.get("id"):
            self.ids.append(name)
        for attribute in ("href", "src", "data-meta"):
            if value := found.get(attribute):
                self.links.append(value)


def attributes(tag: str) -> dict[str, str]:
    """The attributes within a start tag; of two of one name the first counts."""
    found: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(tag):
        own = value[1:-1] if value[:1] in ('"', "'") else value
        found.setdefault(name.lower(), unescape(own) if "&" in own else own)
    return found


DRAFT = '<p class="meta" data-draft>'  # of templates/content/page.html


@dataclass(frozen=True)
class _Page:
    """What a page holds that others are held to, and what is wrong with it by itself."""

    links: frozenset[str]
    ids: frozenset[str]
    problems: tuple[str, ...]


def check(
    public: Path, *, jobs: int = 1, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[tuple[str, str]]:
    """Problems of a site as (file, what is wrong), at the address it was built for. `progress` is
    told how many files of all were read, pages twice: for their digest, and for their links.

    Raises UsageError where no site was built.
    """
    found = manifest(public)
    if found is None:
        raise UsageError(f"{public}: no site here", "Run `atlas build` first.")
    files = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    names = sorted(name for name in files if name.endswith(".html"))
    hashed, total = len(found["files"]), len(found["files"]) + len(names)
    problems = list(changes(public, found, jobs=jobs, progress=lambda done: progress(done, total)))
    changed = {name for name, _ in problems}
    pages: dict[str, _Page] = {}
    for part in _read(public, names, jobs):
        for name, page in part:
            if isinstance(page, _Page):
                pages[name] = page
            elif name not in changed:
                problems.append((name, page))
        hashed += len(part)
        progress(hashed, total)
    problems += _faults(pages, files, path_of(found))
    return problems + _weights(public, changed)


def _faults(
    pages: dict[str, _Page], files: Collection[str], base: str
) -> Iterator[tuple[str, str]]:
    """What is wrong with pages by themselves, and with their links."""
    for name, page in pages.items():
        yield from ((name, what) for what in page.problems)
        targets = {link: _target(name, link, base) for link in page.links}
        for link, (target, anchor) in sorted(targets.items()):
            if target is None:
                continue
            if target not in files:
                yield name, f"link to {link}: there is no {target}"
            elif (
                anchor and target in pages and "=" not in anchor and anchor not in pages[target].ids
            ):
                yield name, f"link to {link}: no element has the id {anchor}"


def _read(public: Path, names: Sequence[str], jobs: int) -> Iterator[list[tuple[str, _Page | str]]]:
    """Pages by name, or why one cannot be read; in processes where there are many."""
    parts = [(public, names[begin : begin + _PART]) for begin in range(0, len(names), _PART)]
    if jobs < 2 or len(parts) < _MANY:
        yield from map(_seen, parts)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(parts)), spawn) as pool:
        yield from pool.map(_seen, parts)


def _seen(asked: tuple[Path, Sequence[str]]) -> list[tuple[str, _Page | str]]:
    public, names = asked
    found: list[tuple[str, _Page | str]] = []
    for name in names:
        try:
            text = (public / name).read_text(encoding="utf-8", errors="replace")
        except OSError as problem:
            found.append((name, f"cannot be read ({problem.strerror})"))
            continue
        reader = Outline(text)
        problems = tuple(_page(public, name, reader))
        if DRAFT in text:
            problems += ("a draft, which `atlas serve` made; run `atlas build` before you publish",)
        found.append((name, _Page(frozenset(reader.links), frozenset(reader.ids), problems)))
    return found


def changes(
    public: Path,
    found: dict[str, Any],
    *,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[str, str]]:
    """What became of a site's files since the build, by their digests, as (file, what is wrong)."""
    if not whole(found):
        yield MANIFEST, "changed since the build, so what the files should be is not known"
        return
    with ThreadPoolExecutor(jobs) as pool:  # digests are taken beside one another
        told = pool.map(partial(_change, public), *zip(*found["files"].items(), strict=True))
        for done, (name, problem) in enumerate(zip(found["files"], told, strict=True), 1):
            progress(done)
            if problem:
                yield name, problem


def _change(public: Path, name: str, mark: list[Any]) -> str | None:
    try:
        return None if same(inside(public, name), mark) else "changed since the build"
    except FileNotFoundError:
        return "missing, though the build wrote it"
    except OSError as problem:
        return f"cannot be read ({problem.strerror})"
    except AtlasError as problem:
        return problem.message


def _page(public: Path, name: str, reader: Outline) -> list[str]:
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
