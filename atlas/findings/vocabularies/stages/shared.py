"""What two vocabularies share, by text, by id and by script."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from atlas.engine.stage import stage
from atlas.findings.vocabularies.data import Changed, Counts
from atlas.findings.vocabularies.data import Shared as SharedData
from atlas.spaces.readable import bare
from atlas.spaces.records import Vocabulary

EXAMPLES = 60  # words of each list on a page; the table has all
_CHANGED = 200  # ids with another token that are told of
_VERSIONS = 0.5  # the share of equal ids from which two vocabularies are versions of one
_ACCENTS = range(0x300, 0x370)  # combining marks of Latin, Greek and Cyrillic letters


class Row(NamedTuple):
    """A text of one vocabulary or of both: its ids in either, and the kind and the script of its
    first token, in the first vocabulary where it is there."""

    text: str
    first: list[int]
    second: list[int]
    kind: str
    script: str


@stage("shared", version=2)
def shared(first: Vocabulary, second: Vocabulary) -> SharedData:
    """Compare two vocabularies. Rows that no token has, as padding, are left out."""
    rows = joined(first, second)
    both = [row for row in rows if row.first and row.second]
    spoken = [row for row in rows if row.kind in ("word", "continuation")]
    return SharedData(
        texts=_counts(rows),
        same_kind=sum(_one_kind(row, first, second) for row in both),
        folded=_folded(rows),
        kinds=_by(rows, (row.kind for row in rows)),
        scripts=_by(spoken, (row.script for row in spoken)),
        examples=(
            _examples(row for row in both),
            _examples(row for row in rows if not row.second),
            _examples(row for row in rows if not row.first),
        ),
        **_ids(first, second),
    )


def joined(first: Vocabulary, second: Vocabulary) -> list[Row]:
    """Every text of two vocabularies, those of the first in the order of its ids, then what the
    second alone has in that of its own."""
    rows: dict[str, Row] = {}
    for side, vocabulary in enumerate((first, second)):
        for token, text in _texts(vocabulary):
            row = rows.get(text)
            if row is None:
                row = rows[text] = Row(
                    text, [], [], vocabulary.kinds[token], vocabulary.scripts[token]
                )
            (row.second if side else row.first).append(token)
    return list(rows.values())


def fold(text: str) -> str:
    """A text without case, width and the accents of letters; kana keep their marks."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(sign for sign in plain if ord(sign) not in _ACCENTS)
    return unicodedata.normalize("NFC", kept)


def _texts(vocabulary: Vocabulary) -> Iterator[tuple[int, str]]:
    for token, (name, text) in enumerate(zip(vocabulary.tokens, vocabulary.texts, strict=True)):
        if not (vocabulary.kinds[token] == "unused" and name.startswith("<row ")):
            yield token, bare(text)


def _counts(rows: Iterable[Row]) -> Counts:
    counts = Counter((bool(row.first), bool(row.second)) for row in rows)
    return Counts(shared=counts[True, True], first=counts[True, False], second=counts[False, True])


def _by(rows: Sequence[Row], names: Iterable[str]) -> dict[str, Counts]:
    """The counts of rows by name, the largest first."""
    groups: dict[str, list[Row]] = {}
    for row, name in zip(rows, names, strict=True):
        groups.setdefault(name, []).append(row)
    ordered = sorted(groups, key=lambda name: (-len(groups[name]), name))
    return {name: _counts(groups[name]) for name in ordered}


def _folded(rows: Sequence[Row]) -> Counts:
    sides: tuple[set[str], set[str]] = set(), set()
    for row in rows:
        text = fold(row.text)
        for side, ids in enumerate((row.first, row.second)):
            if ids:
                sides[side].add(text)
    one, other = sides
    return Counts(shared=len(one & other), first=len(one - other), second=len(other - one))


def _one_kind(row: Row, first: Vocabulary, second: Vocabulary) -> bool:
    kinds = {first.kinds[token] for token in row.first}
    return not kinds.isdisjoint(second.kinds[token] for token in row.second)


def _ids(first: Vocabulary, second: Vocabulary) -> dict[str, Any]:
    """The part of Shared that is by id."""
    pairs = list(zip(first.tokens, second.tokens, strict=False))
    differ = [token for token, (one, other) in enumerate(pairs) if one != other]
    places = {name: token for token, name in enumerate(first.tokens)}
    moved = sum(places.get(name, token) != token for token, name in enumerate(second.tokens))
    versions = len(pairs) - len(differ) >= _VERSIONS * len(pairs)
    return {
        "ids": len(pairs),
        "same_id": len(pairs) - len(differ),
        "moved": moved,
        "changed": tuple(
            Changed(id=token, first=first.texts[token], second=second.texts[token])
            for token in differ[: _CHANGED if versions else 0]
        ),
    }


def _examples(rows: Iterable[Row]) -> tuple[str, ...]:
    """Words of letters among rows, from all parts of the vocabulary alike; of Latin letters two or
    more."""
    words = [
        row.text
        for row in rows
        if row.kind in ("word", "continuation")
        and row.text.isalpha()
        and (len(row.text) > 1 or not row.text.isascii())
    ]
    step = max(len(words) / EXAMPLES, 1)
    return tuple(words[int(place * step)] for place in range(min(EXAMPLES, len(words))))
