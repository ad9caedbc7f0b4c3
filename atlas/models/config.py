"""Types of values that name a model in atlas.toml."""

from __future__ import annotations

import re

from atlas.config import faults as problems


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise ValueError("write a language tag such as en, ja or zh-Hant")
    return value


_SOURCES = {
    "hub": (r"[\w.-]+(/[\w.-]+)?", "hub:org/name"),
    "path": (r".+", "path:folder"),
    "package": (r"(?!__main__)[A-Za-z_]\w*(/.+)?", "package:module/folder"),
    "vectors": (r".+", "vectors:path"),
}
_LONGEST, _PART = 4096, 255  # bytes of a path, and of each part of it, that systems take


def _source(value: str) -> str:
    kind, colon, rest = value.partition(":")
    if kind not in _SOURCES or not colon:
        near = problems.nearest(kind, _SOURCES, "") if colon else ""
        raise ValueError(f"write {', '.join(form for _, form in _SOURCES.values())}{near}")
    shape, form = _SOURCES[kind]
    if len(value.encode()) > _LONGEST or any(len(one.encode()) > _PART for one in rest.split("/")):
        raise ValueError(f"longer than a path, or one of its parts longer than {_PART} bytes")
    if not re.fullmatch(shape, rest, re.ASCII if kind == "hub" else 0):
        raise ValueError(f"write {form}")
    return value
