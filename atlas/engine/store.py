"""The store: immutable artifacts, a directory each, found by the hash of their recipe.

    <root>/ab/abcd…/manifest.json    record type, recipe, size and sha256 of each file, seconds,
                                     library versions values.json      every field that is not an
                                     array NAME.npy         every array, without pickles
    <root>/progress/<key>            how far a running task is

An artifact is written beside its place and renamed, so it is whole or absent; of two writers of one
key the first wins.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from atlas import __version__
from atlas.engine.record import RECORDS, Record
from atlas.errors import StageError, StoreError

LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "openTSNE",
    "umap-learn",
    "tokenizers",
    "transformers",
    "fugashi",
    "unidic-lite",
)
_BESIDE = ".tmp-"
_MANIFEST, _VALUES = "manifest.json", "values.json"


class Store:
    """Artifacts under one folder, which several processes, also of several machines, may use at
    once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """The folder of an artifact, whether it is there or not."""
        return self.root / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether the artifact is there with every file at its recorded size; nothing is hashed."""
        folder = self.path(key)
        try:
            return all(
                (folder / name).stat().st_size == facts["size"]
                for name, facts in self._manifest(key)["files"].items()
            )
        except (OSError, ValueError):
            return False

    def manifest(self, key: str) -> dict[str, Any]:
        """What is known of an artifact: `record`, `recipe`, `files` (size and sha256 by name),
        `seconds`, `libraries`, `written`.

        Raises StoreError when it is absent or cannot be read.
        """
        try:
            return self._manifest(key)
        except (OSError, ValueError) as problem:
            raise self._damaged(key, problem) from problem

    def read(self, key: str) -> Record:
        """The record of an artifact. Arrays are memory-mapped and read-only, JSON arrays are
        tuples.

        A stage that hands an array to torch, or writes to it, copies it first
        (`np.array(record.values)`): torch warns of arrays that it may not write to. Raises
        StoreError when the artifact is absent or damaged.
        """
        folder, manifest = self.path(key), self.manifest(key)
        try:
            fields = {
                name: _frozen(value)
                for name, value in json.loads((folder / _VALUES).read_text("utf-8")).items()
            }
            for name in manifest["files"]:
                if name.endswith(".npy"):
                    fields[name.removesuffix(".npy")] = np.load(
                        folder / name, mmap_mode="r", allow_pickle=False
                    )
            return RECORDS[manifest["record"]](**fields)
        except (
            OSError,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
            EOFError,
            StageError,
        ) as problem:
            raise self._damaged(key, problem) from problem

    def write(self, key: str, record: Record, recipe: dict[str, Any], seconds: float) -> None:
        """Store a record under a key. Where there is a whole artifact already it stays; a damaged
        one makes way.

        Raises StoreError when the disk refuses, StageError for a record that is not arrays and
        JSON.
        """
        final = self.path(key)
        beside = final.parent / f"{_BESIDE}{uuid.uuid4().hex}"
        try:
            beside.mkdir(parents=True)
            _fill(beside, record, recipe, seconds)
            while not self._move(beside, final) and not self.has(key):
                self.delete(key)  # damaged: it makes way
        except OSError as problem:
            raise self._refused(problem) from problem
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _move(self, beside: Path, final: Path) -> bool:
        """Put an artifact in its place, unless there is something."""
        try:
            beside.rename(final)
        except OSError:
            if not final.exists():
                raise
            return False
        _sync(final.parent)
        return True

    def verify(self, key: str) -> list[str]:
        """What is wrong with an artifact, a line each, by hashing every file again."""
        try:
            files = self.manifest(key)["files"]
        except StoreError as problem:
            return [problem.message]
        problems = []
        for name, facts in files.items():
            path = self.path(key) / name
            try:
                same = _sha256(path) == facts["sha256"]
            except OSError as problem:
                problems.append(f"{path}: cannot be read ({problem.strerror})")
            else:
                problems += [] if same else [f"{path}: changed since it was written"]
        return problems

    def keys(self) -> Iterator[str]:
        """The keys of all artifacts, whole or not."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]/*")):
            if not folder.name.startswith("."):
                yield folder.name

    def delete(self, key: str) -> int:
        """Remove an artifact, if it is there; the bytes it took. Raises StoreError when the disk
        refuses."""
        folder = self.path(key)
        doomed = folder.with_name(f"{_BESIDE}{uuid.uuid4().hex}")
        try:
            folder.rename(doomed)  # at once, so that nobody sees half of it
        except FileNotFoundError:
            return 0
        except OSError as problem:
            raise self._refused(problem) from problem
        return _remove(doomed)

    def prune(self, keep: set[str], age: float = 86400) -> tuple[int, int]:
        """Remove every artifact but `keep`, and what killed writers left `age` seconds ago or
        earlier.

        Returns how many artifacts went, and the bytes of all that went. Raises StoreError when the
        disk refuses.
        """
        gone = [self.delete(key) for key in self.keys() if key not in keep]
        freed = sum(gone)
        for litter in {*self.root.glob(f"*/{_BESIDE}*"), *self.root.glob("progress/*")}:
            with contextlib.suppress(
                FileNotFoundError
            ):  # it was not litter: its writer just finished
                if time.time() - litter.stat().st_mtime >= age:
                    freed += _remove(litter)
        return len(gone), freed

    def note_progress(self, key: str, fraction: float) -> None:
        """Say how far a task is, 0..1. Best effort: progress is never a reason to fail."""
        place = self.root / "progress"
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            beside = place / f"{_BESIDE}{key}"
            beside.write_text(f"{fraction:.4f}")
            beside.replace(place / key)

    def progress(self, key: str) -> float | None:
        """How far a task said it is, 0..1, or None."""
        try:
            return float((self.root / "progress" / key).read_text())
        except (OSError, ValueError):
            return None

    def forget_progress(self, key: str) -> None:
        """The task has ended."""
        for name in (key, f"{_BESIDE}{key}"):
            with contextlib.suppress(OSError):
                (self.root / "progress" / name).unlink()

    def _manifest(self, key: str) -> dict[str, Any]:
        """The manifest; ValueError when it is none of ours, or was tampered with so as to reach
        outside of its folder."""
        found: Any = json.loads((self.path(key) / _MANIFEST).read_text("utf-8"))
        files = found.get("files") if isinstance(found, dict) else None
        if (
            not isinstance(files, dict)
            or not isinstance(found.get("record"), str)
            or _VALUES not in files
        ):
            raise ValueError("its manifest is not one of this version")
        for name, facts in files.items():
            if (
                Path(name).name != name
                or not isinstance(facts, dict)
                or not {"size", "sha256"} <= facts.keys()
            ):
                raise ValueError(f"its manifest is wrong about {name!r}")
        return dict(found)

    def _damaged(self, key: str, why: object) -> StoreError:
        folder = self.path(key)
        if not folder.exists():
            return StoreError(f"{folder}: no such artifact", "Build again; it will be computed.")
        return StoreError(
            f"{folder}: damaged ({why})",
            "Delete that folder and build again; it will be computed anew.",
        )

    def _refused(self, problem: OSError) -> StoreError:
        hint = "Check the permissions and the free space there, then build again; what is done is kept."
        return StoreError(f"{self.root}: cannot be written ({problem.strerror or problem})", hint)


