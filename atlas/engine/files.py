"""Files that are whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BESIDE = ".tmp-"  # begins the name of what is not in its place yet


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path in the same folder to write to; when the block ends, that file takes the place
    of `path`; of what it links to where it is a link. What is no file, such as a pipe or a device
    (/dev/stdout), is given itself: a file in its place would be its end.

    An error in the block leaves `path` as it was, and nothing beside it. The folder must exist.
    Raises OSError.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    path = path.resolve() if path.is_symlink() else path
    beside = path.with_name(f"{BESIDE}{os.getpid()}-{path.name}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file, text in UTF-8, so that a reader sees the old content or the new one. Raises
    OSError."""
    with replacing(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
