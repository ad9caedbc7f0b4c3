"""The facts at the head of a page of content: YAML between two lines `---`."""

from __future__ import annotations

import datetime as dt
import re

import yaml
from pydantic import ValidationError

from atlas.config import faults
from atlas.config.fields import Flag, Part, Whole
from atlas.errors import ConfigError

_HEAD = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


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
    date: dt.date | None = None
    """When it was written: it is then in the feed."""
    draft: Flag = False
    """Whether builds leave it out; `atlas serve` shows it."""
    nav: Flag = True
    """Whether the navigation of the site may name it."""


def split(source: str, place: str) -> tuple[Front, str, int]:
    """The head of a page, its Markdown, and the number of lines before that. Raises ConfigError
    naming the `place`."""
    source = source.replace("\r\n", "\n")
    found = _HEAD.match(source)
    if found is None:
        return Front(), source, 0
    try:
        raw = yaml.safe_load(found[1]) or {}
        if not isinstance(raw, dict):
            raise ConfigError(f"{place}: its head is no table of `key: value`", "Mend its head.")
        front = Front.model_validate(raw)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 2}" if mark else ""
        what = getattr(problem, "problem", None) or problem
        raise ConfigError(f"{place}{line}: its head is not YAML ({what})", "Mend it.") from problem
    except ValidationError as problem:
        lines = faults.lines(problem, Front)
        raise ConfigError(f"{place}: its head is wrong", "Nothing was written.", lines) from problem
    return front, source[found.end() :], source[: found.end()].count("\n")
