"""What flows between stages: frozen records of named arrays and plain JSON values.

A record is checked when it is made, so that a wrong shape is an error where it arises and not three
stages later. It is one of two things:

    a dataclass    derived from Record; its arrays are `numpy.ndarray`, all else is JSON (strings,
                   numbers, tuples, dicts, None)
    a model        a frozen pydantic model, JSON alone: the class that a data file publishes

That is all the store needs to write a record without pickles, and all another language needs to
read it.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Protocol, Self, runtime_checkable

from atlas.errors import StageError

FAULT = "This is a fault in a stage; please report it."


class Record:
    """Base of records with arrays."""

    def items(self) -> dict[str, object]:
        """The names and values of the fields. Raises TypeError when the class is no dataclass."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # a subclass is one


@runtime_checkable
class Model(Protocol):
    """A pydantic model, as far as the store needs it; the engine does not import pydantic."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """The fields as JSON values."""
        ...

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:
        """The model that a JSON object describes."""
        ...


Storable = Record | Model


def need(condition: bool, record: object, what: str) -> None:
    """Raises StageError saying what is wrong with a record, unless the condition holds."""
    if not condition:
        raise StageError(f"{type(record).__name__}: {what}", FAULT)
