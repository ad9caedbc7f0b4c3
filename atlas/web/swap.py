"""Puts a new site in the old one's place.

By renaming folders, where that is allowed. An output that is a mount, or whose parent cannot be
written to, keeps its folder: the new site is made inside of it, whole, and its files then take
their places one by one, pages last. What a kill leaves of that, the next build completes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

from atlas.errors import AtlasError
from atlas.web.writer import MANIFEST, STAGED, check_ways, inside, manifest, strangers


def place(output: Path) -> Path:
    """The folder that an output is, or that it leads to as a link, be it there or not.

    Raises AtlasError for links that lead in a circle, and for what is no folder.
    """
    try:
        found = output.resolve()
    except (OSError, RuntimeError) as problem:  # RuntimeError: a loop, before Python 3.13
        raise AtlasError(f"{output}: leads to nothing ({problem})", "Mend the link.") from problem
    if found.is_symlink() or (found.exists() and not found.is_dir()):
        raise AtlasError(f"{output}: is no folder", "Choose another --output.")
    return found


def clean(output: Path) -> int:
    """Remove the files the atlas wrote, and their folders where they are then empty; how many
    files. Raises AtlasError where they cannot be removed."""
    found = manifest(output)
    if found is None:
        return 0
    gone = 0
    try:
        for name in [*found["files"], MANIFEST]:
            path = output / name
            if path.parent.resolve().is_relative_to(output.resolve()) and path.is_file():
                path.unlink()
                gone += 1
    except OSError as problem:
        raise AtlasError(
            f"{problem.filename}: cannot be removed ({problem.strerror})",
            "Check the permissions there; what was removed is gone from the site.",
        ) from problem
    _tidy(output, found["files"])
    with contextlib.suppress(OSError):
        output.rmdir()
    return gone


def recover(output: Path) -> None:
    """Complete or undo what a killed build left: bring a site that is whole to its place, put the
    old one back if it was moved away, and remove half-made ones. Raises OSError."""
    ours = re.compile(re.escape(f".{output.name}-") + "[0-9a-f]{12}(-old)?")
    olds = sorted(
        path for path in output.parent.glob(".*") if ours.fullmatch(path.name) and path.is_dir()
    )
    if not output.exists():
        for path in olds:
            if path.name.endswith("-old") and manifest(path) is not None:
                path.rename(output)
                break
    for path in olds:
        if path.exists():
            shutil.rmtree(path, ignore_errors=True)
    for path in output.glob(".atlas-*"):
        if STAGED.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            if manifest(path) is not None:
                settle(path, output)
            shutil.rmtree(path, ignore_errors=True)


def staged(output: Path) -> Path:
    """Where to make the new site: beside the old one, or inside of it where its folder must
    stay."""
    some = uuid.uuid4().hex[:12]
    beside = output.with_name(f".{output.name}-{some}")
    if output.is_dir() and (os.path.ismount(output) or not os.access(output.parent, os.W_OK)):
        return output / f".atlas-{some}"
    return beside


def swap(new: Path, output: Path) -> None:
    """Put the new site in the old one's place; by one system call on Linux, so that no reader finds
    neither. Raises OSError, and AtlasError for what is in the way."""
    if new.parent == output:
        settle(new, output)
        return
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        new.rename(output)
        return
    if _exchanged(new, output):
        return
    away = output.with_name(f".{output.name}-{uuid.uuid4().hex[:12]}-old")
    try:
        output.rename(away)
    except OSError:  # a mount, a folder of a lower layer, or one that somebody holds
        _move_in(new, output)
        return
    try:
        new.rename(output)
    except OSError:
        away.rename(output)
        raise
    shutil.rmtree(away, ignore_errors=True)


def settle(new: Path, output: Path) -> None:
    """Bring a whole site from a folder inside the output to its place, file by file: what pages
    load before pages, then away with what is gone, and the manifest last.

    To be called again after a kill. Raises OSError, and AtlasError for what is in the way.
    """
    files = (manifest(new) or {"files": {}})["files"]
    old = (manifest(output) or {"files": {}})["files"]
    try:
        check_ways(output, list(strangers(output, old)), files)
        targets = {name: inside(output, name) for name in files if (new / name).is_file()}
    except AtlasError:
        shutil.rmtree(new, ignore_errors=True)
        raise
    for name in sorted(targets, key=lambda name: (name.endswith(".html"), name)):
        targets[name].parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(targets[name])
    gone = [name for name in old if name not in files]
    for name in gone:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, AtlasError):
            inside(output, name).unlink()
    _tidy(output, gone)
    (new / MANIFEST).replace(output / MANIFEST)
    shutil.rmtree(new, ignore_errors=True)


def _exchanged(new: Path, output: Path) -> bool:
    """Whether Linux changed both folders' places."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            libc = ctypes.CDLL(None, use_errno=True)
            exchange = 2  # RENAME_EXCHANGE
            return bool(
                libc.renameat2(-100, os.fsencode(new), -100, os.fsencode(output), exchange) == 0
            )
    return False


def _move_in(new: Path, output: Path) -> None:
    """Bring a site made beside an output into its folder, which cannot be renamed."""
    within = output / f".atlas-{uuid.uuid4().hex[:12]}"
    files = (manifest(new) or {"files": {}})["files"]
    try:
        for name in [*files, MANIFEST]:  # the manifest last: with it the site is whole
            if not _one(new / name, output / name):
                (within / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(new / name, within / name)
        settle(within, output)
    finally:
        discard(within)
        shutil.rmtree(new, ignore_errors=True)


def discard(new: Path) -> None:
    """Remove a new site, unless it stands whole inside its output: then its files are on their way
    to their places, which the next build completes."""
    if not (STAGED.fullmatch(new.name) and (new / MANIFEST).exists()):
        shutil.rmtree(new, ignore_errors=True)


def _one(first: Path, second: Path) -> bool:
    """Whether two names are of one file."""
    try:
        return first.samefile(second) and not second.is_symlink()
    except OSError:
        return False


def _tidy(output: Path, names: Iterable[str]) -> None:
    """Remove the folders of files that are gone, where they are empty."""
    folders = {parent for name in names for parent in Path(name).parents if parent != Path()}
    for folder in sorted(folders, reverse=True):
        with contextlib.suppress(OSError):
            if not (output / folder).is_symlink():
                (output / folder).rmdir()
