"""A page of the site before it is rendered, and what every template is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from atlas.config.site import Site
    from atlas.web.assets import Assets


class Pictured(Protocol):
    """What a link preview shows a picture of."""

    def title(self, language: str) -> str:
        """What the picture shows."""

    @property
    def cards(self) -> Mapping[str, str]:
        """The picture's address by language."""

    @property
    def size(self) -> int:
        """How many tokens it shows."""


@dataclass(frozen=True)
class Page:
    """One page in every language.

    url        its address below the root of each edition
    template   the template that makes it
    context    what that template is told besides the names of every page: a dataclass, whose fields
               are the names. Themes override templates file by file, so its fields are a contract
    indexed    whether search engines and the sitemap are told of it
    framed     whether it is made to stand in other sites' frames
    fragments  templates that read the same in every language: rendered once with the same context,
               and handed to `template` as `fragments`, by the names given here
    pictured   what link previews show; the first map where it is None
    """

    url: str
    template: str
    context: DataclassInstance
    indexed: bool = True
    framed: bool = False
    fragments: Mapping[str, str] = field(default_factory=dict)
    pictured: Pictured | None = None


@dataclass(frozen=True)
class Part:
    """A section of the site as templates see it: its name, its title (a message), where its pages
    begin, and what it shows."""

    name: str
    title: str
    address: str
    views: Sequence[object]


@dataclass(frozen=True)
class Common:
    """What every template is told besides the names of its own page.

    Of the edition come further: `page` (this page), `edition`, `language`, `link(url)` to a page of
    the same edition, `file(name)` to a file of the site, `absolute(name)`, the tags `style(name)`
    and `script(name, …)` that load those of the theme, and `fragments`.

    site       the table [site]
    languages  of the site, the first first
    assets     where styles, scripts and the map runtime stand
    version    of the atlas
    map_files  the folder of what map pages fetch
    card_size  width and height in pixels of the pictures of link previews
    sections   what the site shows, in the order of its navigation
    pictured   what link previews show
    """

    site: Site
    languages: Sequence[str]
    assets: Assets
    version: str
    map_files: str
    card_size: tuple[int, int]
    sections: Sequence[Part]
    pictured: Pictured
