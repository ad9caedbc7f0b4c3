"""The words that a field suggests while somebody types, in files that each answer many queries.

A word is found by any part of its text or of its reading, both folded, and by the beginning of its
reading in Latin letters, as `sound` writes it. Every such part, cut to DEPTH signs, is a *gram*.
Grams stand in the order of code points and are cut into pages of at most PAGE bytes; a
beginning that many grams share has a file of its own with the best words alone. The files, below
`/data/words/suggest/`:

index.json      `models`: id and titles of each; `pages`: the first beginning of each page, in
                order; `tops`: the beginnings that have a file of their own, in order
<hex>.json      a page: the words with a gram from its beginning on, up to the next page's; the
                name is the beginning's UTF-8 in hexadecimal, `_` for the empty one. A gram that is
                in `tops` itself stands on no page
top-<hex>.json  the best words for exactly this query

A query is folded and cut to DEPTH signs. If `tops` has it, top-<hex>.json answers it, else the last
page whose beginning is not after it. Words are `[text, reading or "", places in models]`, the most
frequent first: by the smallest place in any vocabulary.
"""

from __future__ import annotations

import heapq
import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from atlas.maps.files.tiles import fold

FOLDER = "data/words/suggest/"
VERSION = 1  # to be raised when the files change for the same words
PAGE = 26_000  # bytes of a page, about a third when compressed
DEPTH = 6  # signs of the longest grams
TOP = 16  # words of a file for one query
SOUNDING = 8  # further ones whose reading begins with it

_ROWS = {
    "": "あいうえお",
    "k": "かきくけこ",
    "s": "さしすせそ",
    "t": "たちつてと",
    "n": "なにぬねの",
    "h": "はひふへほ",
    "m": "まみむめも",
    "y": "や・ゆ・よ",
    "r": "らりるれろ",
    "w": "わ・・・・",
    "g": "がぎぐげご",
    "z": "ざじずぜぞ",
    "d": "だ・・でど",
    "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
}
_SOUNDS = {
    kana: consonant + vowel
    for consonant, row in _ROWS.items()
    for kana, vowel in zip(row, "aiueo", strict=True)
} | {"を": "o", "ん": "n", "ぢ": "zi", "づ": "zu", "ゔ": "bu"}
_ALIKE = [
    (re.compile(way), one)
    for way, one in (
        ("shi", "si"),
        ("[tc]?chi", "ti"),
        ("tsu", "tu"),
        ("fu", "hu"),
        ("ji", "zi"),
        ("sh", "sy"),
        ("[tc]?ch", "ty"),
        ("jy?", "zy"),
        ("v", "b"),
        ("m(?=[bmp])", "n"),
        ("['-]", ""),
        (r"(.)\1+", r"\1"),
        ("ou", "o"),
    )
]


_quoted = json.JSONEncoder(ensure_ascii=False).encode  # `dumps` makes one for each text


@dataclass(frozen=True)
class Word:
    """A word of one or more vocabularies.

    text     as a reader knows it, without marks of a vocabulary
    models   places of the models that have a token of it, ascending
    rank     the smallest place of such a token in its vocabulary, from 0
    reading  in kana; None where unknown
    """

    text: str
    models: tuple[int, ...]
    rank: int
    reading: str | None = None


@dataclass(frozen=True)
class _Forms:
    """What a word is found by, and its line in a file."""

    text: str
    reading: str
    sound: str
    line: str

    def grams(self) -> set[str]:
        parts = {
            form[at : at + DEPTH] for form in (self.text, self.reading) for at in range(len(form))
        }
        return parts | {self.sound[:DEPTH]} - {""}

    def goodness(self, query: str) -> int:
        """How well a query fits: 0 as the text, 1 as the reading, 2 or 3 as its beginning, 4 the
        reading in Latin letters, 5 elsewhere. The page reckons alike."""
        begins = self.text.startswith(query)
        if begins and self.text == query:
            return 0
        if self.reading == query:
            return 1
        if begins:
            return 2
        if self.reading.startswith(query):
            return 3
        return 4 if self.sound.startswith(query) else 5


