"""The store: immutable artifacts, a directory each, found by the hash of their recipe.

    <root>/ab/abcd…/        the files of an artifact, see artifact.py
    <root>/progress/<key>   how far a running task is

An artifact is written beside its place and renamed, so it is whole or absent; of two writers of one
key the first wins.
"""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from atlas.engine import artifact
from atlas.engine.files import BESIDE, write_whole
from atlas.engine.record import Storable
from atlas.errors import StageError, StoreError

R = TypeVar("R", bound=Storable)

MEND = "Run `atlas build --verify`: it computes anew what is damaged."

_whole: set[tuple[Path, int, int]] = set()  # artifacts whose digests this process has checked


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
                for name, facts in artifact.manifest(self.path(key))["files"].items()
            )
        except (OSError, ValueError):
            return False

    def manifest(self, key: str) -> dict[str, Any]:
        """What is known of an artifact: `record`, `recipe`, `files` (size and sha256 by name),
        `seconds`, `libraries`, `written`.

        Raises StoreError when it is absent or cannot be read.
        """
        try:
            return artifact.manifest(self.path(key))
        except (OSError, ValueError) as problem:
            raise self._damaged(key, problem) from problem

    def size(self, key: str) -> int:
        """The bytes of an artifact's arrays and values. Raises as `manifest`."""
        return sum(int(file["size"]) for file in self.manifest(key)["files"].values())

    def read(self, key: str, kind: type[R]) -> R:
        """The record of an artifact. Arrays are memory-mapped and read-only, JSON arrays are
        tuples.

        A stage that hands an array to torch, or writes to it, copies it first
        (`np.array(record.values)`): torch warns of arrays that it may not write to. The digests of
        its files are checked when a process reads it first. Raises StoreError when the artifact is
        absent or damaged, or a record of another class.
        """
        folder, manifest = self.path(key), self.manifest(key)
        if manifest["record"] != kind.__name__:
            what = f"{folder}: holds {manifest['record']}, not {kind.__name__}"
            raise StoreError(what, "Delete that folder and build again; it will be computed anew.")
        self._check_once(key)
        try:
            return artifact.load(folder, manifest["files"], kind)
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

    def _check_once(self, key: str) -> None:
        """Raise StoreError for an artifact that is not as it was written, by its digests; one that
        this process has found whole is not read again."""
        folder = self.path(key)
        stat = (folder / artifact.MANIFEST).stat()
        mark = (folder, stat.st_ino, stat.st_mtime_ns)
        if mark in _whole:
            return
        if problems := self.verify(key):
            raise StoreError(problems[0], MEND)
        _whole.add(mark)

    def write(self, key: str, record: Storable, recipe: dict[str, Any], seconds: float) -> None:
        """Store a record under a key. Where there is a whole artifact already it stays; a damaged
        one makes way.

        Raises StoreError when the disk refuses, StageError for a record that is not arrays and
        JSON.
        """
        final = self.path(key)
        beside = final.parent / f"{BESIDE}{uuid.uuid4().hex}"
        try:
            beside.mkdir(parents=True)
            artifact.fill(beside, record, recipe, seconds)
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
        artifact.sync(final.parent)
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
                same = artifact.sha256(path) == facts["sha256"]
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
        doomed = folder.with_name(f"{BESIDE}{uuid.uuid4().hex}")
        try:
            folder.rename(doomed)  # at once, so that nobody sees half of it
        except FileNotFoundError:
            return 0
        except OSError as problem:
            raise self._refused(problem) from problem
        return artifact.remove(doomed)

    def prune(self, keep: set[str], age: float = 86400) -> tuple[int, int]:
        """Remove every artifact but `keep`, and what killed writers left `age` seconds ago or
        earlier.

        Returns how many artifacts went, and the bytes of all that went. Raises StoreError when the
        disk refuses.
        """
        gone = [self.delete(key) for key in self.keys() if key not in keep]
        freed = sum(gone)
        for litter in {*self.root.glob(f"*/{BESIDE}*"), *self.root.glob("progress/*")}:
            with contextlib.suppress(
                FileNotFoundError
            ):  # it was not litter: its writer just finished
                if time.time() - litter.stat().st_mtime >= age:
                    freed += artifact.remove(litter)
        return len(gone), freed

    def note_progress(self, key: str, fraction: float) -> None:
        """Say how far a task is, 0..1. Best effort: progress is never a reason to fail."""
        place = self.root / "progress"
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            write_whole(place / key, f"{fraction:.4f}")

    def progress(self, key: str) -> float | None:
        """How far a task said it is, 0..1, or None."""
        try:
            return float((self.root / "progress" / key).read_text())
        except (OSError, ValueError):
            return None

    def forget_progress(self, key: str) -> None:
        """Take back what was said of a task's progress: it has ended, or begins anew."""
        place = self.root / "progress"
        with contextlib.suppress(OSError):
            for path in (place / key, *place.glob(f"{BESIDE}*-{key}")):
                path.unlink(missing_ok=True)

    def _damaged(self, key: str, why: object) -> StoreError:
        folder = self.path(key)
        if not folder.exists():
            return StoreError(f"{folder}: no such artifact", "Build again; it will be computed.")
        return StoreError(
            f"{folder}: damaged ({why})",
            "Delete that folder and build again; it will be computed anew.",
        )

    def _refused(self, problem: OSError) -> StoreError:
        hint = (
            "Check the permissions and the free space there, then build again; "
            "what is done is kept."
        )
        return StoreError(f"{self.root}: cannot be written ({problem.strerror or problem})", hint)
