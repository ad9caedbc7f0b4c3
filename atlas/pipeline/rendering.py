"""Renders pages and writes them, in several processes where there are many."""

from __future__ import annotations

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

FEW = 100  # pages that are rendered before a fork has started
_PART = 24  # pages that a fork renders before it asks for more

Told = Mapping[str, Said | None]  # what a page says, by language


class Rendering:
    """The pages of one site.

    titles  the names of pages by their addresses, for the trails of those below them
    """

    def __init__(self, site: Site, shared: Common, renderer: Renderer, writer: Writer) -> None:
        self.site, self.shared, self.renderer, self.writer = site, shared, renderer, writer
        self.titles: dict[str, str] = {}

    def all(
        self, laid: Sequence[Page], jobs: int, rendered: Callable[[int, int], None]
    ) -> list[Told]:
        """Write every page; what each says. Those above others come first, since trails name them;
        the others are split over `jobs` processes. Files and bytes are the same in any case."""
        above = _above(laid)
        first = [number for number, page in enumerate(laid) if page.url in above]
        rest = [number for number, page in enumerate(laid) if page.url not in above]
        first.sort(key=lambda number: laid[number].url.count("/"))
        found: dict[int, Told] = {}

        def note(number: int, told: Told) -> None:
            found[number] = told
            editions = len(self.site.languages)
            rendered(len(found) * editions, len(laid) * editions)

        for number in first:
            note(number, self.page(laid[number]))
        if jobs > 1 and len(rest) > FEW and forked.forkable():
            parts = [rest[start : start + _PART] for start in range(0, len(rest), _PART)]
            work = partial(self._part, laid)
            for part, (books, told) in forked.spread(work, parts, min(jobs, len(parts))):
                self.writer.take(books)
                for number, one in zip(part, told, strict=True):
                    note(number, one)
        else:
            for number in rest:
                note(number, self.page(laid[number]))
        return [found[number] for number in range(len(laid))]

    def _part(self, laid: Sequence[Page], part: Sequence[int]) -> tuple[Books, list[Told]]:
        """In a fork: write some pages, in books of their own."""
        whole = self.writer
        self.writer = whole.apart()
        try:
            return self.writer.books, [self.page(laid[number]) for number in part]
        finally:
            self.writer = whole

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


def _above(laid: Sequence[Page]) -> set[str]:
    """The addresses of the pages that have pages below them, and that of the home page."""
    folders = {folder for page in laid for folder in _folders(page.url)}
    return {page.url for page in laid if page.url in folders}


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
