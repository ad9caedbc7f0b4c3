"""Sentences around words with several senses: a JSON Lines file, one occurrence a line."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from atlas.errors import DataError


class Occurrence(BaseModel):
    """A word in a sentence, and in which sense it stands there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    word: str = Field(min_length=1)
    sense: str = Field(min_length=1)
    text: str = Field(min_length=1)

    @property
    def start(self) -> int:
        """Where the word begins in the sentence, without regard to case; -1 where it is not in there."""
        return self.text.lower().find(self.word.lower())


def read(path: Path) -> tuple[Occurrence, ...]:
    """All occurrences of a file, in its order.

    Raises DataError naming the file and the line of what is no occurrence, of a sentence without its word, of one that stands there
    twice, and of a word with fewer than two senses or a sense with fewer than two sentences, of which there is nothing to compare.
    """
    hint = 'Each line is {"word": "bank", "sense": "river", "text": "We sat on the bank."}.'
    found: list[Occurrence] = []
    lines: dict[str, int] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{path}: cannot be read ({problem})", "Is `corpus` in atlas.toml right? It is relative to that file.") from problem
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = Occurrence.model_validate_json(line)
        except ValidationError as problem:
            first = problem.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(f"{path}, line {number}: {f'{where}: ' if where else ''}{first['msg']}", hint) from problem
        if one.start < 0:
            raise DataError(f"{path}, line {number}: the sentence does not hold {one.word!r}", hint)
        if (before := lines.setdefault(one.text, number)) != number:
            raise DataError(f"{path}, line {number}: the sentence of line {before} again", "Take one of them out.")
        found.append(one)
    for word in dict.fromkeys(one.word for one in found):
        senses = [one.sense for one in found if one.word == word]
        if len(set(senses)) < 2 or any(senses.count(sense) < 2 for sense in senses):
            raise DataError(f"{path}: {word!r} needs two senses or more, with two sentences or more each", "Add some.")
    if not found:
        raise DataError(f"{path}: no sentences", hint)
    return tuple(found)
