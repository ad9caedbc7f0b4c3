"""The names of tables of atlas.toml, and the references between them.

Pydantic checks a table's own keys. The class method `cross_check` of its class (`fields.Part`)
checks the references to other tables, on the tables as they are in the file, so that these faults
are reported together with all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from atlas.config.faults import nearest


class Table(NamedTuple):
    """A table of the file: its place, such as `models[0]`, and its unchecked keys."""

    place: str
    keys: Mapping[str, object]

    def text(self, key: str) -> str | None:
        """The value of a key if it is text, else None."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> Iterator[tuple[str, str]]:
        """The texts in a list, each with its place, such as `compare[0].maps[1]`."""
        values = self.keys.get(key)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield f"{self.place}.{key}[{index}]", value


def tables(keys: Mapping[str, object], key: str, place: str = "") -> list[Table]:
    """The tables under a key of the table at `place`; other values there are left out."""
    value = keys.get(key)
    here = f"{place}.{key}".removeprefix(".")
    if isinstance(value, dict):
        return [Table(here, value)]
    items = value if isinstance(value, list) else []
    return [
        Table(f"{here}[{index}]", item)
        for index, item in enumerate(items)
        if isinstance(item, dict)
    ]


class Names:
    """The names taken so far, by sort (`model`, `map`, `landmark` …), each with the place of its
    table."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, str]] = {}

    def take(self, sort: str, name: str | None, place: str) -> str | None:
        """Give a name to the table at `place`. Returns the place of the table that has the name
        already; None where it was free or `name` is None."""
        if name is None:
            return None
        places = self._places.setdefault(sort, {})
        owner = places.setdefault(name, place)
        return owner if owner != place else None

    def known(self, sort: str, name: str | None) -> bool:
        """Whether something of the sort has the name."""
        return name is not None and name in self._places.get(sort, {})

    def unknown(self, sort: str, name: str | None) -> str | None:
        """`no model 'x' (did you mean y?)` if no table of the sort has the name, else None."""
        known = self._places.get(sort, {})
        if name is None or name in known:
            return None
        return f"no {sort} {name!r}{nearest(name, known)}"
