"""Signs and words that every vocabulary is asked for: how each has them."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.engine.stage import Work, stage
from atlas.errors import ModelError
from atlas.findings.vocabularies.data import Asked, Span
from atlas.findings.vocabularies.data import Wall as WallData
from atlas.findings.vocabularies.sets import members
from atlas.findings.vocabularies.stages.tokenizer import ASKED, LIBRARIES, Reader, reader
from atlas.spaces.readable import bare
from atlas.spaces.records import Vocabulary

_BETTER = "topbu"  # states, the best first
_SPACED = ("byte-level-bpe", "sentencepiece")  # families that mark the space before a word


@stage("wall", version=1, weight=1, uses=(ASKED,), libraries=(*LIBRARIES, "kanji-lists", "regex"))
def wall(vocabulary: Vocabulary, *, sets: Sequence[str], work: Work = Work()) -> WallData:
    """How a vocabulary has each member of these sets: as its tokenizer splits it, standing alone or
    after a space, whichever is better. Without a tokenizer that can be asked, only whether it is a
    token."""
    try:
        found: Reader | None = reader(work.location)
        reason = ""
    except ModelError as problem:
        found, reason = None, problem.message
    asked = []
    for number, name in enumerate(sets):
        groups = members(name)
        items = tuple(item for group in groups for item in group.members)
        try:
            told = _split(vocabulary, found, items) if found else _looked_up(vocabulary, items)
        except ModelError as problem:
            found, reason = None, problem.message
            told = _looked_up(vocabulary, items)
        if items:
            asked.append(
                Asked(
                    name=name,
                    groups=tuple(
                        Span(name=group.name, size=len(group.members)) for group in groups
                    ),
                    items=items,
                    states="".join(state for state, _ in told),
                    pieces=tuple(pieces for _, pieces in told),
                )
            )
        work.progress((number + 1) / len(sets))
    return WallData(sets=tuple(asked), reason=reason)


def _split(
    vocabulary: Vocabulary, tokenizer: Reader, items: Sequence[str]
) -> list[tuple[str, int]]:
    ways = [tokenizer.ids(items)]
    if vocabulary.family in _SPACED:
        ways.append(tokenizer.ids([f" {item}" for item in items]))
    return [
        min(
            (_state(vocabulary, tokenizer.unknown, item, ids) for ids in read),
            key=lambda told: (_BETTER.index(told[0]), told[1]),
        )
        for item, *read in zip(items, *ways, strict=True)
    ]


def _state(
    vocabulary: Vocabulary, unknown: int | None, item: str, ids: Sequence[int]
) -> tuple[str, int]:
    """The letter of STATES and the number of tokens of an item; a space before it is none of
    them."""
    size = len(vocabulary)
    tokens = [token for token in ids if token >= size or vocabulary.texts[token] != "␣"]
    if not tokens or unknown in tokens:
        return "u", len(tokens)
    if any(token < size and vocabulary.kinds[token] == "byte" for token in tokens):
        return "b", len(tokens)
    if len(tokens) > 1:
        return "p", len(tokens)
    return ("t" if tokens[0] < size and bare(vocabulary.texts[tokens[0]]) == item else "o"), 1


def _looked_up(vocabulary: Vocabulary, items: Sequence[str]) -> list[tuple[str, int]]:
    texts = {
        bare(text)
        for text, kind in zip(vocabulary.texts, vocabulary.kinds, strict=True)
        if kind in ("word", "continuation")
    }
    return [("t", 1) if item in texts else ("-", 0) for item in items]
