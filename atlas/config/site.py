"""The table [site] of atlas.toml."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from atlas.config.fields import Language, Part, Text, distinct
from atlas.config.languages import USUAL

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


def text(value: Text | None, language: str, fallback: str = "") -> str:
    """A text in a language; where it has none in it, its first, else the fallback."""
    if isinstance(value, dict):
        named = {str(key): word for key, word in value.items()}
        return named.get(language) or next(iter(named.values()), fallback)
    return value or fallback


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
