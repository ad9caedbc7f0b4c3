"""The files of one artifact: its values, its arrays, and the manifest that is written last.

manifest.json    class of the record, recipe, size and sha256 of each file, seconds, versions of
                 libraries
values.json      every field that is not an array
NAME.npy         every array, without pickles
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import numpy as np

from atlas.engine.libraries import libraries
from atlas.engine.record import FAULT, Model, Record, Storable
from atlas.errors import StageError

MANIFEST, VALUES = "manifest.json", "values.json"

R = TypeVar("R", bound=Storable)


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an artifact; OSError when it cannot be read, ValueError when it is none of
    ours, or was tampered with so as to reach outside of its folder."""
    content: Any = json.loads((folder / MANIFEST).read_text("utf-8"))
    files = content.get("files") if isinstance(content, dict) else None
    if (
        not isinstance(files, dict)
        or not isinstance(content.get("record"), str)
        or VALUES not in files
    ):
        raise ValueError("its manifest is not one of this version")
    for name, facts in files.items():
        if (
            Path(name).name != name
            or not isinstance(facts, dict)
            or not {"size", "sha256"} <= facts.keys()
        ):
            raise ValueError(f"its manifest is wrong about {name!r}")
    return dict(content)


def load(folder: Path, files: dict[str, Any], kind: type[R]) -> R:
    """The record in a folder. Arrays are memory-mapped and read-only, JSON arrays are tuples.

    Raises OSError, ValueError, TypeError, AttributeError, EOFError or StageError where the files do
    not make a record of this class.
    """
    values = (folder / VALUES).read_bytes()
    if not issubclass(kind, Record):
        return cast(R, cast(type[Model], kind).model_validate_json(values))
    fields = {name: _frozen(value) for name, value in json.loads(values).items()}
    for name in files:
        if name.endswith(".npy"):
            fields[name.removesuffix(".npy")] = np.load(
                folder / name, mmap_mode="r", allow_pickle=False
            )
    return kind(**fields)


def fill(folder: Path, record: Storable, recipe: dict[str, Any], seconds: float) -> None:
    """Write the files of an artifact, the manifest last, and wait until the disk has them. Raises
    OSError, and StageError for a record that is not arrays and JSON."""
    kind = type(record).__name__
    try:
        files = _contents(folder, record)
    except (TypeError, ValueError) as problem:
        raise StageError(f"{kind} cannot be stored: {problem}", FAULT) from problem
    content = {
        "record": kind,
        "recipe": recipe,
        "files": files,
        "seconds": round(seconds, 3),
        "libraries": libraries(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    with _open(folder / MANIFEST) as sink:
        sink.write(json.dumps(content, indent=1, sort_keys=True).encode())
    sync(folder)


def _contents(folder: Path, record: Storable) -> dict[str, Any]:
    """Write a record's values and arrays; the size and sha256 of each file."""
    fields = record.items() if isinstance(record, Record) else record.model_dump(mode="json")
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    values = {name: value for name, value in fields.items() if name not in arrays}
    files = {}
    with _open(folder / VALUES) as sink:
        sink.write(json.dumps(values, ensure_ascii=False, allow_nan=False).encode())
    files[VALUES] = sink.facts()
    for name, array in arrays.items():
        with _open(folder / f"{name}.npy") as sink:
            np.save(sink, np.asarray(array, order="C"), allow_pickle=False)
        files[f"{name}.npy"] = sink.facts()
    return files


class _Sink:
    """A file that knows the size and the sha256 of what was written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self._size += len(data)
        return self._file.write(data)

    def facts(self) -> dict[str, Any]:
        return {"size": self._size, "sha256": self._digest.hexdigest()}


@contextlib.contextmanager
def _open(path: Path) -> Iterator[_Sink]:
    with path.open("wb") as file:
        yield _Sink(file)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Wait until the disk knows the names in a folder. Windows has no such thing."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: Path) -> int:
    """Delete a file or a folder, if it is there; the bytes it took."""
    size = 0
    for file in [path, *path.rglob("*")]:
        with contextlib.suppress(OSError):
            size += file.stat().st_size if file.is_file() else 0
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return size


def _frozen(value: object) -> object:
    """JSON arrays as tuples, at any depth."""
    if isinstance(value, list):
        plain = {list, dict}.isdisjoint(map(type, value))  # as lists of texts and numbers are
        return tuple(value if plain else map(_frozen, value))
    if isinstance(value, dict):
        return {name: _frozen(inner) for name, inner in value.items()}
    return value


def sha256(path: Path) -> str:
    """The digest of a file's content, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
