"""What flows between stages: frozen records of named arrays and plain JSON values.

Every record is checked when it is made, so a wrong shape is an error where it arises and not three
stages later. Arrays are `numpy.ndarray`; everything else is JSON (strings, numbers, tuples, dicts,
None). That is all the store needs to write a record without pickles, and all another language needs
to read it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from atlas.errors import StageError


def need(condition: bool, record: object, what: str) -> None:
    if not condition:
        raise StageError(
            f"{type(record).__name__}: {what}", "This is a fault in a stage; please report it."
        )


RECORDS: dict[str, type[Record]] = {}


class Record:
    """Base of the records below: gives the names and values of the fields, for the store."""

    def __init_subclass__(cls) -> None:
        RECORDS[cls.__name__] = cls

    def items(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Experiment(Record):
    """What an experiment measured, plain JSON values; the stage that makes one says which."""

    facts: dict[str, Any]
