"""Publish maps of language models' embedding spaces as a static website.

`atlas.open(path)` opens an atlas in Python; see `atlas.api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atlas.api import open as open  # noqa: A004  # called as atlas.open

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "open":
        from atlas import api

        return api.open
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "open"]
