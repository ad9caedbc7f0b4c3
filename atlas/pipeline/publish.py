"""Writes the site: rendered beside the old one, unchanged files shared with it, and swapped in as a
whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from atlas import __version__
from atlas import atlas_toml as settings
from atlas.errors import AtlasError
from atlas.findings.comparisons import data as comparison
from atlas.findings.inputs_embeds import data as writeup
from atlas.findings.senses import data as sense_map
from atlas.maps import data as dataset
from atlas.web.swap import recover, swap
from atlas.web.theme import digest
from atlas.web.writer import Writer, manifest

PACKAGE = Path(__file__).resolve().parent.parent


def publish(
    config: settings.Config,
    maps: tuple[str, ...],
    data: Path,
    output: Path,
    warn: Callable[[str], None],
) -> tuple[int, int]:
    """Bring the site up to date. Returns its pages, and how many of its files were written or
    removed (0 when nothing changed).

    Raises AtlasError when the output folder holds something the atlas did not make, or cannot be
    written.
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


def _key(config: settings.Config, maps: tuple[str, ...], data: Path) -> str:
    """Digest of all that the site follows from."""
    found_files = []
    for map_id in maps:
        for path in dataset.paths(data, map_id):
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
            found_files.append([path.name, found])
    for name, _, _ in files(config, maps):
        if (path := data / name).exists():
            found_files.append([name, hashlib.sha256(path.read_bytes()).hexdigest()])
    facts = [
        __version__,
        code(),
        config.model_dump(mode="json"),
        digest(config.root),
        list(maps),
        found_files,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def files(config: settings.Config, maps: Collection[str]) -> list[tuple[str, str, set[str]]]:
    """Files of atlas data besides those of the maps that a site of these maps shows: each with what
    it is of, and its models."""
    of = {entry.id(model): model.id for model in config.models for entry in model.maps}
    pairs = [one for one in config.compare if set(one.maps) <= set(maps)]
    found = [
        (comparison.name(*one.maps), "the comparison", {of[map_id] for map_id in one.maps})
        for one in pairs
    ]
    found += [
        (sense_map.file(one.name), f"the sense map {one.name}", {one.model})
        for one in config.senses
    ]
    return [*found, (writeup.NAME, "[pitfall]", set())] if config.pitfall else found


def code() -> str:
    """Digest of every module of the package, so that a change of any of them shows without a new
    version."""
    found = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        found.update(f"{path.relative_to(PACKAGE)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def _whole(output: Path, found: dict[str, Any]) -> bool:
    try:
        return all(
            (output / name).stat().st_size == mark[0] for name, mark in found["files"].items()
        )
    except OSError:
        return False
