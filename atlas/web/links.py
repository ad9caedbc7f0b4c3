"""Editions of a page, and its links, which are relative, so that a site works under any path."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from atlas.config.site import Site


@cache
def relative(url: str, page: str) -> str:
    """A site path as a link from a page (`maps/a/` from `ja/about/` is `../../maps/a/`)."""
    here = page.split("/")[:-1]
    there = [part for part in url.split("/") if part]
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    link = "/".join([".."] * (len(here) - shared) + there[shared:]) or "."
    return f"{link}/" if url == "" or url.endswith("/") else link


@dataclass(frozen=True)
class Edition:
    """One page in one language.

    site      the table [site]
    language  of this edition; that of the site's first is at /, the others are at /<language>/
    url       the page's address below the root of each edition
    anywhere  whether a host may serve it at any address, as the 404 page; its links then start at
              the root of the site
    """

    site: Site
    language: str
    url: str
    anywhere: bool = False

    @property
    def first(self) -> bool:
        """Whether it is in the site's first language."""
        return self.language == self.site.languages[0]

    @property
    def prefix(self) -> str:
        """The root of the edition below that of the site: empty, or `ja/`."""
        return "" if self.first else f"{self.language}/"

    @property
    def here(self) -> str:
        """The page's address below the root of the site."""
        return self.prefix + self.url

    @property
    def path(self) -> str:
        """The file that holds the page."""
        folder = self.here == "" or self.here.endswith("/")
        return f"{self.here}index.html" if folder else self.here

    @property
    def editions(self) -> dict[str, str]:
        """Links to this page by language."""
        others = (Edition(self.site, language, self.url) for language in self.site.languages)
        return {edition.language: self.file(edition.here) for edition in others}

    def link(self, url: str) -> str:
        """A link to a page of the same edition."""
        return self.file(self.prefix + url)

    def file(self, name: str) -> str:
        """A link to a file of the site."""
        if self.anywhere:
            return f"{urlsplit(self.site.base_url).path.rstrip('/')}/{name}"
        return relative(name, self.here)

    def absolute(self, name: str) -> str:
        """The full address of a file of the site; without a base_url a link to it."""
        return f"{self.site.base_url}/{name}" if self.site.base_url else self.file(name)
