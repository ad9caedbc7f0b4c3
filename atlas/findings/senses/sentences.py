"""Sentences with words of several senses: a JSON Lines file with an occurrence in each line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from atlas.config.characters import unfit
from atlas.config.faults import nearest
from atlas.errors import DataError

MOST = 20  # senses of a word: marks have this many combinations of shape and colour
# Beginnings of the names of characters of scripts without spaces between words.
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_HINT = 'Each line is {"word": "bank", "sense": "river", "text": "We sat on the bank."}.'


class Occurrence(BaseModel):
    """A word in a sentence, and its sense there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    word: str = Field(min_length=1)
    sense: str = Field(min_length=1)
    text: str = Field(min_length=1)


def spans(word: str, text: str) -> list[tuple[int, int]]:
    """The beginnings and ends of a word in a text, regardless of case.

    In scripts with spaces these are the places where the word stands alone; if there are none,
    where it begins a longer word (`bank` in `banks`), else any (`bat` in `acrobat`).
    """
    exact = re.escape(word)
    spaced = not any(unicodedata.name(end, "").startswith(_UNSPACED) for end in (word[0], word[-1]))
    for pattern in (rf"(?<!\w){exact}(?!\w)", rf"(?<!\w){exact}", exact) if spaced else (exact,):
        if places := [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]:
            return places
    return []


def read(path: Path, words: Sequence[str] | None = None) -> tuple[Occurrence, ...]:
    """The occurrences of a file, in its order; of `words` only, if given.

    Raises DataError naming the line of a faulty occurrence, of a sentence that does not hold its
    word exactly once, or of one that is there twice for a word; or naming a word that is not in the
    file, or that does not have two to MOST senses with two sentences or more each.
    """
    occurrences: list[Occurrence] = []
    lines: dict[tuple[str, str], int] = {}
    # Other line separators may be part of JSON's strings.
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        occurrence = _occurrence(line, place)
        before = lines.setdefault((occurrence.word, occurrence.text), number)
        if before != number:
            raise DataError(
                f"{place}: the sentence of line {before} again", "Take one of them out."
            )
        occurrences.append(occurrence)
    if not occurrences:
        raise DataError(f"{path}: no sentences", _HINT)
    if words is not None:
        _check_words(path, words, {occurrence.word for occurrence in occurrences})
        occurrences = [occurrence for occurrence in occurrences if occurrence.word in words]
    _check_senses(path, occurrences)
    return tuple(occurrences)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise DataError(
            f"{path}: cannot be read ({problem})",
            "Is `corpus` in atlas.toml right? It is relative to that file.",
        ) from problem


def _occurrence(line: str, place: str) -> Occurrence:
    """The occurrence of a line. Raises DataError naming the line's place."""
    try:
        occurrence = Occurrence.model_validate_json(line)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"{place}: {f'{where}: ' if where else ''}{first['msg']}", _HINT
        ) from problem
    word = occurrence.word
    if sign := unfit(f"{word}{occurrence.sense}{occurrence.text}"):
        raise DataError(f"{place}: holds {sign}, which no page can show", "Take it out.")
    count = len(spans(word, occurrence.text))
    if not count:
        raise DataError(f"{place}: the sentence does not hold {word!r}", _HINT)
    if count > 1:
        raise DataError(
            f"{place}: the sentence holds {word!r} {count} times", "Reword it: which one is meant?"
        )
    return occurrence


def _check_words(path: Path, words: Sequence[str], known: Collection[str]) -> None:
    for word in words:
        if word not in known:
            raise DataError(
                f"{path}: no sentences with {word!r}{nearest(word, known, 'there are')}",
                "Mend `words` of this sense map.",
            )


def _check_senses(path: Path, occurrences: Sequence[Occurrence]) -> None:
    for word in dict.fromkeys(occurrence.word for occurrence in occurrences):
        senses = Counter(occurrence.sense for occurrence in occurrences if occurrence.word == word)
        if len(senses) < 2 or min(senses.values()) < 2:
            raise DataError(
                f"{path}: {word!r} needs two senses or more, with two sentences or more each",
                "Add some.",
            )
        if len(senses) > MOST:
            raise DataError(
                f"{path}: {word!r} has {len(senses)} senses; marks can tell {MOST} apart",
                "Join some of them.",
            )