class _Files:
    """The files as they are made of grams, in their order, each of the word of its number."""

    def __init__(self, forms: Sequence[_Forms]) -> None:
        self.forms = forms
        self.sizes = [len(form.line) for form in forms]
        found: dict[str, list[int]] = {}
        for number, form in enumerate(forms):
            for gram in form.grams():
                found.setdefault(gram, []).append(number)
        ordered = sorted(found)
        self.grams = [gram for gram in ordered for _ in found[gram]]
        self.numbers = [number for gram in ordered for number in found[gram]]
        self.pages: dict[str, list[int]] = {}
        self.tops: dict[str, list[int]] = {}
        self.lay("", 0, len(self.grams))

    def lay(self, start: str, begin: int, end: int) -> None:
        """Lay out the grams that begin with `start`, from one place up to another, which are too
        many for a page."""
        if start:
            self.tops[start] = best(self.forms, start, set(self.numbers[begin:end]))
        first, size = begin, 0  # where the page begins that is being filled
        for begun, own, after in self.parts(start, begin, end):
            if start and begun == start:  # only the query `start` finds these
                first = after
                continue
            weight = self.weight(own, after)
            if first < own and size + weight > PAGE:
                self.keep(start, first, own)
                first, size = own, 0
            if weight > PAGE and len(begun) < DEPTH:
                self.lay(begun, own, after)
                first = after
            else:
                size += weight
        if first < end:
            self.keep(start, first, end)

    def parts(self, start: str, begin: int, end: int) -> Iterator[tuple[str, int, int]]:
        """The beginnings that are a sign longer than `start`, and where the grams of each are."""
        width = len(start) + 1
        while begin < end:
            begun = self.grams[begin][:width]
            after = bisect_right(self.grams, begun, begin, end, key=lambda gram: gram[:width])
            yield begun, begin, after
            begin = after

    def weight(self, begin: int, end: int) -> int:
        """The bytes of the words of some grams."""
        return sum(map(self.sizes.__getitem__, set(self.numbers[begin:end])))

    def keep(self, start: str, begin: int, end: int) -> None:
        """Keep a page of grams that begin with `start`."""
        self.pages[self.grams[begin][: len(start) + 1]] = sorted(set(self.numbers[begin:end]))


def best(forms: Sequence[_Forms], query: str, numbers: Iterable[int]) -> list[int]:
    """The numbers of the words that fit a query best, and of some whose reading begins with it."""
    marked = [(forms[number].goodness(query), number) for number in numbers]
    chosen = [number for _, number in heapq.nsmallest(TOP, marked)]
    sounding = [number for goodness, number in marked if goodness == 4 and number not in chosen]
    return sorted([*chosen, *heapq.nsmallest(SOUNDING, sounding)])


def suggestions(words: Iterable[Word], models: Sequence[Mapping[str, object]]) -> dict[str, bytes]:
    """The files by name; `models` are id and titles of each."""
    ordered = sorted(words, key=lambda word: (word.rank, word.text))
    forms = [_forms(word) for word in ordered]
    files = _Files(forms)
    pages, tops = sorted(files.pages), sorted(files.tops)
    index = {"version": VERSION, "models": models, "pages": pages, "tops": tops}
    return {
        "index.json": json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode(),
        **{f"{name(start)}.json": _file(forms, files.pages[start]) for start in pages},
        **{f"top-{name(start)}.json": _file(forms, files.tops[start]) for start in tops},
    }


def name(start: str) -> str:
    """The name of a beginning's file: its UTF-8 in hexadecimal, `_` for the empty one."""
    return start.encode(errors="surrogatepass").hex() or "_"


def sound(reading: str) -> str:
    """A reading, folded, in Latin letters: what can be written in several ways is written in one,
    long vowels as short ones. The page writes queries in the same way."""
    text = ""
    if not reading:
        return text
    for sign in reading:
        small = "ぁぃぅぇぉゃゅょ".find(sign)
        if small >= 5:
            text = f"{text.removesuffix('i')}y{'auo'[small - 5]}"
        elif small >= 0:
            text = (text[:-1] if text and text[-1] in "aiueo" else text) + "aiueo"[small]
        else:
            text += _SOUNDS.get(sign, "")
    return plain(text)


def plain(text: str) -> str:
    """Latin letters with what is written in several ways written in one."""
    bare = unicodedata.normalize("NFD", text)
    bare = "".join(sign for sign in bare if not unicodedata.category(sign).startswith("M"))
    for way, one in _ALIKE:
        bare = way.sub(one, bare)
    return bare


def _forms(word: Word) -> _Forms:
    text = fold(word.text)
    reading = fold(word.reading or "")
    told = "" if reading == text else word.reading or ""
    spoken = sound(reading)
    return _Forms(
        text,
        "" if reading == text else reading,
        "" if spoken == text else spoken,
        f"[{_quoted(word.text)},{_quoted(told)},[{_places(word.models)}]]",
    )


@lru_cache
def _places(models: tuple[int, ...]) -> str:
    return ",".join(map(str, models))


def _file(forms: Sequence[_Forms], numbers: Iterable[int]) -> bytes:
    lines = ",\n".join(_lines(forms, numbers))
    text = f'{{"version":{VERSION},"words":[\n{lines}\n]}}\n'
    return text.encode(errors="backslashreplace")


def _lines(forms: Sequence[_Forms], numbers: Iterable[int]) -> Iterator[str]:
    return (forms[number].line for number in numbers)
