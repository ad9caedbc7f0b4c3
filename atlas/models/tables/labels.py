"""Lists of words that stand beside a table of numbers: a word a line, JSON, TSV with a header, or
an array of text."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from atlas.models.tables.table import decoded, fault

Array = np.memmap[Any, Any]
_HEADER = (TokenError, TypeError, OverflowError)  # what NumPy raises of damaged headers besides

# Names of lists, the plainer first; STEM is the table's own name without its ending.
NAMES = (
    "STEM.txt",
    "STEM.tsv",
    "STEM.json",
    "STEM.labels.txt",
    "STEM.words.txt",
    "STEM.vocab",
    "STEM-labels.npy",
    "words.txt",
    "labels.txt",
    "vocab.txt",
    "tokens.txt",
    "metadata.tsv",
    "words.tsv",
    "labels.tsv",
    "words.json",
    "labels.json",
    "vocab.json",
    "words.npy",
    "labels.npy",
    "vocab.npy",
)
_HEADINGS = ("word", "token", "label", "text", "name", "term")


def beside(path: Path) -> Path | None:
    """The list that stands beside a table of numbers, None where there is none."""
    stems = dict.fromkeys((path.stem, path.name.split(".")[0]))
    for name in NAMES:
        for stem in stems:
            found = path.with_name(name.replace("STEM", stem))
            if found != path and found.is_file():
                return found
    return None


def read(path: Path) -> list[str]:
    """The words of a list, in its order. Raises ModelError naming the line."""
    words = _OF.get(path.suffix.lower(), _lines)(path)
    if not words:
        raise fault(path, "holds no words")
    for number, word in enumerate(words, 1):
        if not word:
            raise fault(
                path,
                f"word {number} is empty",
                "Each vector needs a word: write it, or take the vector out, too.",
            )
    return words


def matching(path: Path, rows: int, table: Path) -> list[str]:
    """The words of a list for a table of so many rows. Raises ModelError when it has another
    number."""
    words = read(path)
    if len(words) != rows:
        raise fault(
            path,
            f"has {len(words):,} words for the {rows:,} vectors of {table.name}",
            "A word stands for each vector, in their order.",
        )
    return words


def _lines(path: Path) -> list[str]:
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    parts = content.removesuffix(b"\n").split(b"\n") if content else []
    return [
        decoded(part.removesuffix(b"\r"), path, f"line {number}")
        for number, part in enumerate(parts, 1)
    ]


def _tsv(path: Path) -> list[str]:
    """The column of words: the only one, without a header; or of several the one that the header
    calls so, else the first."""
    rows = [line.split("\t") for line in _lines(path)]
    width = len(rows[0]) if rows else 0
    if width < 2:
        return [row[0] for row in rows]
    names = [name.strip().lower() for name in rows[0]]
    column = next((names.index(name) for name in _HEADINGS if name in names), 0)
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise fault(path, f"line {number} has {len(row)} columns, not {width}")
    return [row[column] for row in rows[1:]]


def _json(path: Path) -> list[str]:
    """A list of words, or an object of words and their rows."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as problem:
        raise fault(path, f"is not readable JSON ({problem})") from problem
    if isinstance(found, dict):
        rows = list(found.values())
        if set(map(type, rows)) != {int} or sorted(rows) != list(range(len(rows))):
            raise fault(path, "does not give each word a row from 0 on")
        return sorted(found, key=lambda word: int(found[word]))
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise fault(path, "is no list of words")
    return found


def mapped(path: Path) -> Array:
    """An array of NumPy, mapped, so that no size is believed beyond the file's. Raises ModelError
    for one that would be unpickled, or that is damaged."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of arrays that Python 2 has written
            found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, *_HEADER) as problem:
        raise fault(
            path,
            f"cannot be read without unpickling, or is damaged ({problem})",
            "Save it again as an array of numbers, or of text.",
        ) from problem
    if not isinstance(found, np.memmap):
        raise fault(path, "holds several arrays", "Save the one as .npy.")
    return found


def _array(path: Path) -> list[str]:
    found = mapped(path)
    if found.ndim != 1 or found.dtype.kind not in "US":
        raise fault(path, f"is no list of words: {found.dtype}, {found.ndim} dimensions")
    if found.dtype.kind == "S":
        return [decoded(bytes(word), path, f"row {row}") for row, word in enumerate(found, 1)]
    return [str(word) for word in found]


_OF = {".tsv": _tsv, ".json": _json, ".npy": _array}
