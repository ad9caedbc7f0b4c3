"""One map for other tools: Parquet, CSV, Apple's Embedding Atlas, TensorBoard's projector, or a web
page in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from atlas.atlas_toml import Config
from atlas.config.faults import nearest
from atlas.engine.files import write_whole
from atlas.errors import AtlasError, ModelError, UsageError
from atlas.export.page import page
from atlas.export.tables import write_csv, write_for_apple, write_parquet, write_projector
from atlas.maps import data as dataset
from atlas.numeric.types import Array

if TYPE_CHECKING:
    from atlas.pipeline.places import Places

KINDS = {
    "parquet": "{}.parquet",
    "csv": "{}.csv",
    "embedding-atlas": "{}.apple.parquet",
    "tensorboard": "{}-projector",
    "html": "{}.html",
}


def export(
    config: Config,
    places: Places,
    map_id: str,
    kind: str,
    output: Path | None,
    *,
    force: bool,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write a map as `kind` to `output` (by default into the working folder, named after the map);
    the files written.

    Raises UsageError for an unknown map or kind, DataError when the map is not built, and
    AtlasError when something is in the way and `force` is not set, or when the files cannot be
    written.
    """
    maps = [entry.id(model) for model in config.models for entry in model.maps]
    if map_id not in maps:
        raise UsageError(
            f"{map_id}: no such map{nearest(map_id, maps)}", "A map's id is <model>-<name>."
        )
    if kind not in KINDS:
        raise UsageError(f"--format {kind}: no such format", f"There are: {', '.join(KINDS)}.")
    target = _target(map_id, kind, output, force=force)
    data = dataset.read(places.data, map_id)
    folder = target if kind == "tensorboard" else target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "parquet":
            return write_parquet(dataset.paths(places.data, map_id)[0], target)
        if kind == "csv":
            return write_csv(data, target)
        if kind == "embedding-atlas":
            return write_for_apple(data, target)
        if kind == "tensorboard":
            return write_projector(data, _vectors(config, places, data, warn), target)
        write_whole(target, page(config, data))
    except OSError as problem:
        raise AtlasError(
            f"{target}: cannot be written ({problem.strerror or problem})",
            "Check the folder and its permissions.",
        ) from problem
    return [target]


def _target(map_id: str, kind: str, output: Path | None, *, force: bool) -> Path:
    """The file to write, or the folder for TensorBoard. Raises AtlasError when something is in the
    way."""
    name = KINDS[kind].format(map_id)
    target = output or Path(name)
    if kind == "tensorboard" and target.is_file():
        raise AtlasError(
            f"{target}: is a file, and this format is a folder of files", "Name another --output."
        )
    if kind != "tensorboard" and target.is_dir():
        target = target / name
    if not force and (target.is_file() or (target.is_dir() and any(target.iterdir()))):
        raise AtlasError(
            f"{target}: is there already", "Overwrite it with --force, or name another --output."
        )
    return target


def _vectors(
    config: Config, places: Places, data: dataset.Dataset, warn: Callable[[str], None]
) -> Array | None:
    """The original vectors of the map's tokens (n, d), if the store has those that this atlas data
    were made from; else None, and a warning."""
    from atlas.pipeline.options import Options
    from atlas.pipeline.plan import plan

    map_id = data.about.map.id
    try:
        planned = plan(config, Options(only=(map_id,), offline=True), lambda _: None).maps
    except ModelError:
        planned = ()
    for target in planned:
        if target.recipe == data.about.recipe and places.store.has(target.vectors.key):
            vectors = target.read_vectors(places.store)
            return np.asarray(vectors.values[data.column("token_id")])
    warn(
        f"the vectors of {map_id} are not in the store, so its plane coordinates are written in "
        "their place"
    )
    return None
