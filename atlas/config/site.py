"""The table [site] of atlas.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from atlas.config.fields import Language, Part, Text, distinct
from atlas.config.languages import USUAL
from atlas.config.names import Names, Table
from atlas.config.names import tables as tables_of

_ADDRESS = "write a full address such as https://atlas.example.org/ or leave it empty"


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError for what is no number
    except ValueError as problem:
        raise ValueError(_ADDRESS) from problem
    if value and (
        parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment
    ):
        raise ValueError(_ADDRESS)
    if unfit := re.search(r"[\s\"<>\\^`{|}?#]", value):
        raise ValueError(f"no address holds {unfit[0]!r}; write it as %{ord(unfit[0]):02X}")
    return value.rstrip("/")


def _inside(value: str) -> str:
    parts = value.split("/")
    if not value or value.startswith(("/", "\\")) or ".." in parts or ":" in value:
        raise ValueError("name a file in the folder of atlas.toml or below it")
    return value


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError("write a colour as # and six hexadecimal digits, as in `#0b5c8f`")
    return value.lower()


def _prefix(value: str) -> str:
    if value and not re.match(r"https?://[^\s\"<>]+$", value):
        raise ValueError(_ADDRESS)
    return value if not value or value.endswith("/") else f"{value}/"


File = Annotated[str, AfterValidator(_inside)]  # relative to the folder of atlas.toml
Colour = Annotated[str, AfterValidator(_colour)]


def _licence(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*|https?://[^\s\"<>]+", value):
        raise ValueError("write an SPDX identifier such as `CC-BY-4.0`, or an address")
    return value


def _filled(value: Text) -> Text:
    if not value:
        raise ValueError("must not be empty")
    return value


def _link(value: str) -> str:
    kind, colon, _ = value.partition(":")
    if not re.fullmatch(r"[^\s\"<>\\^`{|}]+", value) or (
        colon and "/" not in kind and kind not in ("http", "https", "mailto")
    ):
        raise ValueError("write a full address, or a page of this site as in `docs/`")
    return value


def text(value: Text | None, language: str, fallback: str = "") -> str:
    """A text in a language; where it has none in it, its first, else the fallback."""
    if isinstance(value, dict):
        named = {str(key): word for key, word in value.items()}
        return named.get(language) or next(iter(named.values()), fallback)
    return value or fallback


class Hero(Part):
    """What the home page begins with."""

    heading: Text = ""
    """Its heading; the theme's own when left out."""
    text: Text = ""
    """Its paragraph, below the description of the site; the theme's own when left out."""
    maps: tuple[str, ...] = ()
    """Ids of the maps that stand large below it; the first of each model when left out."""


class Entry(Part):
    """A link of the navigation."""

    title: Annotated[Text, AfterValidator(_filled)]
    """What it says."""
    link: Annotated[str, AfterValidator(_link)]
    """A full address, or a page of this site by its address below the root, as in `docs/`."""


class Accent(Part):
    """The colour of links and marks, of each theme, where it must stand out from the paper."""

    light: Colour
    """On light paper."""
    dark: Colour
    """On dark paper."""


class Site(Part):
    """The website as a whole."""

    title: Text = "Embedding atlas"
    """Its name, one text or one a language."""
    description: Text = ""
    """One sentence for search engines and link previews."""
    author: str = ""
    """Its publisher, named in the footer and in citations."""
    base_url: Annotated[str, AfterValidator(_base_url)] = ""
    """Its address, with the path it stands under. Canonical links, cards, oEmbed, the sitemap and
    the feed need it and are left out without it; all other links are relative. Where it is empty,
    it is what Netlify, Vercel, Cloudflare or GitHub Pages name, or ATLAS_BASE_URL."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1), AfterValidator(distinct)] = (
        USUAL
    )
    """Editions to write. The first is at /, the others at /<language>/."""
    hero: Hero = Hero()
    """What the home page begins with."""
    nav: tuple[str | Entry, ...] | None = None
    """The navigation, in this order: names of parts (`maps`, `comparisons`, `senses`, `words`,
    `about`, …), addresses of pages of content (`docs/`), and tables `{ title, link }`. When left
    out, all parts and the first page of each folder of content."""
    logo: File | None = None
    """A picture beside the name of the site, SVG, PNG or WebP."""
    favicon: File | None = None
    """The icon of the site in browsers, SVG, PNG or ICO; the theme's own when left out."""
    footer: Text = ""
    """A line of Markdown at the foot of every page."""
    css: Annotated[tuple[File, ...], AfterValidator(distinct)] = ()
    """Style sheets that every page loads after the theme's."""
    accent: Colour | Accent | None = None
    """The colour of links and marks: one, from which that of the dark theme is made, or
    `{ light, dark }`."""
    licence: Annotated[str, AfterValidator(_licence)] = ""
    """The licence of texts and data: an SPDX identifier such as `CC-BY-4.0`, or an address."""
    edit: Annotated[str, AfterValidator(_prefix)] = ""
    """Where the folder of atlas.toml can be edited, as in `https://github.com/me/it/edit/main/`:
    pages of content then link to their source."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Maps that the home page names and that the file has not."""
        for table in tables:
            for hero in tables_of(table.keys, "hero", table.place):
                for place, name in hero.texts("maps"):
                    if fault := names.unknown("map", name):
                        yield f"{place}: {fault}"
