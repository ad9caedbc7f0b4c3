"""Files of a new site, shared with the old one where they are as before."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from atlas import __version__
from atlas.errors import AtlasError

Facts = TypeVar("Facts")
Derived = tuple[dict[str, bytes], Facts]  # files by name, and facts about them as JSON values

MANIFEST = ".atlas.json"
_SEAL = ',"seal":"{}"}}'
STAGED = re.compile(r"\.atlas-[0-9a-f]{12}")  # a new site on its way, inside of the output


class Wanted(NamedTuple):
    """Files that depend on a key alone, as `Writer.derive` takes them."""

    name: str
    key: str
    make: Callable[[], Derived[Any]]


class Books(NamedTuple):
    """What a writer wrote: the size and sha256 of files by name, records of those derived, and the
    names of those that it shares with the old site."""

    files: dict[str, list[Any]]
    derived: dict[str, Any]
    shared: set[str]


class Writer:
    """Writes files into a new site, sharing those that are as before with the old one.

    folder   where the new site is written to
    old      the site that is there
    before   the manifest of the old site
    inside   whether `folder` stands inside the old site, whose files are to be replaced one by one:
             then those that are as before stay where they are
    """

    def __init__(
        self, folder: Path, old: Path, before: dict[str, Any], *, inside: bool = False
    ) -> None:
        self.folder, self.old, self.inside = folder, old, inside
        self.before: dict[str, Any] = before.get("files", {})
        self.derived_before: dict[str, Any] = before.get("derived", {})
        self.files: dict[str, list[Any]] = {}
        self.derived: dict[str, Any] = {}
        self._shared: set[str] = set()
        self._written: dict[str, list[Any]] = self.files  # in this build, in any process
        self._folders: set[Path] = set()

    def write(self, name: str, content: bytes | str) -> str:
        """Write a file; its name. Raises AtlasError for a name that leads out of the site."""
        raw = content.encode() if isinstance(content, str) else content
        mark = [len(raw), hashlib.sha256(raw).hexdigest()]
        there = self._written.get(name) == mark
        if not there and (self.before.get(name) != mark or not self._share(name)):
            path = self._path(name)
            path.unlink(missing_ok=True)  # not through a link into the old site
            path.write_bytes(raw)
            self._shared.discard(name)
        self.files[name] = mark
        return name

    def hashed(self, name: str, content: bytes | str) -> str:
        """Write a file under assets/ with a digest of its content in the name; the name."""
        raw = content.encode() if isinstance(content, str) else content
        stem, _, suffix = name.rpartition(".")
        return self.write(f"assets/{stem}.{hashlib.sha256(raw).hexdigest()[:10]}.{suffix}", raw)

    def derive(self, name: str, key: str, make: Callable[[], Derived[Facts]]) -> Facts:
        """Write files that depend on `key` alone: the old site's if it has them, else those that
        `make` returns. Returns the facts about them. Raises OSError, AtlasError."""
        if not self.kept(name, key):
            files, made = make()
            for one, content in files.items():
                self.write(one, content)
            self.derived[name] = {"key": key, "files": list(files), "facts": made}
        facts: Facts = self.derived[name]["facts"]
        return facts

    def kept(self, name: str, key: str) -> bool:
        """Take over files of the old site that depend on `key` alone; whether it has them."""
        record = self.derived_before.get(name)
        if (
            not record
            or record["key"] != key
            or not all(one in self.before and self._share(one) for one in record["files"])
        ):
            return False
        for one in record["files"]:
            self.files[one] = self.before[one]
        self.derived[name] = record
        return True

    def apart(self) -> Writer:
        """A writer of the same site with books of its own, for a process that writes a part of it.
        Its `books` are to be handed to `take`."""
        before = {"files": self.before, "derived": self.derived_before}
        other = Writer(self.folder, self.old, before, inside=self.inside)
        other._folders, other._written = set(self._folders), self.files
        return other

    @property
    def books(self) -> Books:
        """What was written."""
        return Books(self.files, self.derived, self._shared)

    def take(self, books: Books) -> None:
        """Take note of what another process wrote."""
        self.files |= books.files
        self.derived |= books.derived
        self._shared |= books.shared

    def finish(self, key: str, pages: int, base_url: str = "") -> int:
        """Write the manifest, carry over what is not ours; how many files are new, changed or
        gone. `base_url` is where the site is to stand.

        Raises AtlasError where something that is not ours stands at the place of a file of ours, or
        cannot be carried over.
        """
        foreign = list(strangers(self.old, self.before))
        check_ways(self.old, foreign, self.files)
        for name in foreign if not self.inside else ():
            self._carry(name)
        facts = {
            "atlas": __version__,
            "key": key,
            "pages": pages,
            "base_url": base_url,
            "files": dict(sorted(self.files.items())),
            "derived": dict(sorted(self.derived.items())),
        }
        text = _sealed(json.dumps(facts, separators=(",", ":")))
        (self.folder / MANIFEST).write_text(text, encoding="utf-8")
        return len(self.files.keys() - self._shared) + len(self.before.keys() - self.files.keys())

    def _path(self, name: str) -> Path:
        path = inside(self.folder, name, self._folders)
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        return path

    def _share(self, name: str) -> bool:
        """Take a file of the old site, where it is what the manifest says."""
        if name in self._shared:
            return True
        try:
            source = inside(self.old, name)
            if not same(source, self.before[name]):
                return False
            if not self.inside:
                _link(source, self._path(name))
        except (OSError, AtlasError):
            return False
        self._shared.add(name)
        return True

    def _carry(self, name: str) -> None:
        """Take over what is not ours as it is: a folder, a file, a link, a pipe."""
        source, target = self.old / name, self.folder / name
        if source.is_dir() and not source.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copystat(source, target)
        elif name not in self.files:
            target.parent.mkdir(parents=True, exist_ok=True)
            _carry_file(source, target)


def inside(root: Path, name: str, known: set[Path] | None = None) -> Path:
    """The place of a file of a site below `root`; folders in `known` are not looked at again.

    Raises AtlasError for a name that leads anywhere else, be it by the name or by a link.
    """
    parts = name.split("/")
    windows = os.name == "nt" and (":" in name or "\\" in name)
    if any(part in ("", ".", "..") for part in parts) or "\0" in name or windows:
        raise AtlasError(
            f"{name!r}: leads out of the site, so it is not written",
            "It comes from atlas data or a theme that is damaged, or that somebody tampered with.",
        )
    path = root / name
    for parent in path.parents[: len(parts) - 1]:
        if parent.is_symlink() and parent not in (known or ()):
            raise AtlasError(
                f"{parent}: is a link, where the site has a folder",
                "Nothing is written through links. Move it away, or build to another --output.",
            )
    return path


def strangers(site: Path, files: dict[str, Any]) -> Iterator[str]:
    """What stands in a site and is not the atlas's: files, links, pipes, and folders that held none
    of its files; parents before what they hold. Links are not followed."""
    own = {parent.as_posix() for name in files for parent in Path(name).parents}
    for folder, folders, names in os.walk(site):
        here = Path(folder).relative_to(site)
        folders[:] = [name for name in folders if here != Path() or not STAGED.fullmatch(name)]
        for name in sorted(folders):
            place = (here / name).as_posix()
            if place not in own or (site / place).is_symlink():
                yield place
        for name in sorted(names):
            place = (here / name).as_posix()
            if place not in files and place != MANIFEST:
                yield place


def check_ways(site: Path, foreign: list[str], files: dict[str, Any]) -> None:
    """Raise AtlasError where something that is not ours stands at the place of a file or folder of
    ours. A plain file makes way for ours, as it always did."""
    folders = {parent.as_posix() for name in files for parent in Path(name).parents}
    for name in foreign:
        mode = (site / name).lstat().st_mode
        in_the_way = (
            (name in folders and not stat.S_ISDIR(mode))
            or (name in files and not stat.S_ISREG(mode))
            or name == MANIFEST
        )
        if in_the_way:
            raise AtlasError(
                f"{site / name}: the atlas did not make it, and the site has a file there",
                "Move it away, or build to another --output.",
            )


def same(path: Path, mark: list[Any]) -> bool:
    """Whether a file is a plain one with this size and digest. Raises OSError."""
    record = path.lstat()
    if not stat.S_ISREG(record.st_mode) or record.st_size != mark[0]:
        return False
    with path.open("rb") as file:
        return bool(hashlib.file_digest(file, "sha256").hexdigest() == mark[1])


def manifest(output: Path) -> dict[str, Any] | None:
    """What the atlas wrote into a folder, or None where it did not.

    Of a manifest that was changed since, only the names of files are believed: its `files` have no
    sizes and digests that any file could have, so that nothing is shared with such a site.
    """
    try:
        text = (output / MANIFEST).read_text(encoding="utf-8")
        record = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        return None
    if text == _sealed(text[: -len(_SEAL.format("0" * 64))] + "}"):
        return record
    names = [name for name in record["files"] if _plain(name)]
    return {"files": {name: [-1, ""] for name in names}, "key": "", "pages": 0, "derived": {}}


def path_of(record: dict[str, Any] | None) -> str:
    """The path on its host under which a site is to stand, without slashes at its ends."""
    return unquote(urlsplit(str((record or {}).get("base_url", ""))).path).strip("/")


def whole(record: dict[str, Any]) -> bool:
    """Whether a manifest is as the build wrote it."""
    return "seal" in record


def _sealed(text: str) -> str:
    """The JSON of a manifest with a digest of what it says at its end, where it is found without
    writing all of it again."""
    return text[:-1] + _SEAL.format(hashlib.sha256(text.encode()).hexdigest())


def _plain(name: str) -> bool:
    return not any(part in ("", ".", "..") for part in name.split("/")) and "\0" not in name


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _carry_file(source: Path, target: Path) -> None:
    """Link what is no folder to another place, whatever it is, or make it there again."""
    try:
        os.link(source, target, follow_symlinks=False)
        return
    except (OSError, NotImplementedError):
        mode = source.lstat().st_mode
    if stat.S_ISLNK(mode):
        target.symlink_to(source.readlink())
    elif stat.S_ISREG(mode):
        shutil.copy2(source, target)
    elif stat.S_ISFIFO(mode):
        os.mkfifo(target, stat.S_IMODE(mode))
    else:
        raise AtlasError(
            f"{source}: a device or socket, which cannot be carried into the new site",
            "Move it out of the output folder.",
        )
