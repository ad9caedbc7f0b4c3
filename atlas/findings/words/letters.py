"""The index of all words by first character: lists that a page holds, by script."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

PART = 500  # words on a page of the index

# Scripts by the first word of their characters' names; all other signs are told together.
_SCRIPTS = {
    "LATIN": "Latin",
    "DIGIT": "Digits",
    "HIRAGANA": "Hiragana",
    "KATAKANA": "Katakana",
    "CJK": "Han",
    "HANGUL": "Hangul",
    "CYRILLIC": "Cyrillic",
    "GREEK": "Greek",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "THAI": "Thai",
}


@dataclass(frozen=True)
class Part:
    """A page of the index.

    slug   its name in addresses
    title  the characters, or the beginnings, from which and to which its words go
    runs   its keys by first character
    """

    slug: str
    title: str
    runs: Sequence[tuple[str, Sequence[str]]]

    @property
    def size(self) -> int:
        """The number of its words."""
        return sum(len(keys) for _, keys in self.runs)


def parts(keys: Sequence[str]) -> dict[str, list[Part]]:
    """The pages of the index by script, for ascending keys."""
    scripts: dict[str, list[str]] = {name: [] for name in (*_SCRIPTS.values(), "Other")}
    for key in keys:
        scripts[_script(key[0])].append(key)
    return {name: list(_parts(own)) for name, own in scripts.items() if own}


@lru_cache(maxsize=1 << 14)
def _script(character: str) -> str:
    name = unicodedata.name(character, "").partition(" ")[0]
    return _SCRIPTS.get(name, "Other")


def _parts(keys: Sequence[str]) -> Iterator[Part]:
    """Pages of whole first characters, as many as have room; of a character that has none, pages
    of its own."""
    held: list[tuple[str, list[str]]] = []
    count = 0  # of the words held
    for character, group in groupby(keys, lambda key: key[0]):
        own = list(group)
        if held and count + len(own) > PART:
            yield _part(held)
            held, count = [], 0
        if len(own) > PART:
            yield from _cut(character, own)
        else:
            held.append((character, own))
            count += len(own)
    if held:
        yield _part(held)


def _part(runs: Sequence[tuple[str, list[str]]]) -> Part:
    first, last = runs[0][0], runs[-1][0]
    return Part(first.encode().hex(), first if first == last else f"{first} – {last}", runs)


def _cut(character: str, keys: Sequence[str]) -> Iterator[Part]:
    """Pages of one character's words, cut into equal parts."""
    count = -(-len(keys) // PART)
    size = -(-len(keys) // count)
    for begin in range(0, len(keys), size):
        own = keys[begin : begin + size]
        end = next(n for n in range(1, 99) if own[0][:n] != own[-1][:n] or n >= len(own[0]))
        slug = f"{character}/{begin // size}" if begin else character
        title = f"{own[0][: max(end, 2)]} – {own[-1][: max(end, 2)]}"
        yield Part(slug.encode().hex(), title, [(character, own)])
