"""The table [redirects] of atlas.toml: old addresses, and what they lead to now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import AfterValidator

_OLD = "write an address below the root of the site, as in `old/page/`"
_NEW = "write a full address, or one below the root of the site, as in `about/`"
LONGEST = 200  # bytes of a part of an address: file names have room for 255


def _old(value: str) -> str:
    """An old address as files have it, without what is written for browsers (`%20`)."""
    plain = unquote(value)
    parts = plain.removesuffix("/").split("/")
    if not re.fullmatch(r"[\w.~%/-]+", value) or not plain.isprintable():
        raise ValueError(_OLD)
    if any(
        not part or (part[0] in "._" and "/" not in value) or set(part) <= {"."} for part in parts
    ):
        raise ValueError(_OLD)
    if any(set(part) & set('\\:*?"<>|') or len(part.encode()) > LONGEST for part in parts):
        raise ValueError(_OLD)
    return plain


def _new(value: str) -> str:
    full = re.match(r"https?://[^/]", value)
    below = not value.startswith("/") and ":" not in value.partition("/")[0]
    if not re.fullmatch(r"[^\s\"<>\\^`{|}]*", value) or not (full or below):
        raise ValueError(_NEW)
    return value


Redirects = dict[Annotated[str, AfterValidator(_old)], Annotated[str, AfterValidator(_new)]]


def plain(address: str) -> str:
    """An address below the root of the site without what it may be written with or without."""
    path = unquote(address.partition("#")[0].partition("?")[0])
    return path.removesuffix("index.html").rstrip("/")


def faults(table: object) -> Iterator[str]:
    """A line for each old address that is there twice, or leads back to itself. `table` is as it
    stands in the file."""
    if not isinstance(table, Mapping):
        return
    rows = {old: new for old, new in table.items() if isinstance(new, str)}
    known: dict[str, str] = {}
    for old in rows:
        if (first := known.setdefault(plain(old), old)) != old:
            yield f'redirects."{old}": is the address of {first!r} already'
    for old in rows:
        if last(old, rows) is None:
            yield f'redirects."{old}": leads back to itself'


def last(old: str, rows: Mapping[str, str]) -> str | None:
    """What an old address leads to in the end; None where that is itself."""
    steps = {plain(one): new for one, new in rows.items()}
    seen: set[str] = set()
    here = old
    while (place := plain(here)) in steps and "://" not in here:
        if place in seen:
            return None
        seen.add(place)
        anchor = here.partition("#")[2]
        here = steps[place]
        if anchor and "#" not in here:
            here = f"{here}#{anchor}"
    return here


def rule(old: str) -> str:
    """An old address as a file of rules has it."""
    return "/" + quote(old, safe="/~")
