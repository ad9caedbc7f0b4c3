"""Publishes the site: renders it beside the old one, shares unchanged files, and swaps the two."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.errors import AtlasError
from atlas.pipeline.sections import SECTIONS, entries
from atlas.web.swap import recover, swap
from atlas.web.theme import digest
from atlas.web.writer import Writer, manifest

PACKAGE = Path(__file__).resolve().parent.parent


def publish(
    config: Config,
    maps: tuple[str, ...],
    data: Path,
    output: Path,
    warn: Callable[[str], None],
) -> tuple[int, int]:
    """Bring the site up to date. Returns the number of its pages, and of the files that were
    written or removed.

    Raises AtlasError when the output folder cannot be written or holds files but no site of the
    atlas, DataError for faulty atlas data.
    """
    recover(output)
    key = _key(config, maps, data)
    old = manifest(output)
    if old and old.get("key") == key and _whole(output, old):
        return int(old["pages"]), 0
    if old is None and output.exists() and any(output.iterdir()):
        raise AtlasError(
            f"{output}: is not empty, and the atlas did not make it",
            "Choose another --output, or empty it yourself.",
        )
    beside = output.with_name(f".{output.name}-{uuid.uuid4().hex[:12]}")
    try:
        writer = Writer(beside, output, old or {})
        from atlas.pipeline.compose import compose

        pages = compose(config, maps, data, writer, warn)
        written = writer.finish(key, pages)
        swap(beside, output)
    except OSError as problem:
        raise AtlasError(
            f"{output}: cannot be written ({problem.strerror or problem})",
            "Check permissions and free space.",
        ) from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return pages, written


def _key(config: Config, maps: tuple[str, ...], data: Path) -> str:
    """Digest of everything that determines the site."""
    models = {row.id(model): model.id for model in config.models for row in model.maps}
    shown = {map_id: models[map_id] for map_id in maps}
    digests = [
        [name, hashlib.sha256((data / name).read_bytes()).hexdigest()]
        for section in SECTIONS
        for expected in section.expected(entries(config, section), shown)
        for name in expected.files
        if (data / name).exists()
    ]
    facts = [
        __version__,
        code(),
        config.model_dump(mode="json"),
        digest(config.root),
        list(maps),
        digests,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def code() -> str:
    """Digest of every module of the package, so that a change of one updates the site without a new
    version."""
    total = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        total.update(f"{path.relative_to(PACKAGE)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def _whole(output: Path, record: dict[str, Any]) -> bool:
    try:
        return all(
            (output / name).stat().st_size == mark[0] for name, mark in record["files"].items()
        )
    except OSError:
        return False
