"""What builds remember of files, so that what was changed since shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from atlas.engine.files import write_whole


class Memory:
    """A JSON file of texts by name. It is only a memory: without it files are read again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            found = {}
        self._texts = (
            {name: text for name, text in found.items() if isinstance(text, str)}
            if isinstance(found, dict)
            else {}
        )

    def get(self, name: str) -> str | None:
        """What is remembered under a name."""
        return self._texts.get(name)

    def keep(self, texts: Mapping[str, str]) -> None:
        """Remember these, too. Nothing is written where they are known, or where it is refused."""
        if texts.items() <= self._texts.items():
            return
        self._texts |= texts
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(self._texts, indent=0, sort_keys=True))


class Digests:
    """Digests of files, remembered from build to build: a file is read again where its size, its
    times or its inode are others, and all are where `again` is asked for."""

    def __init__(self, path: Path, *, again: bool = False) -> None:
        self._memory = Memory(path)
        self._again = again
        self._new: dict[str, str] = {}

    def of(self, path: Path) -> str:
        """sha256 of a file. Raises OSError."""
        stat = path.stat()
        mark = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        name, look = str(path), "-".join(map(str, mark))
        known = None if self._again else self._memory.get(name)
        if known and known.startswith(f"{look} "):
            return known.removeprefix(f"{look} ")
        digest = _digest(path, mark)
        self._new[name] = f"{look} {digest}"
        return digest

    def keep(self) -> None:
        """Remember what was read."""
        self._memory.keep(self._new)


@lru_cache(maxsize=4096)
def _digest(path: Path, mark: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
