"""The pages of words, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atlas.findings.words.entries import Entry
from atlas.findings.words.letters import Part
from atlas.findings.words.view import WordsView
from atlas.web.page import Page


@dataclass(frozen=True)
class WordsPage:
    """The context of words/index.html: `words`, all words of the site."""

    words: WordsView


@dataclass(frozen=True)
class WordPage:
    """The context of words/word.html.

    words  all words of the site
    entry  the word
    """

    words: WordsView
    entry: Entry


@dataclass(frozen=True)
class LettersPage:
    """The context of words/letters.html, a page of the index of all words.

    words  all words of the site
    part   the words on this page
    """

    words: WordsView
    part: Part


def pages(address: str, view: WordsView) -> Iterator[Page]:
    """The page of all words, those of words that have their own, and those of the index."""
    yield Page(address, "words/index.html", WordsPage(view))
    for entry in view.entries:
        yield Page(
            f"{address}{entry.slug}/", "words/word.html", WordPage(view, entry), searched=False
        )
    for parts in view.letters.values():
        for part in parts:
            yield Page(
                f"{address}letters/{part.slug}/",
                "words/letters.html",
                LettersPage(view, part),
                indexed=False,
                # The words are the same in every language.
                fragments={"list": "words/list.html"},
            )
