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
_UNSPACED = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
)  # scripts that put nothing between words
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
        if found := [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]:
            return found
    return []


def read(path: Path, words: Sequence[str] | None = None) -> tuple[Occurrence, ...]:
    """The occurrences of a file, in its order; of some words only, if they are given.

    Raises DataError naming the file and the line of what is no occurrence, of a sentence that does
    not hold its word once, and of one that stands there twice for a word; naming a word that is not
    in the file, one with fewer than two senses or more than MOST, and one with a sense of fewer
    than two sentences, of which there is nothing to compare.
    """
    found: list[Occurrence] = []
    lines: dict[tuple[str, str], int] = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(
            f"{path}: cannot be read ({problem})",
            "Is `corpus` in atlas.toml right? It is relative to that file.",
        ) from problem
    for number, line in enumerate(
        text.split("\n"), 1
    ):  # other signs that end lines elsewhere may stand in JSON's strings
        if not line.strip():
            continue
        try:
            one = Occurrence.model_validate_json(line)
        except ValidationError as problem:
            first = problem.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(
                f"{path}, line {number}: {f'{where}: ' if where else ''}{first['msg']}", _HINT
            ) from problem
        places = len(spans(one.word, one.text))
        if not places:
            raise DataError(
                f"{path}, line {number}: the sentence does not hold {one.word!r}", _HINT
            )
        if places > 1:
            raise DataError(
                f"{path}, line {number}: the sentence holds {one.word!r} {places} times",
                "Reword it: which one is meant?",
            )
        if (before := lines.setdefault((one.word, one.text), number)) != number:
            raise DataError(
                f"{path}, line {number}: the sentence of line {before} again",
                "Take one of them out.",
            )
        found.append(one)
    if not found:
        raise DataError(f"{path}: no sentences", _HINT)
    known = {one.word for one in found}
    for word in words or ():
        if word not in known:
            raise DataError(
                f"{path}: no sentences with {word!r}{nearest(word, known, 'there are')}",
                "Mend `words` of this sense map.",
            )
    found = [one for one in found if words is None or one.word in words]
    for word in dict.fromkeys(one.word for one in found):
        senses = Counter(one.sense for one in found if one.word == word)
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
    return tuple(found)
