"""Renders pages and writes them, in several processes where there are many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from atlas.config.site import Site
from atlas.pipeline import forked
from atlas.pipeline.search import Said, said
from atlas.pipeline.title_cards import title_card
from atlas.web.links import Edition
from atlas.web.page import Common, Page
from atlas.web.render import Renderer
from atlas.web.schema_org import SchemaOrg
from atlas.web.writer import Books, Writer

FEW = 3  # pages that are rendered before forks have started
_PART = 24  # pages, at most, that a fork renders before it asks for more

Told = Mapping[str, Said | None]  # what a page says, by language
Names = dict[str, str]  # of pages, by their addresses
Part = tuple[Sequence[int], Names]  # numbers of pages, and the names of those above them
Made = tuple[Books, Names, list[Told]]


class Rendering:
    """The pages of one site.

    titles  the names of pages by their addresses, for the trails of those below them
    """

    def __init__(self, site: Site, shared: Common, renderer: Renderer, writer: Writer) -> None:
        self.site, self.shared, self.renderer, self.writer = site, shared, renderer, writer
        self.titles: Names = {}

    def all(
        self, laid: Sequence[Page], jobs: int, rendered: Callable[[int, int], None]
    ) -> list[Told]:
        """Write every page, in up to `jobs` processes; what each says. Those above others come
        first, since trails name them. Files and bytes are the same in any number of processes."""
        found: dict[int, Told] = {}
        editions = len(self.site.languages)
        with forked.Forks(partial(self._part, laid), forked.able(jobs)) as forks:
            for numbers in _levels(laid):
                for number, told in self._some(laid, numbers, forks):
                    found[number] = told
                    rendered(len(found) * editions, len(laid) * editions)
        return [found[number] for number in range(len(laid))]

    def _some(
        self, laid: Sequence[Page], numbers: Sequence[int], forks: forked.Forks[Part, Made]
    ) -> Iterator[tuple[int, Told]]:
        """Write pages of which none is above another: their numbers, and what they say."""
        if forks.jobs < 2 or len(numbers) <= FEW:
            yield from ((number, self.page(laid[number])) for number in numbers)
            return
        size = max(min(len(numbers) // (4 * forks.jobs), _PART), 1)
        known = dict(self.titles)
        starts = range(0, len(numbers), size)
        parts = [(numbers[start : start + size], known) for start in starts]
        for (part, _), (books, titles, told) in forks.each(parts):
            self.writer.take(books)
            self.titles |= titles
            yield from zip(part, told, strict=True)

    def _part(self, laid: Sequence[Page], part: Part) -> Made:
        """In a fork: write some pages; the books of that, their names, what they say."""
        numbers, known = part
        whole = self.writer
        self.writer, self.titles = whole.apart(), dict(known)
        told = [self.page(laid[number]) for number in numbers]
        books, titles = self.writer.books, self.titles
        self.writer = whole
        return books, {url: titles[url] for url in titles.keys() - known.keys()}, told

    def page(self, page: Page) -> Told:
        """Write a page in every language; what it says."""
        fragments: Mapping[str, str] = {}
        told: dict[str, Said | None] = {}
        for language in self.site.languages:
            edition = Edition(self.site, language, page.url, anywhere=page.url == "404.html")
            names = context(page, edition, self.shared, self.writer, self.titles)
            fragments = fragments or {
                name: self.renderer.render(language, template, names)
                for name, template in page.fragments.items()
            }
            names["fragments"] = fragments
            html = self.renderer.render(language, page.template, names)
            self.writer.write(edition.path, html)
            told[language] = said(page, html)
        return told


def _levels(laid: Sequence[Page]) -> Iterator[list[int]]:
    """The numbers of pages, those above others first, from the home page down."""
    folders = {folder for page in laid for folder in _folders(page.url)}
    deep = [page.url.count("/") if page.url in folders else sys.maxsize for page in laid]
    for level in sorted(set(deep)):
        yield [number for number, depth in enumerate(deep) if depth == level]


def _folders(url: str) -> Iterator[str]:
    parts = url.rstrip("/").split("/")
    yield from ("".join(f"{part}/" for part in parts[:end]) for end in range(len(parts)))


def context(
    page: Page, edition: Edition, shared: Common, writer: Writer, names: dict[str, str]
) -> dict[str, Any]:
    """All names that a template of this page gets in this edition. `names` are those of the pages
    above, by their addresses."""
    return {
        **{field.name: getattr(shared, field.name) for field in fields(shared)},
        **{field.name: getattr(page.context, field.name) for field in fields(page.context)},
        "page": page,
        "edition": edition,
        "language": edition.language,
        "link": edition.link,
        "file": edition.file,
        "style": partial(shared.assets.style, edition.file),
        "script": partial(shared.assets.script, edition.file),
        "absolute": edition.absolute,
        "pictured": page.pictured,
        "card": partial(title_card, writer, edition),
        "schema": SchemaOrg(edition, names),
    }
