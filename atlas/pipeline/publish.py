"""Writes the site: rendered beside the old one, unchanged files shared with it, and swapped in as a
whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.errors import AtlasError
from atlas.pipeline.memory import Digests, Memory
from atlas.pipeline.options import refuse
from atlas.pipeline.sections import SECTIONS, entries
from atlas.web import swap
from atlas.web.alone import alone
from atlas.web.identity import files
from atlas.web.theme import digest
from atlas.web.writer import MANIFEST, Writer, manifest, same

PACKAGE = Path(__file__).resolve().parent.parent


def publish(
    config: Config,
    maps: tuple[str, ...],
    data: Path,
    output: Path,
    warn: Callable[[str], None],
    *,
    verify: bool = False,
    strict: bool = False,
    drafts: bool = False,
    jobs: int = 1,
    rendered: Callable[[int, int], None] = lambda _, __: None,
) -> tuple[int, int]:
    """Bring the site up to date. Returns its pages, and how many of its files were written or
    removed (0 when nothing changed; what it warned of is then told again). With `verify` every file
    is read, be it as it was last seen or not; with `drafts` pages that are drafts are shown; they
    are rendered in up to `jobs` processes. `rendered` is told how many pages of all are.

    Raises AtlasError when the output folder holds something the atlas did not make, a file cannot
    be read or written, or there are warnings and `strict` is set; the site is then left as it was.
    """

    def waits() -> None:
        warn(f"another build is writing to {output}; this one waits for it")

    try:
        place = swap.place(output)
        with alone(_nearest(place), waits):
            swap.recover(place)
            return _publish(config, maps, data, place, warn, verify, strict, drafts, jobs, rendered)
    except OSError as problem:
        raise _refused(problem, output) from problem


def _publish(
    config: Config,
    maps: tuple[str, ...],
    data: Path,
    output: Path,
    warn: Callable[[str], None],
    verify: bool,
    strict: bool,
    drafts: bool,
    jobs: int,
    rendered: Callable[[int, int], None],
) -> tuple[int, int]:
    digests = Digests(config.root / ".atlas" / "files.json", again=verify)
    key = _key(config, maps, data, drafts, digests)
    digests.keep()
    old = manifest(output)
    seen = Memory(config.root / ".atlas" / "sites.json")
    name = os.path.relpath(output, config.root)
    if old and old.get("key") == key:
        look = _whole(output, old, None if verify else seen.get(name))
        if look:
            _tell(json.loads(seen.get(f"warnings of {name}") or "[]"), warn, strict)
            seen.keep({name: look})
            return int(old["pages"]), 0
    if old is None:
        _check_empty(output)
    new = swap.staged(output)
    warnings: list[str] = []
    try:
        writer = Writer(new, output, old or {}, inside=new.parent == output)
        from atlas.pipeline.compose import compose

        pages = compose(
            config, maps, data, writer, warnings.append, drafts=drafts, jobs=jobs, rendered=rendered
        )
        _tell(warnings, warn, strict)
        written = writer.finish(key, pages, config.site.base_url)
        swap.swap(new, output)
    finally:
        swap.discard(new)
    seen.keep(
        {
            name: _look(output, manifest(output) or {"files": {}}),
            f"warnings of {name}": json.dumps(warnings),
        }
    )
    return pages, written


def _tell(warnings: Sequence[str], warn: Callable[[str], None], strict: bool) -> None:
    """Warn of what was found while pages were made. Raises AtlasError where `strict` is set."""
    for message in warnings:
        warn(message)
    if strict:
        refuse(warnings)


def _nearest(place: Path) -> Path:
    """The folder to hold while a site is written: the one it stands in, or is to stand in."""
    return next(folder for folder in place.parents if folder.is_dir())


def _check_empty(output: Path) -> None:
    """Raise AtlasError where there is something, and no manifest of the atlas."""
    if (output / MANIFEST).exists():
        raise AtlasError(
            f"{output / MANIFEST}: damaged, so the atlas cannot tell which files are its own",
            f"Delete the folder {output}, or what the atlas made in it, and build again.",
        )
    # A new disk has a folder of its file system's own.
    if output.exists() and any(path.name != "lost+found" for path in output.iterdir()):
        raise AtlasError(
            f"{output}: is not empty, and the atlas did not make it",
            "Choose another --output, or empty it yourself.",
        )


def _refused(problem: OSError, output: Path) -> AtlasError:
    """The file that an OSError was about; the output, where it was one of a site on its way."""
    why = problem.strerror or str(problem)
    file = str(problem.filename or "")
    if not os.path.lexists(file):
        return AtlasError(
            f"{output}: cannot be written ({why})", "Check permissions and free space."
        )
    return AtlasError(
        f"{file}: cannot be read or written ({why})", "Check the permissions and free space there."
    )


def _key(config: Config, maps: tuple[str, ...], data: Path, drafts: bool, seen: Digests) -> str:
    """Digest of all that the site follows from."""
    models = {entry.id(model): model.id for model in config.models for entry in model.maps}
    shown = {map_id: models[map_id] for map_id in maps}
    digests = [
        [name, seen.of(data / name)]
        for section in SECTIONS
        for expected in section.expected(entries(config, section), shown)
        for name in expected.files
        if (data / name).exists()
    ]
    facts = [
        __version__,
        code(seen.of),
        config.model_dump(mode="json"),
        digest(config.root, files(config.root, config.site), seen.of),
        drafts,
        list(maps),
        digests,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def code(of: Callable[[Path], str]) -> str:
    """Digest of every module and every file of data of the package, so that a change of any of them
    shows without a new version. `of` gives that of a file."""
    found = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.json")]):
        found.update(f"{path.relative_to(PACKAGE)}\0{of(path)}\0".encode())
    return found.hexdigest()


def _whole(output: Path, found: dict[str, Any], seen: str | None) -> str:
    """The look of a site of which every file is as the build wrote it, by sizes and times where
    these are as they were `seen` to be, else by content; "" of any other."""
    try:
        look = _look(output, found)
        whole = look == seen or all(
            same(output / name, mark) for name, mark in found["files"].items()
        )
    except OSError:
        return ""
    return look if whole else ""


def _look(output: Path, found: dict[str, Any]) -> str:
    """A digest of sizes and times of a site's files. Raises OSError."""
    root = str(output)
    marks = [
        [name, stat.st_size, stat.st_mtime_ns]
        for name in found["files"]
        for stat in [os.lstat(f"{root}/{name}")]  # a Path for each costs as much as the look
    ]
    return hashlib.sha256(json.dumps(marks).encode()).hexdigest()
