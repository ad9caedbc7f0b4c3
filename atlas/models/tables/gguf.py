"""GGUF, the format of llama.cpp: `token_embd.weight` with the tokens in the same file.

The header is read here, since the package `gguf` makes arrays of every string in it and believes
every length that it gives; `gguf` dequantises.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from atlas.errors import ModelError
from atlas.models.tables.table import Progress, Table, Tokens, fault

TITLE = "GGUF, the format of llama.cpp"
READERS = ("gguf",)

MAGIC = b"GGUF"
TENSOR = "token_embd.weight"
Value = Any  # of metadata: a number, a text or a list
_KEPT = ("general.", "tokenizer.ggml.", "split.")
_LISTS = ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type")
_PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_LEAST = {**{kind: struct.calcsize(f"<{sign}") for kind, sign in _PLAIN.items()}, _TEXT: 8}
_PIECE = 1 << 21  # values dequantised at a time
# llama.cpp's names of tokenizers, and how their tokens are written. It writes BERT's with `▁`
# before what begins a word, in place of `##` before what does not.
_FAMILIES = {
    "llama": "sentencepiece",
    "t5": "sentencepiece",
    "bert": "sentencepiece",
    "gpt2": "byte-level-bpe",
    "rwkv": "wordlevel",
}
_UNKNOWN, _CONTROL, _USER, _UNUSED = 2, 3, 4, 5  # llama.cpp's types of tokens


@dataclass(frozen=True)
class Head:
    """What a file's header says.

    facts    metadata by key, of lists the tokens and their types alone
    tensors  shape (as the file has it, the fastest first), type and offset by name
    start    where the tensors begin
    """

    facts: dict[str, Any]
    tensors: dict[str, tuple[tuple[int, ...], int, int]]
    start: int


def files(path: Path) -> tuple[Path, ...]:
    """The file."""
    return (path,)


def looks(path: Path) -> bool:
    """Whether a file is of this format."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def tokens(path: Path) -> Tokens:
    """The tokens in id order, one for each row of the table. Raises ModelError when the file has
    none."""
    head = read_head(path)
    names = head.facts.get(_LISTS[0])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise fault(
            path,
            f"holds no {_LISTS[0]}",
            "Take a GGUF file of a language model, with its vocabulary.",
        )
    kinds = head.facts.get(_LISTS[1]) or []
    rows = _shape(path, head)[0]
    named = names[:rows]
    named += [f"<row {row}>" for row in range(len(named), rows)]

    def of(*types: int) -> frozenset[int]:
        return frozenset(row for row, kind in enumerate(kinds[:rows]) if kind in types)

    marked = any(name.startswith("▁") for name in named)
    other = "sentencepiece" if marked else "wordlevel"
    family = _FAMILIES.get(str(head.facts.get("tokenizer.ggml.model")), other)
    return Tokens(named, family, of(_UNKNOWN, _CONTROL), of(_CONTROL, _USER), of(_UNUSED))


