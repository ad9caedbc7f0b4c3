"""The index of what pages say, for the field in the header: small files of which a browser fetches
the few that a query needs.

A page is parted at its headings with an id. Texts are folded (Unicode's NFKC, small letters, one
kana) and read as terms: words of letters and digits, and of Japanese, Chinese and Korean, where no
space parts words, every two signs that stand side by side. Each edition has, in
`data/search/<language>/`:

    index.json    `pages`: the number of each page's first section, `bounds`: the beginning of the
                  first term of each file of terms, `texts`: the first section of each file of texts
    <bound>.json  the terms from a bound on, up to the next file's, named after its bytes in
                  hexadecimal digits: for each term a list of section * 10 + weight, the second
                  number and those after it less the one before
    texts-N.json  [address, anchor, title of the page, heading, text] of each section
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from atlas.findings.words import suggestions
from atlas.findings.words.shards import bound_of, dumps
from atlas.maps.files.tiles import fold
from atlas.section import Spread
from atlas.web.page import Page
from atlas.web.writer import Books, Writer

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Key = TypeVar("Key")
Value = TypeVar("Value")

FOLDER = "data/search/"
ROOM = 10_000  # bytes of a file of terms or texts, before it is packed
SHOWN = 4000  # signs of a section that are kept to be shown
_MUCH = 300_000  # signs, whose terms take longer to count than processes to start
TITLE, HEADING, TEXT = 9, 5, 3  # weights; of a text the most, by how often it holds a term

# Signs that are written without spaces between words.
_CLOSE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_TERMS = re.compile(rf"[{_CLOSE}]+|[^\W{_CLOSE}]+")
_FIRST = re.compile(rf"[{_CLOSE}]")
_SKIPPED = {
    "script",
    "style",
    "svg",
    "nav",
    "template",
    "select",
    "button",
    "label",
    "form",
    "dialog",
}
_INLINE = {"a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "mark", "small", "span", "strong"}


@dataclass
class Section:
    """A part of a page: the id of its heading, the heading, and the text below it."""

    anchor: str = ""
    heading: str = ""
    text: str = ""


@dataclass
class Said:
    """What a page says: its address below the root of the edition, its title, its sections."""

    url: str
    title: str
    sections: list[Section] = field(default_factory=list)


def said(page: Page, rendered: str) -> Said | None:
    """What a page says by its HTML; None of a page that is not searched."""
    return Said(page.url, *sections(rendered)) if page.indexed and page.searched else None


class Indexes:
    """What the pages of a site say, by language."""

    def __init__(self, languages: Iterable[str]) -> None:
        self._of = {language: Index() for language in languages}

    def add(self, language: str, told: Said | None) -> None:
        """Add a page, if it is one that is searched."""
        if told is not None:
            self._of[language].pages.append(told)

    def write(self, writer: Writer, spread: Spread = map) -> None:
        """Write the files of every edition; where that is much, side by side if `spread` can."""

        def edition(language: str) -> Books:
            own = writer.apart()
            self._of[language].write(language, own)
            return own.books

        much = sum(index.size for index in self._of.values()) > _MUCH
        for books in (spread if much else map)(edition, list(self._of)):
            writer.take(books)


class Index:
    """What the pages of one edition say."""

    def __init__(self) -> None:
        self.pages: list[Said] = []

    @property
    def size(self) -> int:
        """How many signs they say."""
        return sum(len(part.text) for page in self.pages for part in page.sections)

    def write(self, language: str, writer: Writer) -> None:
        """Write the files of an edition."""
        folder = f"{FOLDER}{language}/"
        firsts: list[int] = []
        rows: list[list[str]] = []
        places: dict[str, list[tuple[int, int]]] = {}
        for page in self.pages:
            firsts.append(len(rows))
            for place, part in enumerate(page.sections):
                for term, weight in _weights(page.title if not place else "", part).items():
                    places.setdefault(term, []).append((len(rows), weight))
                shown = part.text[:SHOWN]
                rows.append([page.url, part.anchor, page.title, part.heading, shown])
        texts: list[int] = []
        files: dict[str, dict[str, list[int]]] = {}  # by bound
        last = ""
        for part_of_terms in _chunks((term, _packed(places[term])) for term in sorted(places)):
            bound = bound_of(last, part_of_terms[0][0])
            files.setdefault(bound or next(reversed(files), ""), {}).update(part_of_terms)
            last = part_of_terms[-1][0]
        for bound, found in files.items():
            writer.write(f"{folder}{suggestions.name(bound)}.json", dumps(found))
        for part_of_rows in _chunks(enumerate(rows)):
            writer.write(
                f"{folder}texts-{len(texts)}.json", dumps([row for _, row in part_of_rows])
            )
            texts.append(part_of_rows[0][0])
        index = {"pages": firsts, "sections": len(rows), "bounds": list(files), "texts": texts}
        writer.write(f"{folder}index.json", dumps(index))


def terms(text: str) -> Iterator[str]:
    """The terms of a folded text; of a word with `_` also its parts."""
    for run in _TERMS.findall(text):
        if not _FIRST.match(run):
            yield run
            yield from (part for part in run.split("_") if part and part != run)
        elif len(run) == 1:
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def sections(rendered: str) -> tuple[str, list[Section]]:
    """The title of a page and its sections, from its HTML; the first is above all headings."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(rendered)
    reader = _Reader()
    if main := tree.css_first("main"):
        reader.read(main)
    parts: list[Section] = []
    for part in reader.parts:
        heading, text = (" ".join(one.split()) for one in (part.heading, part.text))
        if heading or text or not parts:
            parts.append(Section(part.anchor, heading, text))
    named = tree.css_first("head > title")
    title = " ".join(named.text().split()) if named else ""
    return title.split(" · ")[0] or parts[0].heading, parts


