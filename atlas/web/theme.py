"""The theme: where templates and assets are found, the atlas's own before those that ship."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


RUNTIME = "plotly-map.min.js"


def theme() -> Path:
    """The folder of the theme: inside the installed package, or beside it in a checkout."""
    inside, beside = _PACKAGE / "templates", _PACKAGE.parent / "templates"
    return inside if inside.is_dir() else beside


def folders(root: Path) -> list[Path]:
    """Where templates and assets are looked for: the atlas's own `templates/` first, file by file,
    then the theme."""
    own = root / "templates"
    return [own, theme()] if own.is_dir() and own.resolve() != theme().resolve() else [theme()]


def digest(root: Path) -> str:
    """Digest of every file of the theme and of the atlas's own templates."""
    found = hashlib.sha256()
    for folder in folders(root):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "node_modules" not in path.parts:
                found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def asset(root: Path, name: str) -> Path | None:
    """A file of assets/, the atlas's own before the theme's."""
    return next(
        (path for folder in folders(root) if (path := folder / "assets" / name).is_file()), None
    )


def files(root: Path, suffix: str) -> dict[str, Path]:
    """The files of a kind in folders of the theme, the atlas's own before those that ship, by their
    places: `maps/map.css`. What the build hook made and what npm brought is left out."""
    found: dict[str, Path] = {}
    for folder in reversed(folders(root)):
        for path in sorted(folder.glob(f"*/**/*.{suffix}")):
            place = path.relative_to(folder)
            if not {"vendor", "node_modules"} & set(place.parts):
                found[place.as_posix()] = path
    return found
