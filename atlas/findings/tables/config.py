"""The table [tables] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.config.fields import Flag, Part
from atlas.config.names import Names, Table


class Tables(Part):
    """A page of each model's input table: its rows beside its tokens, tokens that look untrained,
    and the shape of the space. On by default."""

    enabled: Flag = True
    """Whether there are pages and files of tables at all."""
    verify: Flag = False
    """Whether tokens that look untrained are also put to the model, where it has a head for words:
    it is asked to repeat them. Takes the time of running it."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Nothing: it names nothing of other tables."""
        yield from ()