def libraries() -> dict[str, str]:
    """Versions of this package and of the libraries that results come from, where installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"atlas": __version__}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


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


def _fill(folder: Path, record: Record, recipe: dict[str, Any], seconds: float) -> None:
    """Write the files of an artifact, the manifest last, and wait until the disk has them."""
    if RECORDS.get(type(record).__name__) is not type(record):
        raise _unfit(f"{type(record).__name__} is no record of atlas.data")
    arrays = {
        name: value for name, value in record.items().items() if isinstance(value, np.ndarray)
    }
    values = {name: value for name, value in record.items().items() if name not in arrays}
    files = {}
    try:
        with _open(folder / _VALUES) as sink:
            sink.write(json.dumps(values, ensure_ascii=False, allow_nan=False).encode())
        files[_VALUES] = sink.facts()
        for name, array in arrays.items():
            with _open(folder / f"{name}.npy") as sink:
                np.save(sink, np.asarray(array, order="C"), allow_pickle=False)
            files[f"{name}.npy"] = sink.facts()
    except (TypeError, ValueError) as problem:
        raise _unfit(f"{type(record).__name__} cannot be stored: {problem}") from problem
    manifest = {
        "record": type(record).__name__,
        "recipe": recipe,
        "files": files,
        "seconds": round(seconds, 3),
        "libraries": libraries(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    with _open(folder / _MANIFEST) as sink:
        sink.write(json.dumps(manifest, indent=1, sort_keys=True).encode())
    _sync(folder)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[_Sink]:
    with path.open("wb") as file:
        yield _Sink(file)
        file.flush()
        os.fsync(file.fileno())


def _unfit(what: str) -> StageError:
    return StageError(what, "This is a fault in a stage; please report it.")


def _sync(folder: Path) -> None:
    """Wait until the disk knows the names in a folder. Windows has no such thing."""
    if os.name == "posix":
        entry = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def _remove(path: Path) -> int:
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


def _frozen(value: Any) -> Any:
    """JSON arrays as tuples, at any depth."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return (
        {name: _frozen(entry) for name, entry in value.items()}
        if isinstance(value, dict)
        else value
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
