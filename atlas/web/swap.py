"""Replaces the old site by a new one, removes a site, and recovers from a killed build."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import sys
import uuid
from pathlib import Path

from atlas.web.writer import MANIFEST, manifest


def clean(output: Path) -> int:
    """Remove the files that the atlas wrote and the folders that are then empty. Returns the number
    of files."""
    record = manifest(output)
    if record is None:
        return 0
    gone = 0
    for name in [*record["files"], MANIFEST]:
        path = output / name
        if path.resolve().is_relative_to(output.resolve()) and path.is_file():
            path.unlink()
            gone += 1
    for folder in sorted((path for path in output.rglob("*") if path.is_dir()), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
    with contextlib.suppress(OSError):
        output.rmdir()
    return gone


def recover(output: Path) -> None:
    """Clean up after a killed build: put the old site back if it was moved away, and remove
    unfinished ones."""
    ours = re.compile(re.escape(f".{output.name}-") + "[0-9a-f]{12}(-old)?")
    left = sorted(
        path for path in output.parent.glob(".*") if ours.fullmatch(path.name) and path.is_dir()
    )
    if not output.exists():
        for path in left:
            if path.name.endswith("-old") and manifest(path) is not None:
                path.rename(output)
                break
    for path in left:
        if path.exists():
            shutil.rmtree(path, ignore_errors=True)


def swap(new: Path, output: Path) -> None:
    """Replace the old site by the new one; on Linux in one system call, so that readers always find
    a site."""
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        new.rename(output)
        return
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            libc = ctypes.CDLL(None, use_errno=True)
            exchange = 2  # RENAME_EXCHANGE
            if libc.renameat2(-100, os.fsencode(new), -100, os.fsencode(output), exchange) == 0:
                return
    away = output.with_name(f".{output.name}-{uuid.uuid4().hex[:12]}-old")
    output.rename(away)
    new.rename(output)
    shutil.rmtree(away, ignore_errors=True)
