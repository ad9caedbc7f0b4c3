"""Writes the files of a new site; unchanged ones are shared with the old site."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from atlas import __version__

Facts = TypeVar("Facts")
Derived = tuple[dict[str, bytes], Facts]  # files by name, and facts about them as JSON values

MANIFEST = ".atlas.json"


class Writer:
    """Writes files into a new site; unchanged ones become hard links to those of the old site."""

    def __init__(self, folder: Path, old: Path, before: dict[str, Any]) -> None:
        self.folder, self.old = folder, old
        self.before: dict[str, Any] = before.get("files", {})
        self.derived_before: dict[str, Any] = before.get("derived", {})
        self.files: dict[str, list[Any]] = {}
        self.derived: dict[str, Any] = {}
        self._folders: set[Path] = set()

    def write(self, name: str, content: bytes | str) -> str:
        """Write a file. Returns its name. Raises OSError."""
        raw = content.encode() if isinstance(content, str) else content
        mark = [len(raw), hashlib.sha256(raw).hexdigest()]
        if self.before.get(name) == mark and self._share(name):
            self.files[name] = mark
            return name
        self._path(name).write_bytes(raw)
        self.files[name] = mark
        return name

    def hashed(self, name: str, content: bytes | str) -> str:
        """Write a file under assets/ with a digest of its content in its name. Returns the name.
        Raises OSError."""
        raw = content.encode() if isinstance(content, str) else content
        stem, _, suffix = name.rpartition(".")
        return self.write(f"assets/{stem}.{hashlib.sha256(raw).hexdigest()[:10]}.{suffix}", raw)

    def derive(self, name: str, key: str, make: Callable[[], Derived[Facts]]) -> Facts:
        """Write files that depend on `key` alone: the old site's if it has them, else those that
        `make` returns. Returns the facts about them. Raises OSError."""
        record = self.derived_before.get(name)
        if (
            record
            and record["key"] == key
            and all(file in self.before and self._share(file) for file in record["files"])
        ):
            for file in record["files"]:
                self.files[file] = self.before[file]
            self.derived[name] = record
            old: Facts = record["facts"]
            return old
        files, facts = make()
        for file, content in files.items():
            self.write(file, content)
        self.derived[name] = {"key": key, "files": list(files), "facts": facts}
        return facts

    def finish(self, key: str, pages: int) -> int:
        """Write the manifest, and copy the files of the old site that the atlas did not write.
        Returns the number of files that are new, changed or gone. Raises OSError."""
        for path in self.old.rglob("*") if self.old.is_dir() else ():
            name = path.relative_to(self.old).as_posix()
            if (
                path.is_file()
                and name not in self.before
                and name != MANIFEST
                and name not in self.files
            ):
                shutil.copy2(path, self._path(name))
        facts = {
            "atlas": __version__,
            "key": key,
            "pages": pages,
            "files": dict(sorted(self.files.items())),
            "derived": self.derived,
        }
        (self.folder / MANIFEST).write_text(
            json.dumps(facts, separators=(",", ":")), encoding="utf-8"
        )
        changed = sum(bool(self.before.get(name) != mark) for name, mark in self.files.items())
        return changed + len(self.before.keys() - self.files.keys())

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        return path

    def _share(self, name: str) -> bool:
        source = self.old / name
        try:
            if source.stat().st_size != self.before[name][0]:
                return False
            try:
                os.link(source, self._path(name))
            except OSError:
                shutil.copy2(source, self._path(name))
        except OSError:
            return False
        return True


def manifest(output: Path) -> dict[str, Any] | None:
    """The manifest of the site in a folder; None if the atlas wrote none there."""
    try:
        record = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return (
            record if isinstance(record, dict) and isinstance(record.get("files"), dict) else None
        )
    except (OSError, ValueError):
        return None
