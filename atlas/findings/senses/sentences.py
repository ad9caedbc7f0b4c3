"""Sentences around words with several senses: a JSON Lines file, one occurrence a line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from atlas.config.faults import nearest
from atlas.errors import DataError

MOST = 20  # senses of a word whose marks can be told apart, by shape and colour
# Scripts that put nothing between words.
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_HINT = 'Each line is {"word": "bank", "sense": "river", "text": "We sat on the bank."}.'


class Occurrence(BaseModel):
    """A word in a sentence, and in which sense it stands there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    word: str = Field(min_length=1)
    sense: str = Field(min_length=1)
    text: str = Field(min_length=1)


def spans(word: str, text: str) -> list[tuple[int, int]]:
    """Where a word begins and ends in a text, without regard to case.

    Where words are spaced these are the places where it stands alone, else where it begins a longer
    word (`bank` in `banks`), else any (`bat` in `acrobat`).
    """
    exact = re.escape(word)
    spaced = not any(unicodedata.name(end, "").startswith(_UNSPACED) for end in (word[0], word[-1]))
    for pattern in (rf"(?<!\w){exact}(?!\w)", rf"(?<!\w){exact}", exact) if spaced else (exact,):
        if places := [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]:
            return places
    return []


def read(path: Path, words: Sequence[str] | None = None) -> tuple[Occurrence, ...]:
    """The occurrences of a file, in its order; of some words only, if they are given.

    Raises DataError naming the file and the line of what is no occurrence, of a sentence that does
    not hold its word once, and of one that stands there twice for a word; naming a word that is not
    in the file, one with fewer than two senses or more than MOST, and one with a sense of fewer
    than two sentences, of which there is nothing to compare.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(
            f"{path}: cannot be read ({problem})",
            "Is `corpus` in atlas.toml right? It is relative to that file.",
        ) from problem
    occurrences: list[Occurrence] = []
    lines: dict[tuple[str, str], int] = {}
    # Other signs that end lines elsewhere may stand in JSON's strings.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            occurrence = _occurrence(line, f"{path}, line {number}")
            before = lines.setdefault((occurrence.word, occurrence.text), number)
            if before != number:
                raise DataError(
                    f"{path}, line {number}: the sentence of line {before} again",
                    "Take one of them out.",
                )
            occurrences.append(occurrence)
    if not occurrences:
        raise DataError(f"{path}: no sentences", _HINT)
    known = {occurrence.word for occurrence in occurrences}
    for word in words or ():
        if word not in known:
            raise DataError(
                f"{path}: no sentences with {word!r}{nearest(word, known, 'there are')}",
                "Mend `words` of this sense map.",
            )
    wanted = tuple(row for row in occurrences if words is None or row.word in words)
    _check_senses(wanted, path)
    return wanted


def _occurrence(line: str, place: str) -> Occurrence:
    """What a line says. Raises DataError naming the place, unless its sentence holds the word
    once."""
    try:
        occurrence = Occurrence.model_validate_json(line)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: " if where else ""
        raise DataError(f"{place}: {what}{first['msg']}", _HINT) from problem
    count = len(spans(occurrence.word, occurrence.text))
    if not count:
        raise DataError(f"{place}: the sentence does not hold {occurrence.word!r}", _HINT)
    if count > 1:
        raise DataError(
            f"{place}: the sentence holds {occurrence.word!r} {count} times",
            "Reword it: which one is meant?",
        )
    return occurrence


def _check_senses(occurrences: Sequence[Occurrence], path: Path) -> None:
    """Raise DataError for a word whose senses cannot be compared, or not be told apart."""
    for word in dict.fromkeys(occurrence.word for occurrence in occurrences):
        senses = Counter(row.sense for row in occurrences if row.word == word)
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
