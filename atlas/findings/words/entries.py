"""Words with a page of their own: which they are, and what their pages say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any
from urllib.parse import quote

from atlas.findings.words.config import Words
from atlas.findings.words.forms import key, word
from atlas.findings.words.lexicon import Answer, Lexicon, ModelLexicon, Space
from atlas.maps.view import MapView

RING = (1600, 900)  # the size of the drawing over a poster
MEMBERS = 200  # of a landmark that have a page because they are: its first in the vocabulary
_PLAIN = re.compile(r"[a-z0-9]{1,40}")
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


@dataclass(frozen=True)
class Piece:
    """A token or a word as a link: its text, and its address below that of all words."""

    text: str
    href: str


@dataclass(frozen=True)
class Near:
    """A neighbor of a token, and its cosine similarity."""

    text: str
    href: str
    similarity: float


@dataclass(frozen=True)
class Told:
    """What one space says of a token.

    near   its true neighbors, nearest first
    twins  those among them that are written like it or like a nearer one
    at     its place in a drawing of RING over the map's poster; None where that does not show it
    kept   how many of its k nearest neighbors the map keeps near
    """

    space: Space
    near: Sequence[Near]
    twins: Sequence[Near]
    cluster: Answer | None
    at: tuple[int, int] | None
    kept: int


@dataclass(frozen=True)
class Token:
    """A token of a word, and what each space that shows it says."""

    id: int
    text: str
    kind: str
    rank: int
    pos: str | None
    reading: str | None
    spaces: Sequence[Told]


@dataclass(frozen=True)
class Row:
    """What one model makes of a word.

    tokens  its tokens of any written form
    split   the pieces that its tokenizer makes of the word; None where that was not asked
    after   the pieces of the word after a space, where the tokenizer tells that apart; else None
    """

    model: ModelLexicon
    tokens: Sequence[Token]
    split: Sequence[Piece] | None
    after: Sequence[Piece] | None

    @property
    def spelled(self) -> bool:
        """Whether some of the pieces are bytes, and no whole characters."""
        return any(_BYTE.search(piece.text) for piece in self.split or ())

    def title(self, language: str) -> str:
        """The model's title."""
        return self.model.title(language)


class Entry:
    """A word with a page of its own. All languages share it.

    key   under which all its written forms are found
    text  its usual form
    slug  its name in addresses
    """

    def __init__(self, found: str, slug: str, lexicon: Lexicon, hrefs: Hrefs) -> None:
        self.key, self.slug = found, slug
        self.lexicon, self._hrefs = lexicon, hrefs
        self.text = next(iter(lexicon.forms(found)), found)

    @cached_property
    def answers(self) -> list[Answer | None]:
        """The answer of each model."""
        return self.lexicon.answers(self.key)

    @cached_property
    def rows(self) -> list[Row]:
        """What each model makes of it."""
        return [
            self._row(model, answer or {})
            for model, answer in zip(self.lexicon.models, self.answers, strict=True)
        ]

    def _row(self, model: ModelLexicon, answer: Answer) -> Row:
        tokens = [
            Token(
                token["id"],
                token["text"],
                token["kind"],
                token["rank"],
                token.get("pos"),
                token.get("reading"),
                [self._space(model, token, told) for told in token.get("spaces", ())],
            )
            for token in answer.get("tokens", ())
        ]
        after = answer.get("forms", {}).get(f" {self.text}", {})
        return Row(
            model, tokens, self._pieces(answer.get("split")), self._pieces(after.get("split"))
        )

    def _pieces(self, split: Sequence[str] | None) -> list[Piece] | None:
        return None if split is None else [Piece(one, self._hrefs.of(one)) for one in split]

    def _space(self, model: ModelLexicon, token: Answer, told: Answer) -> Told:
        near = [Near(text, self._hrefs.of(text), value) for text, value in told["near"]]
        alike = twins(token["text"], [one.text for one in near])
        at = told.get("at")
        return Told(
            model.spaces[told["space"]],
            [one for one, twin in zip(near, alike, strict=True) if not twin],
            [one for one, twin in zip(near, alike, strict=True) if twin],
            told.get("cluster"),
            None if at is None else (round(at[0] * RING[0]), round(at[1] * RING[1])),
            told["kept"],
        )

    @property
    def having(self) -> list[Row]:
        """The rows of the models that have it as a token."""
        return [row for row in self.rows if row.tokens]

    @property
    def language(self) -> str:
        """The language of the first model that has it; empty where none has."""
        return self.having[0].model.about.language if self.having else ""

    @property
    def reading(self) -> str | None:
        """Its reading, where a dictionary knows one."""
        found = (token.reading for row in self.rows for token in row.tokens)
        return next(filter(None, found), None)

    @cached_property
    def nearest(self) -> list[str]:
        """Some of its neighbors, those of the first space of the first model before others."""
        texts = [
            word(near.text)
            for row in self.rows
            for token in row.tokens
            for told in token.spaces
            for near in told.near
        ]
        return [text for text in dict.fromkeys(texts) if text.strip()][:8]

    @property
    def pieces(self) -> list[str]:
        """The pieces of its longest split."""
        splits = ([piece.text for piece in row.split or ()] for row in self.rows)
        return max(splits, key=len, default=[])

    @cached_property
    def shared(self) -> list[tuple[Piece, list[ModelLexicon]]]:
        """The neighbors that several models have, in any of their spaces, those of most models
        first."""
        found: dict[str, tuple[str, dict[str, ModelLexicon]]] = {}
        for row in self.rows:
            for text in (
                near.text
                for token in row.tokens
                for told in token.spaces
                for near in (*told.near, *told.twins)
            ):
                if (other := key(text)) != self.key:
                    own = found.setdefault(other, (word(text), {}))[1]
                    own[row.model.model.id] = row.model
        several = [(text, list(own.values())) for text, own in found.values() if len(own) > 1]
        several.sort(key=lambda pair: -len(pair[1]))
        return [(Piece(text, self._hrefs.of(text)), own) for text, own in several]