def table(path: Path, progress: Progress) -> Table:
    """The table in float32, dequantised some rows at a time. Raises ModelError for a type that the
    package `gguf` does not know."""
    head = read_head(path)
    rows, width = _shape(path, head)
    _, kind, offset = head.tensors[TENSOR]
    name, size, dequantise = _type(path, kind, width)
    at = head.start + offset
    if at + rows * size > path.stat().st_size:
        raise fault(path, f"ends within {TENSOR}")
    values = np.empty((rows, width), np.float32)
    step = max(_PIECE // width, 1)
    for first in range(0, rows, step):
        count = min(step, rows - first)
        raw = np.fromfile(path, np.uint8, count * size, offset=at + first * size)
        values[first : first + count] = dequantise(raw.reshape(count, size)).reshape(count, width)
        progress((first + count) / rows)
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise fault(
            path, f"row {int(np.argmin(finite))} of {TENSOR} has a number that is not finite"
        )
    return Table(values, f"{TENSOR} of {path.name}, {name}")


def number_format(path: Path) -> tuple[str, int]:
    """The type of the table's numbers, as the format names it, and its bytes. Raises ModelError."""
    head = read_head(path)
    rows, width = _shape(path, head)
    name, size, _ = _type(path, head.tensors[TENSOR][1], width)
    return name, rows * size


def read_head(path: Path) -> Head:
    """The header. Raises ModelError when it is not one, or goes on behind the file's end."""
    with path.open("rb") as file:
        try:
            return _Reader(file, path.stat().st_size).head()
        except (struct.error, ValueError, UnicodeDecodeError) as problem:
            raise fault(path, f"is no GGUF file that can be read ({problem})") from problem


def _shape(path: Path, head: Head) -> tuple[int, int]:
    """Rows and numbers a row of the table. Raises ModelError when it is not there."""
    if TENSOR not in head.tensors:
        parts = head.facts.get("split.count")
        if isinstance(parts, int) and parts > 1:
            raise fault(
                path,
                f"is one of {parts} parts, and {TENSOR} is in another",
                "Join them: llama-gguf-split --merge FIRST JOINED.",
            )
        raise fault(path, f"holds no {TENSOR}", "Take a GGUF file of a language model.")
    shape = head.tensors[TENSOR][0]
    if len(shape) != 2 or 0 in shape:
        raise fault(path, f"{TENSOR} is no table: its shape is {list(shape)}")
    return shape[1], shape[0]


def _type(path: Path, kind: int, width: int) -> tuple[str, int, Any]:
    """A type's name, the bytes of a row, and what dequantises rows of bytes. Raises ModelError."""
    try:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize
    except ImportError as problem:
        raise ModelError(
            f"{path}: needs the package gguf, which is not installed",
            "Install it: pip install 'atlas-embeddings[models]'",
        ) from problem
    try:
        known = GGMLQuantizationType(kind)
        block, size = GGML_QUANT_SIZES[known]
        dequantize(np.zeros((1, size), np.uint8), known)
    except (ValueError, KeyError, NotImplementedError) as problem:
        raise fault(
            path,
            f"{TENSOR} is of the type {kind}, which gguf cannot dequantise ({problem})",
            "Upgrade it: pip install --upgrade gguf. Or take a file in q8_0 or f16.",
        ) from problem
    if width % block:
        raise fault(path, f"{TENSOR}: {width} numbers are no whole blocks of {block}")
    return known.name, width // block * size, lambda rows: dequantize(rows, known)


class _Reader:
    """Reads a header. Raises ValueError for what cannot be."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def head(self) -> Head:
        magic = self._file.read(4)
        if magic != MAGIC:
            raise ValueError(f"it begins with {magic!r}")
        (version,) = self._plain("I")
        if version not in (2, 3):
            raise ValueError(
                "it is big-endian" if version >> 16 else f"its version is {version}, not 2 or 3"
            )
        tensors, facts = self._count(24), self._count(13)
        found = {}
        for _ in range(facts):
            name = self._text()
            (kind,) = self._plain("I")
            value = self._value(kind, name in _LISTS)
            if name.startswith(_KEPT):
                found[name] = value
        table = dict(self._tensor() for _ in range(tensors))
        align = found.get("general.alignment", 32)
        if not isinstance(align, int) or not 0 < align <= 1 << 20:
            raise ValueError(f"its alignment is {align}")
        return Head(found, table, -(-self._file.tell() // align) * align)

    def _tensor(self) -> tuple[str, tuple[tuple[int, ...], int, int]]:
        name = self._text()
        (dimensions,) = self._plain("I")
        if dimensions > 8:
            raise ValueError(f"{name!r} has {dimensions} dimensions")
        shape = self._plain("Q" * dimensions)
        kind, offset = self._plain("IQ")
        if math.prod(shape) > 64 * self._size or offset > self._size:
            raise ValueError(f"{name!r} is larger than the file")
        return name, (shape, kind, offset)

    def _plain(self, signs: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{signs}", self._file.read(struct.calcsize(f"<{signs}")))

    def _count(self, least: int) -> int:
        """A number of things, each of which takes `least` bytes or more."""
        (count,) = self._plain("Q")
        if count * least > self._size - self._file.tell():
            raise ValueError(f"it says that {count} things follow, more than it has room for")
        return int(count)

    def _text(self) -> str:
        return self._file.read(self._count(1)).decode("utf-8", "backslashreplace")

    def _value(self, kind: int, keep: bool) -> Value:
        if kind == _TEXT:
            return self._text()
        if kind == _LIST:
            return self._list(keep)
        if kind not in _PLAIN:
            raise ValueError(f"a value is of the unknown type {kind}")
        return self._plain(_PLAIN[kind])[0]

    def _list(self, keep: bool) -> list[Any] | None:
        """A list, None if it is not kept."""
        (kind,) = self._plain("I")
        if kind not in _LEAST:
            raise ValueError(f"a list is of the type {kind}")
        count = self._count(_LEAST[kind])
        if kind == _TEXT:
            if keep:
                return [self._text() for _ in range(count)]
            for _ in range(count):
                self._file.seek(self._count(1), 1)
            return None
        if keep:
            return list(self._plain(_PLAIN[kind] * count)) if count else []
        self._file.seek(count * _LEAST[kind], 1)
        return None
