"""The store: immutable artifacts, a directory each, found by the hash of their recipe.

    <root>/ab/abcd…/manifest.json    record type, recipe, size and sha256 of each file, seconds, library versions
                    values.json      every field that is not an array
                    NAME.npy         every array, without pickles
    <root>/progress/<key>            how far a running task is

An artifact is written beside its place and renamed, so it is whole or absent; of two writers of one key the first wins.
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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from atlas import __version__
from atlas.data import RECORDS, Record
from atlas.errors import StoreError

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "openTSNE", "umap-learn", "tokenizers", "transformers", "fugashi", "unidic-lite")
_BESIDE = ".tmp-"


class Store:
    """Artifacts under one folder, which several processes, also of several machines, may use at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        return self.root / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether the artifact is there with every file at its recorded size; nothing is hashed."""
        folder = self.path(key)
        try:
            files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
            return all((folder / name).stat().st_size == facts["size"] for name, facts in files.items())
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def manifest(self, key: str) -> dict[str, Any]:
        """The artifact's manifest. Raises StoreError when it cannot be read."""
        try:
            found = json.loads((self.path(key) / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise self._damaged(key, problem) from problem
        if not isinstance(found, dict):
            raise self._damaged(key, "its manifest is no object")
        return found

    def read(self, key: str) -> Record:
        """The record of an artifact, arrays memory-mapped and read-only: copy one before handing it to torch.

        Raises StoreError when the artifact is absent or damaged.
        """
        folder = self.path(key)
        kind = self.manifest(key)
        try:
            fields = {name: _plain(value) for name, value in json.loads((folder / "values.json").read_text("utf-8")).items()}
            for name in kind["files"]:
                if name.endswith(".npy"):
                    fields[name[:-4]] = np.load(folder / name, mmap_mode="r", allow_pickle=False)
            return RECORDS[kind["record"]](**fields)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as problem:
            raise self._damaged(key, problem) from problem

    def write(self, key: str, record: Record, recipe: dict[str, Any], seconds: float) -> None:
        """Store a record under a key; a no-op when another writer was first. Raises StoreError when it cannot be written."""
        final = self.path(key)
        beside = final.parent / f"{_BESIDE}{uuid.uuid4().hex}"
        try:
            beside.mkdir(parents=True)
            self._fill(beside, record, recipe, seconds)
            if final.exists() and not self.has(key):
                shutil.rmtree(final)  # a damaged artifact makes way
            try:
                beside.rename(final)
            except OSError:
                if not self.has(key):
                    raise
        except OSError as problem:
            hint = "Check the permissions and the free space there, then build again; what is done is kept."
            raise StoreError(f"{self.root}: cannot be written ({problem.strerror or problem})", hint) from problem
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _fill(self, folder: Path, record: Record, recipe: dict[str, Any], seconds: float) -> None:
        values = {}
        for name, value in record.items().items():
            if isinstance(value, np.ndarray):
                np.save(folder / f"{name}.npy", np.ascontiguousarray(value), allow_pickle=False)
            else:
                values[name] = value
        text = json.dumps(values, ensure_ascii=False, allow_nan=False)
        (folder / "values.json").write_text(text, encoding="utf-8", errors="strict")
        files = {path.name: {"size": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(folder.iterdir())}
        manifest = {
            "record": type(record).__name__, "recipe": recipe, "files": files, "seconds": round(seconds, 3),
            "libraries": libraries(), "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())

    def verify(self, key: str) -> list[str]:
        """What is wrong with an artifact, by hashing every file again."""
        try:
            files = self.manifest(key)["files"]
        except (StoreError, KeyError) as problem:
            return [str(problem)]
        problems = []
        for name, facts in files.items():
            path = self.path(key) / name
            if not path.is_file():
                problems.append(f"{path}: missing")
            elif _sha256(path) != facts["sha256"]:
                problems.append(f"{path}: changed since it was written")
        return problems

    def keys(self) -> Iterator[str]:
        """The keys of all artifacts, whole or not."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]/*")):
            if not folder.name.startswith("."):
                yield folder.name

    def delete(self, key: str) -> int:
        """Remove an artifact; the bytes it took."""
        folder = self.path(key)
        size = sum(path.stat().st_size for path in folder.glob("*"))
        doomed = folder.with_name(f"{_BESIDE}{uuid.uuid4().hex}")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        return size

    def prune(self, keep: set[str], age: float = 86400) -> tuple[int, int]:
        """Remove every artifact but `keep`, and what killed writers left `age` seconds ago or earlier; how many, and bytes."""
        gone = [self.delete(key) for key in list(self.keys()) if key not in keep]
        for litter in [*self.root.glob(f"*/{_BESIDE}*"), *self.root.glob("progress/*")]:
            if time.time() - litter.stat().st_mtime >= age:
                shutil.rmtree(litter, ignore_errors=True) if litter.is_dir() else litter.unlink(missing_ok=True)
        return len(gone), sum(gone)

    def note_progress(self, key: str, fraction: float) -> None:
        """Say how far a task is. Best effort: progress is never a reason to fail."""
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
        with contextlib.suppress(OSError):
            (self.root / "progress" / key).unlink(missing_ok=True)

    def _damaged(self, key: str, why: object) -> StoreError:
        hint = "Build again with `--refresh all`, or run `atlas clean --store`."
        return StoreError(f"{self.path(key)}: damaged or missing ({why})", hint)


def libraries() -> dict[str, str]:
    """Versions of this package and of the libraries that results come from, where installed."""
    found = {"atlas": __version__}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _plain(value: Any) -> Any:
    """JSON arrays as tuples, at the outer level of a field."""
    return tuple(value) if isinstance(value, list) else value


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
