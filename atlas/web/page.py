"""A page of the site before it is rendered, and the context of every template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from atlas.config.fields import Text
    from atlas.config.site import Site
    from atlas.web.assets import Assets
    from atlas.web.identity import Identity


class Pictured(Protocol):
    """The map that the picture of a link preview shows."""

    def title(self, language: str) -> str:
        """Its title."""

    @property
    def cards(self) -> Mapping[str, str]:
        """The picture's address by language."""

    @property
    def size(self) -> int:
        """The number of its tokens."""


@dataclass(frozen=True)
class Page:
    """One page in every language.

    url        its address below the root of each edition
    template   the name of its template
    context    a dataclass whose fields are the template's names besides the common ones. Themes
               override templates file by file, so the fields are a contract
    indexed    whether the sitemap lists it and search engines may index it
    framed     whether it is made for other sites' frames
    searched   whether the field in the header finds what it says, if it is indexed
    fragments  templates that are equal in every language, by name: rendered once with the same
               context, and passed to `template` as `fragments`
    pictured   the map that link previews show; None for a card of the page's title
    """

    url: str
    template: str
    context: DataclassInstance
    indexed: bool = True
    framed: bool = False
    searched: bool = True
    fragments: Mapping[str, str] = field(default_factory=dict)
    pictured: Pictured | None = None


@dataclass(frozen=True)
class Part:
    """A section of the site as templates see it: its name, its title (a message id), the address of
    its first page, and its views."""

    name: str
    title: str
    address: str
    views: Sequence[object]


@dataclass(frozen=True)
class NavItem:
    """A link of the navigation: its address below the root of the edition, or a full one; the
    folder whose pages it stands for; and what it says, a message id or a text of the author's."""

    address: str
    folder: str = ""
    message: str = ""
    title: Text = ""

    @property
    def outside(self) -> bool:
        """Whether it leads to another site."""
        return "://" in self.address

    def current(self, url: str) -> bool:
        """Whether the page at this address is one of those it stands for."""
        return url == self.address or bool(self.folder and url.startswith(self.folder))


@dataclass(frozen=True)
class Common:
    """The names of every template besides those of its own page.

    The edition adds `page` (this page), `edition`, `language`, `link(url)` to a page of the same
    edition, `file(name)` to a file of the site, `absolute(name)`, the tags `style(name)` and
    `script(name, …)` that load those of the theme, `fragments`, `pictured`, which is the page's,
    `card(title, description)`, the address of a picture of these for link previews, and `schema`,
    which tells search engines what the page is (`atlas/web/schema_org.py`).

    site       the table [site]
    languages  of the site, the first first
    assets     the addresses of styles, scripts and the map runtime
    version    of the atlas
    map_files  the folder of the files that map pages fetch
    card_size  width and height in pixels of the pictures of link previews
    sections   the sections of the site
    nav        the links of the navigation
    identity   the files of the site's own look: icon, logo, styles, licence
    """

    site: Site
    languages: Sequence[str]
    assets: Assets
    version: str
    map_files: str
    card_size: tuple[int, int]
    sections: Sequence[Part]
    nav: Sequence[NavItem]
    identity: Identity
