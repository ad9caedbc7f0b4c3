"""The facts at the head of a page of content: YAML between two lines `---`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

import yaml
from pydantic import BeforeValidator, ValidationError

from atlas.config import faults
from atlas.config.fields import Flag, Part, Whole

_LEFT_OPEN = re.compile(r"\A---[ \t]*\n[ \t]*[A-Za-z_]+[ \t]*:")
_HEAD = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def _day(value: object) -> object:
    """The day of a time, which other generators write."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date | None):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError as problem:
        raise ValueError("write a day as in 2026-01-31") from problem


class Front(Part):
    """The head of a page of content."""

    title: str = ""
    """Its title; the first heading when left out."""
    menu: str = ""
    """Its name in menus; the title when left out."""
    description: str = ""
    """One sentence for search engines and link previews; its first paragraph when left out."""
    order: Whole = 1000
    """Its place among the pages of its folder, smallest first; then by address."""
    date: Annotated[dt.date | None, BeforeValidator(_day)] = None
    """When it was written: it is then in the feed."""
    draft: Flag = False
    """Whether builds leave it out; `atlas serve` shows it."""
    nav: Flag = True
    """Whether the navigation of the site may name it."""


def split(source: str) -> tuple[str | None, str, int]:
    """The head of a page, None where it has none, its Markdown, and the number of lines before
    that."""
    source = source.replace("\r\n", "\n")
    found = _HEAD.match(source)
    if found is None:
        return None, source, 0
    return found[1], source[found.end() :], source[: found.end()].count("\n")


def read(head: str) -> tuple[Front, list[str]]:
    """What a head says, and `line N: …` for each of its faults."""
    try:
        raw, lines, problems = _read(head)
    except (yaml.YAMLError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or "too deep"
        return Front(), [f"line {mark.line + 2 if mark else 1}: its head is not YAML ({what})"]
    front = Front()
    try:
        front = Front.model_validate(raw)
    except ValidationError as problem:
        problems += faults.lines(problem, Front)
    placed = sorted((lines.get(told.partition(": ")[0], 1), told) for told in problems)
    return front, [f"line {number}: {told}" for number, told in placed]


def strange(source: str) -> str:
    """What is wrong with a text without a head that has what was meant for one; empty where
    nothing is."""
    if _LEFT_OPEN.match(source):
        return "line 1: its head has no end, which is a line ---"
    if source.startswith("+++\n"):
        return "line 1: its head is TOML; write it as YAML, `key: value` between lines ---"
    return ""


def _read(head: str) -> tuple[dict[str, object], dict[str, int], list[str]]:
    """The values of a head, the lines of its keys, and what is wrong with either. Raises
    YAMLError."""
    loader = yaml.SafeLoader(head)
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    node = loader.get_single_node()
    if node is not None and not isinstance(node, yaml.MappingNode):
        return values, lines, ["its head is no table of `key: value`"]
    for key, value in node.value if node else ():
        name = str(loader.construct_object(key, deep=True))
        if name in values:
            problems.append(f"{name}: stands in line {lines[name]} already")
        lines[name] = key.start_mark.line + 2
        try:
            values[name] = loader.construct_object(value, deep=True)
        except ValueError as problem:  # the 31st of February
            problems.append(f"{name}: {problem}")
    return values, lines, problems
