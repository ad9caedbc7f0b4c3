"""Text, a word and its numbers a line: word2vec's and fastText's `.vec` with a line before them
that counts both, GloVe's without. Numbers stand behind spaces or tabs, and words may hold
spaces."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

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
from atlas.numeric.types import Floats

TITLE = "text, a word and its numbers a line (word2vec, GloVe, fastText)"
READERS: tuple[str, ...] = ()

LONGEST = 1 << 24  # bytes of a line
_LOOKED = 200  # lines from which the number of numbers is told
_ROWS = 1024  # of a block
NUMBER = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)", re.I)
_VALUE = re.compile(rb"[-+]?\d*\.\d{3,}([eE][-+]?\d+)?|[-+]?\d\.?\d*[eE][-+]\d+")


class Layout(NamedTuple):
    """How a file is laid out: words by its header, None without one, and numbers a word."""

    rows: int | None
    width: int


def files(path: Path) -> tuple[Path, ...]:
    """The file."""
    return (path,)


def tokens(path: Path) -> Tokens:
    """Its words, the first of those that are there twice. Raises ModelError."""
    return gather_words(path, _blocks(path, layout(path), False))


def table(path: Path, progress: Progress) -> Table:
    """Its vectors. Raises ModelError."""
    found = layout(path)
    most = found.rows if found.rows is not None else most_lines(path, found.width)
    return gather_values(path, _blocks(path, found, True), most, progress)


def looks(path: Path) -> bool:
    """Whether a file is of this format, by its first lines."""
    found = _layout(path)
    return found is not None and (found.width > 1 or found.rows is not None)


def layout(path: Path) -> Layout:
    """How a file is laid out. Raises ModelError when it holds no vectors, or claims more than its
    size allows."""
    size = path.stat().st_size
    if not size:
        raise fault(path, "is empty")
    found = _layout(path)
    if found is None or found.width < 1:
        raise fault(
            path,
            "holds no vectors: no numbers stand behind the words of its first lines",
            "A line is a word and its numbers, with spaces between them.",
        )
    if found.rows == 0:
        raise fault(path, "line 1 says that there are no words")
    if found.rows is not None and found.rows * found.width * 2 > size:
        raise fault(
            path,
            f"line 1 says {found.rows:,} words of {found.width:,} numbers, "
            f"which its {size:,} bytes cannot hold",
        )
    return found


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers from 1, without a byte order mark and white space at their ends.
    Raises ModelError for an empty line, and for one that is too long to be one."""
    empty = 0
    with path.open("rb") as file:
        for number, line in enumerate(_raw(file), 1):
            if len(line) >= LONGEST:
                raise fault(path, f"line {number} does not end", "Is it a text file?")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            line = line.rstrip(b" \t\r\n")
            if line and empty:
                raise fault(path, f"line {empty} is empty")
            if line:
                yield number, line
            else:
                empty = empty or number


def numbers(text: bytes) -> Floats:
    """The numbers of a line. Raises ValueError where one is none; to be called where numpy's
    warnings are errors (`strictly`)."""
    return np.fromstring(text, np.float32, sep=" ")


def strictly() -> warnings.catch_warnings[None]:
    """Where numpy raises for what is no number in older versions too, which only warn of it."""
    return warnings.catch_warnings(action="error", category=DeprecationWarning)


def parsed(tail: bytes, width: int, path: Path, number: int) -> Floats:
    """The numbers of a line, of which there must be `width`. Raises ModelError."""
    try:
        found = numbers(tail)
    except (ValueError, DeprecationWarning) as problem:
        wrong = next((part for part in tail.split() if not NUMBER.fullmatch(part)), tail)
        told = wrong[:40].decode("utf-8", "replace")
        raise fault(path, f"line {number}: {told!r} is not a number") from problem
    if len(found) != width:
        raise fault(path, f"line {number} has {len(found):,} numbers, not {width:,}")
    return found


def most_lines(path: Path, width: int) -> int:
    """How many lines of so many numbers a file has at most."""
    count = 1
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            count += piece.count(b"\n")
    return min(count, path.stat().st_size // (2 * width) + 1)


def _raw(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST):
        yield line


def _layout(path: Path) -> Layout | None:
    with path.open("rb") as file:
        begin = file.read(2)
        file.seek(0)
        if begin in (b"\xff\xfe", b"\xfe\xff"):
            raise fault(path, "is UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8.")
        first = [line.rstrip(b" \t\r\n") for line in islice(_raw(file), _LOOKED)]
    if not first or any(b"\0" in line for line in first):
        return None
    head = first[0].removeprefix(b"\xef\xbb\xbf").split()
    if len(head) == 2 and all(part.isdigit() and len(part) < 13 for part in head):
        return Layout(int(head[0]), int(head[1]))
    widths = Counter(_width(line) for line in first if line)
    return Layout(None, widths.most_common(1)[0][0]) if widths else None


def _width(line: bytes) -> int:
    """How many numbers a line ends in, its first word left out."""
    _, tab, tail = line.partition(b"\t")
    parts = tail.split() if tab else line.split()[1:]
    count = 0
    for part in reversed(parts):
        if not NUMBER.fullmatch(part):
            break
        count += 1
    return count


def _blocks(path: Path, found: Layout, wanted: bool) -> Iterator[Block]:
    read = 0
    with strictly(), np.errstate(over="ignore"):
        rows: Iterable[tuple[int, bytes]] = lines(path)
        for batch in _batches(islice(rows, 1 if found.rows is not None else 0, None)):
            words = []
            values = np.empty((len(batch), found.width), np.float32) if wanted else None
            for row, (number, line) in enumerate(batch):
                head, tail = _split(line, found.width, path, number)
                words.append(decoded(head, path, f"line {number}"))
                if values is not None:
                    values[row] = parsed(tail, found.width, path, number)
            read += len(words)
            if found.rows is not None and read > found.rows:
                break
            yield Block(words, values, batch[0][0])
    if found.rows is not None and read != found.rows:
        more = "more" if read > found.rows else f"{read:,}"
        raise fault(path, f"line 1 says {found.rows:,} words, the file has {more}")


def _batches(rows: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    while batch := list(islice(rows, _ROWS)):
        yield batch


def _split(line: bytes, width: int, path: Path, number: int) -> tuple[bytes, bytes]:
    """The word of a line and its numbers. Raises ModelError when there are too few or too many."""
    if line.count(b" ") == width and b"\t" not in line:
        head, _, tail = line.partition(b" ")
    else:
        head, tail = _spaced(line, width, path, number)
    if not head:
        raise fault(path, f"line {number} has numbers but no word")
    return head, tail


def _spaced(line: bytes, width: int, path: Path, number: int) -> tuple[bytes, bytes]:
    """The parts of a line with a tab, with more spaces than numbers, or with too few numbers."""
    head, tab, tail = line.partition(b"\t")
    if tab and len(tail.split()) == width:
        return head, tail
    parts = line.rsplit(None, width)
    if len(parts) <= width and not (line[:1].isspace() and len(parts) == width):
        raise fault(path, f"line {number} has {len(parts) - 1:,} numbers, not {width:,}")
    if len(parts) == width:  # nothing but space before the numbers: a word of spaces
        return line[: len(line) - len(line.lstrip())][:-1], b" ".join(parts)
    head = parts[0]
    before = head.rsplit(None, 1)
    if len(before) == 2 and _VALUE.fullmatch(before[1]):
        raise fault(path, f"line {number} has more than {width:,} numbers")
    return head, b" ".join(parts[1:])
