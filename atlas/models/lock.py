"""atlas.lock: the commit each hub model was resolved to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from atlas.engine.files import write_whole
from atlas.errors import ModelError


class Lock(MutableMapping[str, str]):
    """atlas.lock: which commit `org/name@revision` meant when it was first resolved. Written only
    when it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8")).get("commits", {})
            if not isinstance(found, dict):
                raise ValueError("[commits] is not a table")
        except FileNotFoundError:
            found = {}
        except (OSError, ValueError) as problem:
            raise ModelError(
                f"{path}: cannot be read ({problem})",
                "Delete the file to resolve every model anew.",
            ) from problem
        self._commits: dict[str, str] = {str(name): str(commit) for name, commit in found.items()}
        self._saved = dict(self._commits)

    def __getitem__(self, name: str) -> str:
        return self._commits[name]

    def __setitem__(self, name: str, commit: str) -> None:
        self._commits[name] = commit

    def __delitem__(self, name: str) -> None:
        del self._commits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commits)

    def __len__(self) -> int:
        return len(self._commits)

    def save(self) -> None:
        """Write the file if anything was resolved anew."""
        if self._commits == self._saved:
            return
        lines = [
            f"{_quoted(name)} = {_quoted(commit)}" for name, commit in sorted(self._commits.items())
        ]
        text = "# The commit each hub model was resolved to. Delete a line to follow its branch again.\n[commits]\n"
        try:
            write_whole(self.path, text + "\n".join(lines) + "\n")
        except OSError as problem:
            hint = "The commits of hub models are kept there; make the folder writable."
            raise ModelError(
                f"{self.path}: cannot be written ({problem.strerror})", hint
            ) from problem
        self._saved = dict(self._commits)


def _quoted(text: str) -> str:
    """A TOML string. TOML has no surrogate pairs, and wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
