"""The pages of words, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atlas.findings.words.view import WordsView
from atlas.web.page import Page


@dataclass(frozen=True)
class WordsPage:
    """The context of words/index.html: `words`, all words of the site."""

    words: WordsView


def pages(address: str, view: WordsView) -> Iterator[Page]:
    """The page of all words."""
    yield Page(address, "words/index.html", WordsPage(view))
