"""Puts a new site in the old one's place."""

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
    """Remove the files the atlas wrote, and folders that are then empty; how many files."""
    found = manifest(output)
    if found is None:
        return 0
    gone = 0
    for name in [*found["files"], MANIFEST]:
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
    """Undo what a killed build left: put the old site back if it was moved away, and remove
    half-made ones."""
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


def swap(new: Path, output: Path) -> None:
    """Put the new site in the old one's place; by one system call on Linux, so that no reader finds
    neither."""
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
