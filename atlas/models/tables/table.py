"""What a table of vectors is to those that read one, and the gathering of rows that come in
pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from atlas.errors import ModelError
from atlas.numeric.types import Floats

WORDS = "words"  # the family of a list of words, which no tokenizer has made

_CUT = 50  # bytes beyond which a word may have been cut: writers do so at 60 and at 100

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Tokens:
    """The words or tokens of a table, one a row.

    names     as the file has them
    family    WORDS, or the tokenizer's family as in `spaces.records.Vocabulary`
    special   rows of special tokens
    added     rows of tokens that are kept as they are written
    unused    rows that stand for nothing
    """

    names: list[str]
    family: str = WORDS
    special: frozenset[int] = field(default_factory=frozenset)
    added: frozenset[int] = field(default_factory=frozenset)
    unused: frozenset[int] = field(default_factory=frozenset)


class Table(NamedTuple):
    """The vectors of a table: values (v, d) float32, and a sentence on where they are from."""

    values: Floats
    told: str


class Format(Protocol):
    """A format, which is a module of this package."""

    @property
    def TITLE(self) -> str:  # noqa: N802  # a constant of a module
        """What people call it."""
        ...

    @property
    def READERS(self) -> tuple[str, ...]:  # noqa: N802
        """Distributions whose versions its values depend on."""
        ...

    def files(self, path: Path) -> tuple[Path, ...]:
        """All files that a table at a path is read from. Raises ModelError when one is missing."""

    def tokens(self, path: Path) -> Tokens:
        """Its words. Raises ModelError naming the file, and the line or the row."""

    def table(self, path: Path, progress: Progress) -> Table:
        """Its vectors. Raises ModelError naming the file, and the line or the row."""


class Block(NamedTuple):
    """Some consecutive rows: their words, their values (n, d) if they were asked for, and what the
    first of them is called by number."""

    words: list[str]
    values: Floats | None
    first: int


def fault(path: Path, what: str, hint: str = "Is the file complete?") -> ModelError:
    """The error that a file is not as its format has it."""
    return ModelError(f"{path}: {what}", hint)


def gather_words(path: Path, blocks: Iterator[Block]) -> Tokens:
    """The words of all rows, the first of those that are there twice. Raises ModelError when there
    are none."""
    words: dict[str, None] = {}
    for block in blocks:
        words.update(dict.fromkeys(block.words))
    if not words:
        raise fault(path, "holds no words")
    return Tokens(list(words))


def gather_values(
    path: Path, blocks: Iterator[Block], most: int, progress: Progress, unit: str = "line"
) -> Table:
    """The values of the rows that `gather_words` keeps, held once.

    `most` is how many rows there may be, `unit` what a row is called in messages. Raises ModelError
    for a number that is not finite, naming its row, and where there are no rows.
    """
    values = np.empty((0, 0), np.float32)
    seen: set[str] = set()
    read = 0
    for block in blocks:
        assert block.values is not None
        _finite(path, block, block.values, unit)
        if not read:
            values = np.empty((most, block.values.shape[1]), np.float32)
        kept = [row for row, word in enumerate(block.words) if _new(word, seen)]
        whole = len(kept) == len(block.words)
        start = len(seen) - len(kept)
        values[start : len(seen)] = block.values if whole else block.values[kept]
        read += len(block.words)
        progress(min(read / most, 1))
    if not read:
        raise fault(path, "holds no words")
    told = f"{path.name}: {len(seen):,} words of {values.shape[1]} numbers"
    if read > len(seen):
        told += f"; of words that are there twice the first ({read - len(seen):,} left out)"
    return Table(values[: len(seen)], told)


def _finite(path: Path, block: Block, values: Floats, unit: str) -> None:
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise fault(
            path,
            f"{unit} {block.first + row}, {block.words[row]!r}: a number is not finite, "
            "or too large for float32",
            "Take the word out of the file: it has no place on a map.",
        )


def _new(word: str, seen: set[str]) -> bool:
    """Whether a word has not been seen; it then has."""
    before = len(seen)
    seen.add(word)
    return len(seen) > before


def decoded(word: bytes, path: Path, place: str) -> str:
    """A word in UTF-8. One that its writer cut within a letter, as word2vec does at 100 bytes,
    keeps the stray bytes as `\\xe3`. Raises ModelError for other bytes."""
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.reason == "unexpected end of data" and len(word) > _CUT:
            return word.decode("utf-8", "backslashreplace")
        raise fault(
            path,
            f"{place}: {word[:40]!r} is not UTF-8",
            "Convert the file, for instance: iconv -f LATIN1 -t UTF-8.",
        ) from problem
