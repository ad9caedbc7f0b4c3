"""Links between pages, relative to the page they stand on."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit


@cache
def relative(url: str, page: str) -> str:
    """A site path as a link from a page (`maps/a/` from `ja/about/` is `../../maps/a/`)."""
    folder = page.rpartition("/")[0]
    link = os.path.relpath(url.rstrip("/") or ".", folder or ".").replace(os.sep, "/")
    return f"{link}/" if url == "" or url.endswith("/") else link


class Links:
    """Links from one page: to a page of the same edition, and to a file of the site."""

    def __init__(self, here: str, prefix: str, relative: Callable[[str, str], str]) -> None:
        self.here, self.prefix, self._relative = here, prefix, relative

    def link(self, url: str) -> str:
        return self._relative(self.prefix + url, self.here)

    def file(self, name: str) -> str:
        return self._relative(name, self.here)


class Rooted(Links):
    """Links from a page that may be served at any address."""

    def __init__(
        self, here: str, prefix: str, relative: Callable[[str, str], str], base_url: str
    ) -> None:
        super().__init__(here, prefix, relative)
        self.root = f"{urlsplit(base_url).path.rstrip('/')}/"

    def link(self, url: str) -> str:
        return self.root + self.prefix + url

    def file(self, name: str) -> str:
        return self.root + name
