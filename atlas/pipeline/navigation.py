"""The navigation of a site: its parts and its author's pages, in the order of `[site].nav`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.config.faults import nearest
from atlas.config.fields import Text
from atlas.config.site import Entry, Site
from atlas.content.texts import Article
from atlas.errors import AtlasError
from atlas.web.page import NavItem, Part

HOME = NavItem("", message="Maps")
ABOUT = NavItem("about/", message="How it is made")
EMBEDDING = NavItem("embedding/", message="Put a map into your page")


def navigation(
    site: Site, sections: Sequence[Part], articles: Sequence[Article]
) -> Sequence[NavItem]:
    """The links, in order. Raises AtlasError for a name that `[site].nav` gives to nothing."""
    own = {section.name: item for section in sections for item in _of(section)}
    first = [_written(article, site) for article in heads(articles) if article.front.nav]
    if site.nav is None:
        return [HOME, *own.values(), *first, ABOUT]
    silent = {section.name for section in sections} - own.keys()
    known = {"maps": HOME, **own, "about": ABOUT, "embedding": EMBEDDING}
    known |= {article.url.rstrip("/"): _written(article, site) for article in articles}
    items = []
    for entry in site.nav:
        if isinstance(entry, Entry):
            items.append(NavItem(entry.link, entry.link, title=entry.title))
        elif (name := entry.strip("/")) in known:
            items.append(known[name])
        elif name not in silent:  # a section that has nothing to show yet is no fault
            raise AtlasError(
                f"site.nav: {entry!r} is no part of this site{nearest(name, known)}",
                "Name a part, a page of content, or write { title = …, link = … }.",
            )
    return items


def _of(section: Part) -> Iterator[NavItem]:
    if section.title and section.views:
        folder = section.address.split("/")[0] + "/"
        yield NavItem(section.address, folder, message=section.title)


def _written(article: Article, site: Site) -> NavItem:
    names: Text = {language: article.name(language) for language in site.languages}
    return NavItem(article.url, article.book.removeprefix("/"), title=names)


def heads(articles: Sequence[Article]) -> Iterator[Article]:
    """The pages that stand for all: those at the root, and the first of each folder there."""
    seen: set[str] = set()
    for article in articles:
        book = article.book if article.book != "/" else article.url
        if book not in seen:
            seen.add(book)
            yield article
