"""Messages about faults of atlas.toml, one line each: `path.in.toml: what (did you mean …?)`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from atlas.config.characters import unfit

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONG = 100  # characters of a value that a message shows
_TYPES = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
}
_SYNTAX = {
    "cannot overwrite a value": "this key stands in its table already",
    "invalid value": "no value; texts stand in straight quotes",
    "illegal character '\\n'": "a text in quotes ends on its line",
}


def syntax(problem: tomllib.TOMLDecodeError) -> str:
    """The message of a syntax error, its place first: `line 3, column 7: unclosed array`."""
    message = str(problem)
    if parts := re.fullmatch(
        r"(.*) \(at (line \d+, column \d+|end of document)\)", message, re.DOTALL
    ):
        what = parts[1][:1].lower() + parts[1][1:]
        if twice := re.fullmatch(r"cannot declare \((.*)\) twice", what):
            table = ".".join(re.findall(r"'([^']*)'", twice[1]))
            what = f"the table [{table}] stands above already; write its keys there"
        elif parts[2].startswith("line"):  # at the end, what is missing is anybody's guess
            what = _SYNTAX.get(what, what)
        return f"{parts[2]}: {what}"
    return message


def lines(problem: ValidationError, root: type[BaseModel]) -> list[str]:
    """A line for each place at which pydantic found a fault in a file described by `root`.

    The order is that of the description. Only the most specific fault of a place is kept: pydantic
    also reports that `title = {fr = "…"}` is no string, and that a list whose only table is wrong
    is too short.
    """
    messages: dict[str, str] = {}
    faults = [(_path(_untagged(fault)), fault) for fault in problem.errors()]
    for keys, fault in faults:
        deeper = any(len(other) > len(keys) and other[: len(keys)] == keys for other, _ in faults)
        if not (deeper and fault["type"] in ("string_type", "too_short")):
            place, what = _place(keys), _what(keys, fault, root)
            key, colon, rest = what.partition(": ")
            # A check of several keys together names the key at fault in its message.
            if colon and (owner := _owner(keys, root)) and key in owner.model_fields:
                place, what = _place([*keys, key]), rest
            messages.setdefault(place, what)
    return [f"{place}: {what}" for place, what in messages.items()]


def unprintable(raw: Mapping[str, object]) -> Iterator[str]:
    """A line for each text of a file, keys included, that holds a character which no page, picture
    or feed may hold."""
    left: list[tuple[list[int | str], object]] = [([], raw)]
    while left:
        keys, value = left.pop(0)
        if isinstance(value, str) and (sign := unfit(value)):
            yield f"{_place(keys)}: holds {sign}, which no page can show; take it out"
        elif isinstance(value, dict):
            for key, inner in value.items():
                if sign := unfit(key):
                    yield f"{_place(keys)}: a key holds {sign}; take it out"
                else:
                    left.append(([*keys, key], inner))
        elif isinstance(value, list):
            left += [([*keys, index], inner) for index, inner in enumerate(value)]


def nearest(word: str, known: Iterable[str], otherwise: str = "known") -> str:
    """` (did you mean …?)` with the closest of `known`; where none is close, a list of all of them
    that begins with `otherwise`."""
    names = [str(name) for name in known]
    if close := difflib.get_close_matches(word, names, 1, 0.5):
        return f" (did you mean {close[0]}?)"
    return f" ({otherwise}: {', '.join(names)})" if names and otherwise else ""


def _place(keys: list[int | str]) -> str:
    """A path as in TOML. A key that no terminal should print is quoted and escaped."""
    return "".join(map(_step, keys)).lstrip(".") or "atlas.toml"


def _step(key: int | str) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if not key.isprintable() or '"' in key:
        return f".{key!r}"
    return f".{key}" if re.fullmatch(r"[\w*-]+", key) else f'."{key}"'


def _what(keys: list[int | str], fault: ErrorDetails, root: type[BaseModel]) -> str:
    kind, context, value = fault["type"], fault.get("ctx", {}), fault["input"]
    if kind == "extra_forbidden":
        owner = _owner(keys[:-1], root)
        return f"unknown key{nearest(str(keys[-1]), owner.model_fields if owner else ())}"
    if kind == "missing":
        return "missing"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        return (
            f"{_shown(value)} is not one of {', '.join(allowed)}{nearest(str(value), allowed, '')}"
        )
    if kind == "too_short":
        return (
            "needs at least one entry"
            if context["min_length"] == 1
            else f"needs {context['min_length']} entries"
        )
    if kind == "model_type" or (kind == "tuple_type" and _owner(keys, root)):
        header = "".join(f".{key}" for key in keys if isinstance(key, str)).lstrip(".")
        several = kind == "tuple_type" or isinstance(keys[-1], int)
        if several and isinstance(value, dict):
            return f"must be a list of tables; begin each with [[{header}]]"
        return f"must be a table; begin it with {f'[[{header}]]' if several else f'[{header}]'}"
    if kind == "string_too_short":
        return "must not be empty"
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {_shown(value)}"
    message = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    prefix = "" if isinstance(value, dict | list | tuple) else f"{_shown(value)}: "
    return f"{prefix}{message[:1].lower()}{message[1:]}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 10**_LONG:
        return "a number of very many digits"
    text = repr(value) if isinstance(value, str | int | float) else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text)} characters)"


def _untagged(fault: ErrorDetails) -> tuple[int | str, ...]:
    """The location of a fault without names of classes, which unions of tables put into it."""
    *above, last = fault["loc"] or ("",)
    kept = [part for part in above if isinstance(part, int) or not part[:1].isupper()]
    tagged = fault["type"] == "model_type" and str(last)[:1].isupper()
    return tuple(kept) if tagged or last == "" else (*kept, last)


def _path(location: tuple[int | str, ...]) -> list[int | str]:
    """A pydantic location without the parts that are not in the file: tags of unions (`str`,
    `dict[…]`) and `[key]`."""
    tag = re.compile(r"(str|dict\[.*|constrained-.*|tuple\[.*|function-.*|\[key\])$")
    return [part for part in location if isinstance(part, int) or not tag.match(part)]


def _owner(keys: list[int | str], root: type[BaseModel]) -> type[BaseModel] | None:
    """The pydantic model of the table at this path."""
    current: type[BaseModel] | None = root
    for key in keys:
        if isinstance(key, int):
            continue
        if current is None or key not in current.model_fields:
            return None
        current = table_of(current.model_fields[key].annotation)
    return current


def table_of(annotation: object) -> type[BaseModel] | None:
    """The class of the table, or of the tables of the list, that a key's annotation asks for."""
    if get_origin(annotation) in (tuple, Annotated, Union, UnionType):
        return next(
            (table for part in get_args(annotation) if (table := table_of(part)) is not None), None
        )
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )
