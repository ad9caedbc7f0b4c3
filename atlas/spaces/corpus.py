"""Corpora: text, JSON Lines and Parquet files, streamed in chunks that are known by a digest of
their bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas.errors import DataError

KINDS = {
    ".txt": "text",
    ".text": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_PARQUET_ROWS = 4096  # at a time
# What pathlib raises for patterns such as `.`, `**x` and `./`, by version of Python.
_NO_GLOB = (ValueError, IndexError, AttributeError, NotImplementedError)


@dataclass(frozen=True)
class Chunk:
    """A part of a file: bytes `begin` to `end` of text or JSON Lines, one row group (`begin`) of
    Parquet."""

    path: str
    kind: str
    begin: int
    end: int
    digest: str


def chunks(root: Path, pattern: str, size: int) -> list[Chunk]:
    """The chunks of all files that a path or glob names, in order of their names; text and JSON
    Lines in about `size` bytes, whole lines each. The files are read once, a chunk at a time.

    Raises DataError when there is no such file, or one of a kind that is not known.
    """
    return list(_every(root, pattern, size))


def first_chunk(root: Path, pattern: str, size: int) -> Chunk | None:
    """The first of `chunks`, for which no more is read; None where the files are empty. Raises as
    that does."""
    return next(_every(root, pattern, size), None)


def _every(root: Path, pattern: str, size: int) -> Iterator[Chunk]:
    paths = _matching(root, pattern)
    if not paths:
        raise DataError(
            f"{pattern}: no such file",
            "`corpus.path` in atlas.toml is relative to that file, and may hold * and **.",
        )
    for path in paths:
        kind = KINDS.get(path.suffix.lower())
        if kind is None:
            raise DataError(
                f"{path}: neither text, JSON Lines nor Parquet", f"Name it {', '.join(KINDS)}."
            )
        try:
            yield from _row_groups(path) if kind == "parquet" else _lines(path, kind, size)
        except OSError as problem:
            raise _broken(path, problem) from problem


def _broken(path: str | Path, problem: Exception) -> DataError:
    return DataError(f"{path}: cannot be read ({problem})", "Is it whole?")


def _matching(root: Path, pattern: str) -> list[Path]:
    """The files that a path or glob names. Raises DataError for what is neither."""
    place = Path(pattern)
    base = Path(place.anchor) if place.is_absolute() else root
    relative = str(place.relative_to(place.anchor)) if place.is_absolute() else pattern
    try:
        if (base / relative).is_file():
            return [base / relative]
        return sorted(path for path in base.glob(relative) if path.is_file())
    except (*_NO_GLOB, OSError, RuntimeError) as problem:
        what = getattr(problem, "strerror", None) or "not a path, nor one with * or **"
        raise DataError(
            f"{pattern}: {what}", "Set `corpus.path` to files, such as corpus/*.txt."
        ) from problem


def _lines(path: Path, kind: str, size: int) -> Iterator[Chunk]:
    with path.open("rb") as file:
        begin = 0
        while block := file.read(size):
            block += file.readline()
            yield Chunk(
                str(path), kind, begin, begin + len(block), hashlib.sha256(block).hexdigest()
            )
            begin += len(block)


def _row_groups(path: Path) -> Iterator[Chunk]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        whole = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        count = pq.ParquetFile(path).num_row_groups
    except pa.ArrowException as problem:
        raise _broken(path, problem) from problem
    for number in range(count):
        yield Chunk(str(path), "parquet", number, number + 1, f"{whole}:{number}")


def texts(chunk: Chunk, field: str) -> Iterator[str]:
    """The texts of a chunk, those that are empty left out: lines of text, or a field of each
    record.

    Raises DataError naming the file and the line of what is not UTF-8, no JSON, or lacks the field,
    and for a file that is another than when its chunks were made.
    """
    try:
        every = _parquet(chunk, field) if chunk.kind == "parquet" else _read(chunk, field)
        yield from (text for text in every if text and not text.isspace())
    except (OSError, UnicodeDecodeError) as problem:
        raise _broken(chunk.path, problem) from problem


def _read(chunk: Chunk, field: str) -> Iterator[str]:
    with Path(chunk.path).open("rb") as file:
        file.seek(chunk.begin)
        block = file.read(chunk.end - chunk.begin)
    if hashlib.sha256(block).hexdigest() != chunk.digest:
        raise DataError(f"{chunk.path}: changed while the atlas was built", "Build again.")
    for number, line in enumerate(block.split(b"\n")):
        try:
            text = line.decode("utf-8-sig" if chunk.begin + number == 0 else "utf-8").rstrip("\r")
            if chunk.kind == "jsonl" and text.strip():
                text = json.loads(text)[field]
                if not isinstance(text, str):
                    raise TypeError(f"{field} is no text")
                text.encode()  # JSON can spell half a surrogate pair, which no tokenizer reads
        except (ValueError, KeyError, TypeError) as problem:
            what = "not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)
            what = f"no {field!r}" if isinstance(problem, KeyError) else what
            what = (
                f"{field} holds half of a surrogate pair"
                if isinstance(problem, UnicodeEncodeError)
                else what
            )
            hint = (
                "Each line is a JSON object with the text in the field that `corpus.field` names."
                if chunk.kind == "jsonl"
                else ""
            )
            raise DataError(
                f"{chunk.path}, line {_above(chunk) + number + 1}: {what}", hint
            ) from problem
        yield text


def _above(chunk: Chunk) -> int:
    """How many lines stand above a chunk."""
    count, left = 0, chunk.begin
    with Path(chunk.path).open("rb") as file:
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            count += block.count(b"\n")
            left -= len(block)
    return count


def _parquet(chunk: Chunk, field: str) -> Iterator[str]:
    import pyarrow as pa

    try:
        yield from _column(chunk, field)
    except pa.ArrowException as problem:
        raise _broken(chunk.path, problem) from problem


def _column(chunk: Chunk, field: str) -> Iterator[str]:
    from pyarrow import parquet, types

    file = parquet.ParquetFile(chunk.path)
    if field not in file.schema_arrow.names:
        raise DataError(
            f"{chunk.path}: no column {field!r} (there are: {', '.join(file.schema_arrow.names)})",
            "Set `corpus.field`.",
        )
    for batch in file.iter_batches(_PARQUET_ROWS, row_groups=[chunk.begin], columns=[field]):
        column = batch.column(0)
        if not (types.is_string(column.type) or types.is_large_string(column.type)):
            raise DataError(
                f"{chunk.path}: the column {field!r} is {column.type}, not text",
                "Set `corpus.field`.",
            )
        yield from (text or "" for text in column.to_pylist())