class Hrefs:
    """The addresses of words, below that of the page of all: `victory/` of one with a page of its
    own, `?w=champion` of others."""

    def __init__(self, slugs: Mapping[str, str]) -> None:
        self.slugs = slugs
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The address of the word of a token's text."""
        known = self._known.get(text)
        if known is None:
            slug = self.slugs.get(key(text))
            known = f"{slug}/" if slug else f"?w={_asked(text)}"
            self._known[text] = known
        return known


def _asked(text: str) -> str:
    """A text as the value of a query. Letters and digits of every script stand as they are, as HTML
    allows: percent signs would take three times as many bytes."""
    return "".join(sign if sign.isalnum() else quote(sign, safe="") for sign in text)


def twins(own: str, texts: Sequence[str]) -> list[bool]:
    """Whether each text is written like a token or like an earlier text, but for case, width, marks
    of spaces and of continuations, or an English plural."""
    seen = [key(own)]
    found = []
    for text in texts:
        folded = key(text)
        found.append(any(_alike(folded, other) for other in seen))
        seen.append(folded)
    return found


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    if len(short) < 3 or not short.isascii() or not short.isalpha():
        return False
    return long in (f"{short}s", f"{short}es") or (
        short.endswith("y") and long == f"{short[:-1]}ies"
    )


def slugs(lexicon: Lexicon, keys: Iterable[str]) -> dict[str, str]:
    """The names of words in addresses, each another: a word in Latin letters and digits is its own,
    others are told by their reading, or as far as Latin letters tell them, and by a digest, which
    also tells words of one reading apart. A name does not depend on what other words there are."""
    latin = {key(one.word): one.latin for one in lexicon.listed if one.latin}
    found: dict[str, str] = {}
    for one in dict.fromkeys(keys):
        if _PLAIN.fullmatch(one):
            found[one] = one
            continue
        said = one if one.isascii() else latin.get(one) or lexicon.latin(one) or one
        plain = said.encode("ascii", "ignore").decode().lower()
        told = "-".join(re.findall(r"[a-z0-9]+", plain))[:30].strip("-")
        digest = hashlib.sha256(one.encode()).hexdigest()[:8]
        found[one] = f"{told}-{digest}" if told else f"x-{digest}"
    return found


def chosen(lexicon: Lexicon, views: Sequence[MapView], table: Words) -> list[str]:
    """The keys of the words that have a page: those listed, members of claims and of landmarks, and
    of each language as many as `pages` that models share, most frequent first; of all these the
    first `max_pages`."""
    models = {model.model.id: model for model in lexicon.models}
    shown = [(view.about, models[view.model.id]) for view in views if view.model.id in models]
    claimed = (
        text
        for about, _ in shown
        for claim in about.claims
        for pair in claim.pairs
        for text in pair.words
    )
    pinned = [
        _members(landmark.members, model) for about, model in shown for landmark in about.landmarks
    ]
    found = dict.fromkeys(key(one.word) for one in lexicon.listed)
    found |= dict.fromkeys(map(key, claimed))
    found |= dict.fromkeys(_in_turn(pinned))
    found |= dict.fromkeys(_shared(lexicon, table.pages))
    return sorted(islice(filter(lexicon.known, found), table.max_pages))


def _members(rows: Iterable[int], model: ModelLexicon) -> list[str]:
    """The keys of the first members of a landmark."""
    known = [row for row in rows if row < len(model.texts)]
    return [key(model.texts[row]) for row in known[:MEMBERS]]


def _in_turn(sets: Iterable[Sequence[str]]) -> Iterator[str]:
    """The first word of each set, then the second of each, and so on."""
    return (one for row in zip_longest(*sets) for one in row if one is not None)


def _shared(lexicon: Lexicon, pages: int) -> Iterator[str]:
    """Of each language the most frequent words of two signs or more that several models have as a
    word; that the one model has, where there is but one."""
    least = min(2, len(lexicon.models))
    first: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = {}
    for model in lexicon.models:
        own = first.setdefault(model.about.language.split("-")[0], {})
        for text, rows in model.rows.items():
            words = [row for row in rows if model.kinds[row] == "word"]
            if len(text) > 1 and words and any(sign.isalnum() for sign in text):
                counts[text] = counts.get(text, 0) + 1
                own[text] = min(own.get(text, words[0]), words[0])
    for own in first.values():
        common = [text for text in own if counts[text] >= least]
        yield from sorted(common, key=lambda text: (own[text], text))[:pages]


def answer_file(entry: Entry) -> dict[str, Any]:
    """What a program is told of a word: the answer of each model, and the neighbors that several
    share."""
    return {
        "version": 1,
        "word": entry.text,
        "key": entry.key,
        "page": f"words/{entry.slug}/",
        "models": [
            {"id": row.model.model.id, "answer": answer}
            for row, answer in zip(entry.rows, entry.answers, strict=True)
        ],
        "shared": [
            {"text": piece.text, "models": [model.model.id for model in models]}
            for piece, models in entry.shared
        ],
    }
