"""The words of a site, arranged for their pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from atlas.config.languages import LANGUAGES
from atlas.findings.words.cards import SIZE
from atlas.findings.words.config import Words
from atlas.findings.words.entries import Entry, Hrefs, slugs
from atlas.findings.words.forms import key
from atlas.findings.words.letters import Part, parts
from atlas.findings.words.lexicon import Lexicon, ModelLexicon

FRONT = 60  # words that the page of all names


class WordsView:
    """The words of a site. All languages share it.

    shards   the bounds of the files of answers
    entries  the words with a page of their own
    cards    the address of the picture of each of them for link previews, by slug
    """

    id = "words"

    def __init__(self, table: Words, lexicon: Lexicon, keys: Iterable[str]) -> None:
        self.table, self.lexicon = table, lexicon
        self.shards: list[str] = []
        self.cards: dict[str, str] = {}
        named = slugs(lexicon, keys)
        self.hrefs = Hrefs(named)
        self.entries = [Entry(one, slug, lexicon, self.hrefs) for one, slug in named.items()]

    def now(self, slug: str) -> str | None:
        """The address, below that of the page of all words, of a word whose page is gone, by the
        name that it had in addresses; None of no word."""
        one = self._keys.get(slug)
        return None if one is None else self.hrefs.of(one)

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {slug: one for one, slug in slugs(self.lexicon, self.lexicon.keys).items()}

    def title(self, language: str) -> str:
        """Its id, in every language; pages name it themselves."""
        return self.id

    @property
    def size(self) -> int:
        """The number of its words."""
        return len(self.lexicon.keys)

    @property
    def models(self) -> Sequence[ModelLexicon]:
        """Its models."""
        return self.lexicon.models

    @cached_property
    def front(self) -> list[Entry]:
        """The words that the page of all names first: those listed, else some others."""
        known = {entry.key: entry for entry in self.entries}
        listed = [known[found] for one in self.lexicon.listed if (found := key(one.word)) in known]
        return (listed or [entry for entry in self.entries if entry.text.isalpha()])[:FRONT]

    @property
    def card_size(self) -> tuple[int, int]:
        """Width and height in pixels of its pictures for link previews."""
        return SIZE

    def term(
        self, entry: Entry, language: str, page: str, index: str, description: str
    ) -> dict[str, object]:
        """A word as schema.org's DefinedTerm: `page` is its address, `index` that of all words."""
        models = [model.title(language) for model in self.models]
        return {
            "@context": "https://schema.org",
            "@type": "DefinedTerm",
            "name": entry.text,
            "termCode": entry.key,
            "url": page,
            "description": description,
            **({"inLanguage": entry.language} if entry.language else {}),
            "inDefinedTermSet": {
                "@type": "DefinedTermSet",
                "name": LANGUAGES[language].comma.join(models),
                "url": index,
            },
        }

    @cached_property
    def letters(self) -> dict[str, list[Part]]:
        """The index of all words: its pages by script."""
        return parts(self.lexicon.keys)

    def listed(self, keys: Iterable[str]) -> list[tuple[str, str, str]]:
        """The usual form of each key, its address below that of all words, and the numbers of the
        models that have it as a token, from 1."""
        return [
            (
                next(iter(self.lexicon.forms(one)), one),
                self.hrefs.of(one),
                " ".join(
                    str(number)
                    for number, model in enumerate(self.lexicon.models, 1)
                    if one in model.rows
                ),
            )
            for one in keys
        ]
