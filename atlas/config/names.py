"""What tables of atlas.toml are called, and what they say of one another.

A table's own keys are checked by pydantic; what only shows beside other tables is checked by the
class method `cross_check` of its class (`fields.Part`), on the tables as they stand in the file, so
that it is told together with every other fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from atlas.config.faults import nearest


class Table(NamedTuple):
    """A table as it stands in the file: its place, such as `models[0]`, and its unchecked keys."""

    place: str
    keys: Mapping[str, Any]

    def text(self, key: str) -> str | None:
        """The value of a key where it is text."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> Iterator[tuple[str, str]]:
        """The texts in a list, each with its place, such as `compare[0].maps[1]`."""
        values = self.keys.get(key)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield f"{self.place}.{key}[{index}]", value


def tables(keys: Mapping[str, Any], key: str, place: str = "") -> list[Table]:
    """The tables under a key of the table at `place`; what is there and no table is left out."""
    value = keys.get(key)
    here = f"{place}.{key}".removeprefix(".")
    if isinstance(value, dict):
        return [Table(here, value)]
    entries = value if isinstance(value, list) else []
    return [
        Table(f"{here}[{index}]", entry)
        for index, entry in enumerate(entries)
        if isinstance(entry, dict)
    ]


class Names:
    """The names given so far, by sort of thing (`model`, `map`, `landmark` …), each with the place
    of the table that has it."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, str]] = {}

    def take(self, sort: str, name: str | None, place: str) -> str | None:
        """Give a name to the table at `place`; the place of the table that has it already, None
        where it was free or there is no name."""
        if name is None:
            return None
        places = self._places.setdefault(sort, {})
        owner = places.setdefault(name, place)
        return owner if owner != place else None

    def unknown(self, sort: str, name: str | None) -> str | None:
        """`no model 'x' (did you mean y?)` where nothing of the sort has the name, else None."""
        known = self._places.get(sort, {})
        if name is None or name in known:
            return None
        return f"no {sort} {name!r}{nearest(name, known)}"
