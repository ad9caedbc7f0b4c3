"""The theme: templates and assets, the atlas's own before those of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

RUNTIME = "plotly-map.min.js"
TOKENIZERS = "tokenizers.min.js"

_PACKAGE = Path(__file__).resolve().parent.parent


def theme() -> Path:
    """The folder of the theme: inside the installed package, or beside it in a checkout."""
    inside, beside = _PACKAGE / "templates", _PACKAGE.parent / "templates"
    return inside if inside.is_dir() else beside


def folders(root: Path) -> list[Path]:
    """The folders that are searched for each template and asset: the atlas's own `templates/` if
    there is one, then the theme."""
    own = root / "templates"
    return [own, theme()] if own.is_dir() and own.resolve() != theme().resolve() else [theme()]


OWN = ("content", "static", "locale")  # an author's folders beside atlas.toml, and `templates`


def digest(root: Path, named: Sequence[str], of: Callable[[Path], str]) -> str:
    """Digest of every file of the theme, of the atlas's own templates, content, static files and
    catalogues, and of the files `named`, relative to the root. `of` gives that of a file."""
    total = hashlib.sha256()
    for folder in (*folders(root), *(root / name for name in OWN)):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "node_modules" not in path.parts:
                total.update(f"{path.relative_to(folder)}\0{of(path)}\0".encode())
        total.update(b"\0")
    for path in (root / name for name in named):
        total.update((of(path) if path.is_file() else "").encode() + b"\0")
    return total.hexdigest()


def asset(root: Path, name: str) -> Path | None:
    """The path of a file of assets/, the atlas's own before the theme's; None if there is none."""
    return next(
        (path for folder in folders(root) if (path := folder / "assets" / name).is_file()), None
    )


def files(root: Path, suffix: str) -> dict[str, Path]:
    """The paths of files with a suffix in folders of the theme, the atlas's own before those of the
    package, by place: `maps/map.css`. The output of the build hook and npm's packages are left
    out."""
    paths: dict[str, Path] = {}
    for folder in reversed(folders(root)):
        for path in sorted(folder.glob(f"*/**/*.{suffix}")):
            place = path.relative_to(folder)
            if not {"vendor", "node_modules"} & set(place.parts):
                paths[place.as_posix()] = path
    return paths
