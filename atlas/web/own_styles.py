"""An author's style sheets: pictures and fonts that stand beside them go with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from atlas.web.writer import Writer

_URL = re.compile(r"""/\*.*?\*/|url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"')]+))\s*\)""", re.DOTALL)


def publish(root: Path, name: str, source: bytes, writer: Writer) -> str:
    """Write a style sheet and the files that it names; the name of it."""

    def put(found: Path) -> str:
        return Path(writer.hashed(found.name, found.read_bytes())).name

    return writer.hashed(f"{Path(name).stem}.css", _with(root, name, source, put))


def linked(root: Path, name: str) -> tuple[str, ...]:
    """The files that a style sheet names, relative to the folder of atlas.toml."""
    try:
        source = (root / name).read_bytes()
    except OSError:
        return ()
    found = (_beside(root, name, target) for _, target in _targets(source))
    return tuple(
        path.relative_to(root.resolve()).as_posix()
        for path in found
        if path and _within(root, path)
    )


def faults(root: Path, name: str, source: bytes) -> Iterator[str]:
    """`line N: …` for each file that a style sheet names and that is not there."""
    for line, target in _targets(source):
        path = _beside(root, name, target)
        if path is not None and not _within(root, path):
            yield f"line {line}: there is no {target}"


def _targets(source: bytes) -> Iterator[tuple[int, str]]:
    text = source.decode("utf-8", "replace")
    for found in _URL.finditer(text):
        if target := found[1] or found[2] or found[3]:
            yield text.count("\n", 0, found.start()) + 1, target


def _beside(root: Path, name: str, target: str) -> Path | None:
    """The file that an address means; None for one that is not of a file beside the sheet: full, of
    the page, or of a file in static/ as it is seen from the sheet's place in the site."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    path = unquote(parts.path)
    there = (root / name).parent / path
    published = (root / "static" / "assets" / path).resolve()
    if not there.is_file() and _within(root / "static", published):
        return None
    return there.resolve()


def _within(folder: Path, path: Path) -> bool:
    return path.is_file() and path.is_relative_to(folder.resolve())


def _with(root: Path, name: str, source: bytes, put: Callable[[Path], str]) -> bytes:
    def swap(found: re.Match[str]) -> str:
        target = found[1] or found[2] or found[3]
        path = _beside(root, name, target) if target else None
        if path is None or not _within(root, path):
            return found[0]
        fragment = urlsplit(target).fragment
        return f'url("{quote(put(path))}{"#" + fragment if fragment else ""}")'

    try:
        return _URL.sub(swap, source.decode("utf-8")).encode()
    except UnicodeDecodeError:
        return source
