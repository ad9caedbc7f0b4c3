"""word2vec's binary format: a line that counts words and numbers, then each word, a space, and its
numbers as float32."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from atlas.models.tables.table import (
    Block,
    Progress,
    Table,
    Tokens,
    decoded,
    fault,
    gather_values,
    gather_words,
)
from atlas.models.tables.text import NUMBER

TITLE = "word2vec's binary format"
READERS: tuple[str, ...] = ()

_ROWS = 1024  # of a block
_PIECE = 1 << 20  # bytes read at a time
_LONGEST = 1 << 16  # bytes of a word


def files(path: Path) -> tuple[Path, ...]:
    """The file."""
    return (path,)


def tokens(path: Path) -> Tokens:
    """Its words, the first of those that are there twice. Raises ModelError."""
    return gather_words(path, _blocks(path, False))


def table(path: Path, progress: Progress) -> Table:
    """Its vectors. Raises ModelError."""
    rows, _, _ = _header(path)
    return gather_values(path, _blocks(path, True), rows, progress, "word")


def looks(path: Path) -> bool:
    """Whether a file is of this format: counts on its first line, and on the next no text that ends
    in a number."""
    with path.open("rb") as file:
        counts = file.readline(64).split()
        line = file.readline(1 << 20)
    if len(counts) != 2 or not all(part.isdigit() for part in counts) or b" " not in line:
        return False
    return not NUMBER.fullmatch(line.split()[-1])


def _header(path: Path) -> tuple[int, int, int]:
    """How many words of how many numbers, and where they begin. Raises ModelError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        line = file.readline(64)
    counts = line.split()
    if len(counts) != 2 or not all(part.isdigit() for part in counts) or not line.endswith(b"\n"):
        raise fault(path, "does not begin with a line that counts words and numbers")
    rows, width = map(int, counts)
    if not rows or not width:
        raise fault(path, "line 1 says that there are no vectors")
    if rows * (4 * width + 2) > size:
        raise fault(
            path,
            f"line 1 says {rows:,} words of {width:,} numbers, "
            f"which its {size:,} bytes cannot hold",
        )
    return rows, width, len(line)


def _blocks(path: Path, wanted: bool) -> Iterator[Block]:
    rows, width, start = _header(path)
    with path.open("rb") as file:
        file.seek(start)
        source = _Source(file, path)
        for first in range(0, rows, _ROWS):
            count = min(_ROWS, rows - first)
            words: list[str] = []
            values = np.empty((count, width), np.float32) if wanted else None
            for row in range(count):
                words.append(source.word(first + row + 1))
                raw = source.take(4 * width, first + row + 1)
                if values is not None:
                    values[row] = np.frombuffer(raw, "<f4")
            yield Block(words, values, first + 1)
        if source.rest().strip(b"\r\n"):
            raise fault(path, f"goes on after the {rows:,} words that line 1 says")


class _Source:
    """A file of words and numbers, read in pieces."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._held, self._at = b"", 0

    def word(self, number: int) -> str:
        """The next word, which ends before a space. Its writer may have put a line's end before
        it."""
        end = self._held.find(b" ", self._at)
        while end < 0:
            if len(self._held) - self._at > _LONGEST or not self._more():
                end = self._at + _LONGEST + 1
                break  # told below
            end = self._held.find(b" ", self._at)
        if end - self._at > _LONGEST:
            raise fault(
                self._path, f"word {number} does not end", "Is it word2vec's binary format?"
            )
        word = self._held[self._at : end].lstrip(b"\n")
        self._at = end + 1
        if not word:
            raise fault(self._path, f"word {number} is empty", "Is it word2vec's binary format?")
        return decoded(word, self._path, f"word {number}")

    def take(self, size: int, number: int) -> bytes:
        """So many bytes."""
        while len(self._held) - self._at < size:
            if not self._more():
                raise fault(self._path, f"ends within the numbers of word {number}")
        found = self._held[self._at : self._at + size]
        self._at += size
        return found

    def rest(self) -> bytes:
        """Some of what is left."""
        return self._held[self._at :] or self._file.read(64)

    def _more(self) -> bool:
        piece = self._file.read(_PIECE)
        self._held, self._at = self._held[self._at :] + piece, 0
        return bool(piece)
