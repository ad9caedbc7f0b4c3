"""Files of a new site, shared with the old one where they are as before."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atlas import __version__

# Files by name, and what their user is told of them, in JSON values.
Derived = tuple[dict[str, bytes], Any]

MANIFEST = ".atlas.json"


class Writer:
    """Writes files into a new site, sharing those that are as before with the old one."""

    def __init__(self, folder: Path, old: Path, before: dict[str, Any]) -> None:
        self.folder, self.old = folder, old
        self.before: dict[str, Any] = before.get("files", {})
        self.derived_before: dict[str, Any] = before.get("derived", {})
        self.files: dict[str, list[Any]] = {}
        self.derived: dict[str, Any] = {}
        self._made: set[Path] = set()

    def write(self, name: str, content: bytes | str) -> str:
        """Write a file; its name."""
        raw = content.encode() if isinstance(content, str) else content
        mark = [len(raw), hashlib.sha256(raw).hexdigest()]
        if self.before.get(name) == mark and self._share(name):
            self.files[name] = mark
            return name
        self._path(name).write_bytes(raw)
        self.files[name] = mark
        return name

    def hashed(self, name: str, content: bytes | str) -> str:
        """Write a file under assets/ with a digest of its content in the name; the name."""
        raw = content.encode() if isinstance(content, str) else content
        stem, _, suffix = name.rpartition(".")
        return self.write(f"assets/{stem}.{hashlib.sha256(raw).hexdigest()[:10]}.{suffix}", raw)

    def derive(self, name: str, key: str, make: Callable[[], Derived]) -> Any:
        """Files and facts that follow from `key` alone: taken from the old site if they are there,
        else made."""
        found = self.derived_before.get(name)
        if (
            found
            and found["key"] == key
            and all(one in self.before and self._share(one) for one in found["files"])
        ):
            for one in found["files"]:
                self.files[one] = self.before[one]
            self.derived[name] = found
            return found["facts"]
        files, facts = make()
        for one, content in files.items():
            self.write(one, content)
        self.derived[name] = {"key": key, "files": list(files), "facts": facts}
        return facts

    def finish(self, key: str, pages: int) -> int:
        """Write the manifest, carry over what is not ours; how many files are new, changed or
        gone."""
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
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
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
    """What the atlas wrote into a folder, or None where it did not."""
    try:
        found = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None
    except (OSError, ValueError):
        return None
