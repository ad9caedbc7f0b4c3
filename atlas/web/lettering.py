"""The width of text."""

from __future__ import annotations

import unicodedata


def text_width(text: str, size: float) -> float:
    """The approximate width of a text in pixels at a font size in pixels: 1 em for East Asian wide
    characters, 0.6 em for others, 0 for combining marks."""
    if text.isascii():
        return 0.6 * len(text) * size
    ems = 0.0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me", "Cf"):
            continue
        ems += 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.6
    return ems * size
