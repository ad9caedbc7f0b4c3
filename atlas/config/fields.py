"""Types of values in atlas.toml, each with its check."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from atlas.config.languages import LANGUAGES, looked_up, written
from atlas.config.names import Names, Table


class Part(BaseModel):
    """A table of the file, frozen, without unknown keys. The docstrings of its keys become the
    descriptions of the JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema with descriptions. Pydantic's `use_attribute_docstrings` reads the source of
        every table at each start, which takes as long as reading an atlas.toml."""
        told = handler(schema)
        keys = handler.resolve_ref_schema(told).get("properties", {})
        for name, text in docstrings(cls).items():
            if name in keys and handler.resolve_ref_schema(keys[name]).get("description") != text:
                keys[name].setdefault("description", text)
        return told

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Faults that involve other tables, as `place: what`. A class without such keys has none.

        `tables` are all tables of this class under one key of the file, in its order. `names` holds
        the names of the tables of earlier fields of Config; the method adds those of `tables`.
        """
        yield from ()


def docstrings(table: type[BaseModel]) -> dict[str, str]:
    """The docstrings of a class's keys, those of its bases before its own. Raises OSError where the
    source is not there."""
    told: dict[str, str] = {}
    for base in reversed(table.__mro__):
        if base is BaseModel or not issubclass(base, BaseModel):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for key, text in itertools.pairwise(body):
            if (
                isinstance(key, ast.AnnAssign)
                and isinstance(key.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
                and isinstance(text.value.value, str)
            ):
                told[key.target.id] = inspect.cleandoc(text.value.value)
    return told


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise ValueError("use small letters, digits and single hyphens, as in `bert-base`")
    if len(value) > 100:
        raise ValueError(f"has {len(value)} characters; file names have room for 100")
    return value


def _regular(value: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of a pattern that will mean another
            re.compile(value)
    except re.error as problem:
        raise ValueError(f"not a regular expression: {problem}") from problem
    except (OverflowError, RecursionError, MemoryError) as problem:
        raise ValueError("not a regular expression: it is too large or too deep") from problem
    return value


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values. Raises ValueError when a value is there twice."""
    if twice := [value for value, count in Counter(values).items() if count > 1]:
        raise ValueError(f"{twice[0]} is there twice")
    return values


def _language(value: object, info: ValidationInfo) -> object:
    more = info.context.get("languages", ()) if info.context else ()
    known = (*LANGUAGES, *more)
    if not isinstance(value, str) or value not in known:
        if isinstance(value, str) and value != (usual := written(value)) and looked_up(usual):
            raise ValueError(f"is written {usual}")
        if isinstance(value, str) and looked_up(value):
            raise ValueError(
                f"has no catalogue of messages yet; `atlas messages {value}` begins one"
            )
        expected = " or ".join(repr(code) for code in dict.fromkeys(known))
        raise PydanticKnownError("literal_error", {"expected": expected})
    return value


class _Rows:
    """Checks and describes a language code like a Literal of the rows of `languages`, which type
    checkers cannot see."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(_language)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "examples": list(LANGUAGES)}


Language = Annotated[str, _Rows()]  # the code of a language that a site can be written in
Slug = Annotated[str, AfterValidator(_slug)]
Text = str | dict[Language, str]
# TOML has its own types: `first = "3"` and `optional = "yes"` are mistakes.
# No count, id or seed is larger than what every library takes.
Whole = Annotated[int, Field(strict=True, ge=-(2**32), le=2**32 - 1)]
Flag = Annotated[bool, Field(strict=True)]
Pattern = Annotated[str, AfterValidator(_regular)]
