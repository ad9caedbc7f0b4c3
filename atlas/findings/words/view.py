"""The words of a site, arranged for their pages."""

from __future__ import annotations

from atlas.findings.words.config import Words
from atlas.findings.words.lexicon import Lexicon


class WordsView:
    """The words of a site. All languages share it.

    shards  the bounds of the files of answers
    """

    id = "words"

    def __init__(self, table: Words, lexicon: Lexicon) -> None:
        self.table, self.lexicon = table, lexicon
        self.shards: list[str] = []

    def title(self, language: str) -> str:
        """Its id, in every language; pages name it themselves."""
        return self.id

    @property
    def size(self) -> int:
        """The number of its words."""
        return len(self.lexicon.keys)
