"""The navigation of a site: its parts and its author's pages, in the order of `[site].nav`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.config.faults import nearest
from atlas.config.fields import Text
from atlas.config.site import Entry, Site
from atlas.content.texts import Article
from atlas.web.page import NavItem, Part

HOME = NavItem("", message="Maps")
ABOUT = NavItem("about/", message="How it is made")
EMBEDDING = NavItem("embedding/", message="Put a map into your page")


def navigation(
    site: Site, sections: Sequence[Part], articles: Sequence[Article]
) -> Sequence[NavItem]:
    """The links, in order; of names that `faults` tells, none."""
    own = {section.name: item for section in sections for item in _of(section)}
    first = [_written(article, site) for article in heads(articles) if article.front.nav]
    if site.nav is None:
        return [HOME, *own.values(), *first, ABOUT]
    known = {"maps": HOME, **own, "about": ABOUT, "embedding": EMBEDDING}
    known |= {article.url.rstrip("/"): _written(article, site) for article in articles}
    items = []
    for entry in site.nav:
        if isinstance(entry, Entry):
            items.append(NavItem(entry.link, entry.link, title=entry.title))
        elif item := known.get(entry.strip("/")):  # a section may have nothing to show yet
            items.append(item)
    return items


def faults(site: Site, sections: Sequence[str], articles: Sequence[Article]) -> Iterator[str]:
    """`site.nav[N]: …` for each name that `[site].nav` gives to nothing. `sections` are their
    names."""
    known = ["maps", *sections, "about", "embedding"]
    known += [article.url.rstrip("/") for article in articles]
    for number, entry in enumerate(site.nav or ()):
        if isinstance(entry, str) and entry.strip("/") not in known:
            yield (
                f"site.nav[{number}]: {entry!r} is no part of this site"
                f"{nearest(entry.strip('/'), known)}; a page elsewhere is "
                "{ title = …, link = … }"
            )


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