class _Reader:
    """Reads what an element says."""

    def __init__(self) -> None:
        self.parts = [Section()]
        self._heading = False

    def read(self, element: LexborNode) -> None:
        """Read what is in an element."""
        for child in element.iter(include_text=True):
            if text := child.text_content:
                self._add(text)
            elif child.is_element_node:
                self._element(child)

    def _element(self, element: LexborNode) -> None:
        gap = "" if element.tag in _INLINE else " "
        self._add(gap)
        if element.tag in ("h1", "h2", "h3") and not _left_out(element):
            name = element.attributes.get("id")
            if name and element.tag != "h1":
                self.parts.append(Section(name))
            self._heading = bool(name) or element.tag == "h1"
            self.read(element)
            self._heading = False
        elif not _left_out(element):
            self.read(element)
        self._add(gap)

    def _add(self, text: str) -> None:
        if self._heading:
            self.parts[-1].heading += text
        else:
            self.parts[-1].text += text


def _left_out(element: LexborNode) -> bool:
    """Whether an element is not searched."""
    found = element.attributes
    return (
        element.tag in _SKIPPED
        or "hidden" in found
        or "data-unsearched" in found
        or found.get("aria-hidden") == "true"
    )


def _weights(title: str, part: Section) -> dict[str, int]:
    """How much each term of a section counts; the title of the page is that of its first."""
    counts = Counter(terms(fold(part.text)))
    found = {term: min(count, TEXT) for term, count in counts.items()}
    for words, weight in ((part.heading, HEADING), (title, TITLE)):
        for term in terms(fold(words)):
            found[term] = max(found.get(term, 0), weight)
    return found


def _packed(places: Sequence[tuple[int, int]]) -> list[int]:
    numbers = [section * 10 + weight for section, weight in places]
    return [now - before for before, now in zip([0, *numbers], numbers, strict=False)]


def _chunks(items: Iterable[tuple[Key, Value]]) -> Iterator[list[tuple[Key, Value]]]:
    """Items in files of about ROOM bytes."""
    part: list[tuple[Key, Value]] = []
    size = 0
    for item in items:
        size += len(dumps(item))
        part.append(item)
        if size >= ROOM:
            yield part
            part, size = [], 0
    if part:
        yield part
