"""The table [site] of atlas.toml."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from atlas.config.fields import Language, Part, Text, distinct
from atlas.config.languages import USUAL


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (
        parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment
    ):
        raise ValueError(
            "write a full address such as https://atlas.example.org/ or leave it empty"
        )
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
    """Its address. Only canonical links, the sitemap and the feed need it; all other links are
    relative."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1), AfterValidator(distinct)] = (
        USUAL
    )
    """Editions to write. The first is at /, the others at /<language>/."""
