"""The line of a TOML file at which a key stands. `tomllib` does not tell it, so the file is read
once more, by its headers and the keys at the beginning of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""\[(\d+)\]|"([^"]*)"|'([^']*)'|([\w-]+)""")

Keys = list[str | int]


def line_of(text: str, place: str) -> int:
    """The line, from 1, of what a place such as `models[0].maps[1].name` names, or of the innermost
    table around it that has one; 0 where there is none."""
    wanted = _keys(place)
    best, found = 0, 0
    for number, path in _places(text):
        if len(path) > best and path == wanted[: len(path)]:
            best, found = len(path), number
    return found


def _places(text: str) -> Iterator[tuple[int, Keys]]:
    """The line and the path of each header and each key at the beginning of a line."""
    counts: dict[tuple[str | int, ...], int] = {}
    table: Keys = []
    quoted = False
    for number, line in enumerate(text.splitlines(), 1):
        inside, quoted = quoted, quoted ^ bool(len(re.findall("\"\"\"|'''", line)) % 2)
        if inside:
            continue
        if header := _HEADER.match(line):
            table = _table(_keys(header[2]), header[1] == "[[", counts)
            yield number, table
        elif key := _KEY.match(line):
            yield number, [*table, *_keys(key[1])]


def _table(names: Keys, listed: bool, counts: dict[tuple[str | int, ...], int]) -> Keys:
    """The path of a header: tables of a list have their number in it."""
    path: Keys = []
    for place, name in enumerate(names):
        path.append(name)
        last = place == len(names) - 1
        if last and listed:
            counts[tuple(path)] = counts.get(tuple(path), -1) + 1
        if tuple(path) in counts:
            path.append(counts[tuple(path)])
    return path


def _keys(place: str) -> Keys:
    return [
        int(one[1]) if one[1] else str(one[2] or one[3] or one[4] or "")
        for one in _PART.finditer(place)
    ]
