"""The width of text, and text cut for show."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

LONGEST = 60  # characters of a token that pages show; the data have all
# Scripts whose letters many systems have no font for. Texts in them carry their names, so that a
# reader who sees boxes knows what they are. shared/dom.js has the same.
RARE = (
    "Bengali",
    "Devanagari",
    "Ethiopic",
    "Gujarati",
    "Gurmukhi",
    "Kannada",
    "Khmer",
    "Lao",
    "Malayalam",
    "Mongolian",
    "Myanmar",
    "Sinhala",
    "Tamil",
    "Telugu",
    "Thai",
    "Tibetan",
)
_LEFTWARD = ("R", "AL", "AN", "RLE", "RLO", "RLI")  # classes of the bidirectional algorithm
_RARE = {name.upper(): name for name in RARE}
NAMED = 120  # of a cluster's name, which is of three tokens


def cut(text: str, most: int = LONGEST) -> str:
    """A text of at most `most` characters: the last is … where more follow."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def rare_scripts(text: str) -> tuple[str, ...]:
    """The scripts of a text that are RARE, in the order of their first letters."""
    return () if text.isascii() else _rare_scripts(text)


@lru_cache(maxsize=1 << 16)
def _rare_scripts(text: str) -> tuple[str, ...]:
    first = (unicodedata.name(character, "").partition(" ")[0] for character in text)
    return tuple(dict.fromkeys(_RARE[name] for name in first if name in _RARE))


def leftward(text: str) -> bool:
    """Whether some of a text runs from right to left."""
    return not text.isascii() and _leftward(text)


@lru_cache(maxsize=1 << 16)
def _leftward(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in _LEFTWARD for character in text)


def text_width(text: str, size: float) -> float:
    """The approximate width of a text in pixels at a font size in pixels: 1 em for East Asian wide
    characters, 0.6 em for others, 0 for combining marks."""
    if text.isascii():
        return 0.6 * len(text) * size
    return _ems(text) * size


@lru_cache(maxsize=1 << 16)
def _ems(text: str) -> float:
    ems = 0.0
    for character in text:  # in turn: `sum` adds up otherwise in Python 3.12
        ems += _em(character)
    return ems


@cache
def _em(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.6
