"""Files that stand in the site as they are: `static/` beside atlas.toml.

What it holds under the name of a file for hosts goes into the atlas's own: rules of `_headers` and
`_redirects` before those of the atlas, but patterns of `_redirects` after them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from atlas.errors import AtlasError
from atlas.web import headers, redirects
from atlas.web.writer import Writer

FOLDER = "static"
MERGED = (headers.FILE, redirects.FILE)
OURS_TO_REPLACE = ("robots.txt", "favicon.ico")


def merged(root: Path, name: str) -> str:
    """What the author says in a file for hosts; empty where nothing."""
    path = root / FOLDER / name
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as problem:
        raise AtlasError(f"{path}: cannot be read ({problem})", "It must be UTF-8 text.") from None


def publish_static(root: Path, writer: Writer, warn: Callable[[str], None]) -> None:
    """Copy the folder. Raises AtlasError where the atlas wrote a file of the same name."""
    folder = root / FOLDER
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name in MERGED or path.name in (".DS_Store", "Thumbs.db"):
            continue
        copy(name, path, writer)
    if (root / "pages").is_dir():
        warn("pages/: is not read; pages of Markdown stand in content/, other files in static/.")


def copy(name: str, path: Path, writer: Writer) -> None:
    """Copy a file of the author's into the site. Raises AtlasError where the name is taken."""
    if name in writer.files and name not in OURS_TO_REPLACE:
        raise AtlasError(
            f"{path}: the site has a file {name} already", "Rename it, or move it away."
        )
    writer.write(name, path.read_bytes())


def write_for_github(base_url: str, writer: Writer) -> None:
    """Tell GitHub Pages to publish files as they are, where the site stands there."""
    host = urlsplit(base_url).hostname or ""
    if host.endswith(".github.io") or "CNAME" in writer.files:
        writer.write(".nojekyll", "")
