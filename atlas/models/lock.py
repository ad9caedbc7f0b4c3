"""atlas.lock: the commit each hub model was resolved to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from atlas.engine.files import write_whole
from atlas.errors import ModelError

_COMMITS = (
    "# The commit each hub model was resolved to. Delete a line to follow its branch again.\n"
)
_VOCABULARIES = "# Libraries that read a vocabulary; after an upgrade it is read again.\n"


class Lock(MutableMapping[str, str]):
    """atlas.lock: which commit `org/name@revision` meant when it was first resolved. Written only
    when it changed.

    libraries   distributions that read the vocabulary at that commit, by the same names; left out
                where there are none, or the lock is older than this table
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
            commits, readers = (_table(tables, name) for name in ("commits", "vocabularies"))
        except FileNotFoundError:
            commits, readers = {}, {}
        except (OSError, ValueError) as problem:
            raise ModelError(
                f"{path}: cannot be read ({problem})",
                "Delete the file to resolve every model anew.",
            ) from problem
        self._commits: dict[str, str] = {str(name): str(commit) for name, commit in commits.items()}
        self._saved = dict(self._commits)
        self.libraries: dict[str, tuple[str, ...]] = {
            str(name): tuple(map(str, value))
            for name, value in readers.items()
            if isinstance(value, list)
        }

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
        commits = "".join(
            f"{_quoted(name)} = {_quoted(commit)}\n"
            for name, commit in sorted(self._commits.items())
        )
        readers = "".join(
            f"{_quoted(name)} = [{', '.join(map(_quoted, self.libraries[name]))}]\n"
            for name in sorted(self._commits.keys() & self.libraries.keys())
            if self.libraries[name]
        )
        text = f"{_COMMITS}[commits]\n{commits}"
        if readers:
            text += f"\n{_VOCABULARIES}[vocabularies]\n{readers}"
        try:
            write_whole(self.path, text)
        except OSError as problem:
            hint = "The commits of hub models are kept there; make the folder writable."
            raise ModelError(
                f"{self.path}: cannot be written ({problem.strerror})", hint
            ) from problem
        self._saved = dict(self._commits)


def _table(tables: dict[str, object], name: str) -> dict[str, object]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"[{name}] is not a table")
    return table


def _quoted(text: str) -> str:
    """A TOML string. TOML has no surrogate pairs, and wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
