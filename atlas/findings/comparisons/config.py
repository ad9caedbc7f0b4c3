"""The table [[compare]] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator

from atlas.config.fields import Part, Text, distinct
from atlas.config.names import Names, Table


class Compare(Part):
    """Two maps side by side, over the tokens that both show, and how alike their spaces are."""

    maps: Annotated[tuple[str, str], AfterValidator(distinct)]
    """The ids of the maps, <model>-<name>. The second is turned and scaled to lie on the first."""
    title: Text | None = None
    """Its title on the site; made of both maps' titles when left out."""
    description: Text | None = None
    """A sentence under the title."""

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return "--".join(self.maps)

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Maps that do not exist, and pairs that are compared already."""
        for table in tables:
            maps = list(table.texts("maps"))
            for place, map_id in maps:
                if fault := names.unknown("map", map_id):
                    yield f"{place}: {fault}"
            pair = " ".join(map_id for _, map_id in maps) if len(maps) == 2 else None
            if owner := names.take("comparison", pair, table.place):
                yield f"{table.place}.maps: compared in {owner} already"
