"""Atlas data: one Parquet table and one JSON file a map. The contract between compute and render.

The columns and keys are described in the README and below; `read` checks a pair of files against
them, so that a page is never made from data that only looks right. Nothing here imports a
machine-learning library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from atlas.engine.files import replacing, write_whole
from atlas.errors import DataError
from atlas.maps.facts import About
from atlas.spaces.records import KINDS

SCHEMA_VERSION = 3  # 2: landmarks and claims; 3: layer and corpus


@dataclass(frozen=True, eq=False)
class Dataset:
    """Atlas data of one map in memory: `about` and `table` (a row a token, in id order)."""

    about: About
    table: pa.Table

    def column(self, name: str) -> np.ndarray:
        """A numeric column as an array."""
        return np.asarray(self.table.column(name).to_numpy())

    def strings(self, name: str) -> list[str | None]:
        """A text column as a list."""
        column = self.table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        return list(column.to_pylist())

    def lists(self, name: str) -> np.ndarray:
        """A list column of equal lengths as an (n, k) array."""
        column = self.table.column(name).combine_chunks()
        flat = column.flatten().to_numpy()
        return np.asarray(flat).reshape(len(column), -1) if len(column) else np.empty((0, 0))


def columns(projections: Sequence[str]) -> dict[str, pa.DataType]:
    """Name and type of every column for a map with these projections, in file order."""
    words = pa.dictionary(pa.int32(), pa.string())
    result: dict[str, pa.DataType] = {
        "token_id": pa.int32(),
        "token": pa.string(),
        "text": pa.string(),
        "kind": words,
        "script": words,
        "pos": words,
        "reading": pa.string(),
    }
    for name in projections:
        result |= {f"x_{name}": pa.float32(), f"y_{name}": pa.float32()}
    result |= {"cluster_coarse": pa.int32(), "cluster_fine": pa.int32()}
    result |= {
        "neighbor_ids": pa.list_(pa.int32()),
        "neighbor_similarities": pa.list_(pa.float32()),
    }
    result |= {f"overlap_{name}": pa.float32() for name in projections}
    result |= {f"label_{name}": pa.uint8() for name in projections}
    return result


def table(values: Mapping[str, Any], projections: Sequence[str]) -> pa.Table:
    """An Arrow table of `columns(projections)` from arrays, lists, and (n, k) arrays for list
    columns."""
    arrays = []
    wanted = columns(projections)
    for name, kind in wanted.items():
        value = values[name]
        if pa.types.is_list(kind):
            rows, width = value.shape
            offsets = np.arange(rows + 1, dtype=np.int32) * width
            arrays.append(
                pa.ListArray.from_arrays(
                    offsets, pa.array(np.ascontiguousarray(value).ravel(), kind.value_type)
                )
            )
        elif pa.types.is_dictionary(kind):
            arrays.append(pa.array(value, pa.string()).dictionary_encode())
        else:
            arrays.append(pa.array(value, kind))
    return pa.table(dict(zip(wanted, arrays, strict=True)), schema=pa.schema(wanted))


def paths(folder: Path, map_id: str) -> tuple[Path, Path]:
    """The Parquet and the JSON file of a map in a data folder."""
    return folder / f"{map_id}.parquet", folder / f"{map_id}.json"


def write(folder: Path, data: Dataset) -> None:
    """Write both files beside and rename them; the JSON last, so that a pair with a JSON file is
    whole.

    Raises DataError when the folder cannot be written.
    """
    parquet, about = paths(folder, data.about.map.id)
    metadata = {
        b"atlas_schema_version": str(SCHEMA_VERSION).encode(),
        b"atlas_recipe": data.about.recipe.encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        about.unlink(missing_ok=True)
        with replacing(parquet) as beside:
            pq.write_table(data.table.replace_schema_metadata(metadata), beside, compression="zstd")
        write_whole(about, data.about.model_dump_json(indent=1) + "\n")
    except OSError as problem:
        raise DataError(
            f"{folder}: {problem.strerror or problem}",
            "Check the permissions and the free space there.",
        ) from problem


def recipe(folder: Path, map_id: str) -> str | None:
    """The recipe digest of the map's files, or None where there are none; cheap, for builds in
    which nothing changed."""
    parquet, about = paths(folder, map_id)
    try:
        if not parquet.exists():
            return None
        digest = json.loads(about.read_text(encoding="utf-8")).get("recipe")
    except (OSError, ValueError, AttributeError):
        return None
    return digest if isinstance(digest, str) else None


def read(folder: Path, map_id: str) -> Dataset:
    """Read a map's files and check them against each other and against the schema.

    Raises DataError naming the file and what is wrong with it.
    """
    parquet, about = paths(folder, map_id)
    again = "Run `atlas build` without --frozen to make it again."
    try:
        facts = About.model_validate_json(about.read_bytes())
    except FileNotFoundError as problem:
        raise DataError(f"{about}: no atlas data for the map {map_id}", again) from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{about}: {where or 'file'}: {first['msg']}", again) from problem
    if facts.schema_version != SCHEMA_VERSION:
        message = (
            f"{about}: schema version {facts.schema_version}; "
            f"this atlas reads version {SCHEMA_VERSION}"
        )
        raise DataError(message, again)
    if facts.map.id != map_id:
        raise DataError(
            f"{about}: holds the map {facts.map.id}, not {map_id}", "Was the file renamed?"
        )
    try:
        rows = pq.read_table(parquet)
    except FileNotFoundError as problem:
        raise DataError(f"{parquet}: missing, though {about.name} is there", again) from problem
    except (OSError, pa.ArrowException) as problem:
        raise DataError(f"{parquet}: not a readable Parquet file ({problem})", again) from problem
    data = Dataset(facts, rows)
    problems = _faults(data)
    if problems:
        raise DataError(f"{parquet}: {'; '.join(problems[:5])}", again)
    return data


def _faults(data: Dataset) -> list[str]:
    """What is wrong with the table, by the JSON file and the schema."""
    about, rows = data.about, data.table
    metadata = rows.schema.metadata or {}
    if metadata.get(b"atlas_recipe", b"").decode() != about.recipe:
        return ["made by another build than the JSON file beside it"]
    if faults := _wrong_columns(data):
        return faults
    if rows.num_rows != about.map.tokens:
        return [f"{rows.num_rows} rows, but the JSON file says {about.map.tokens}"]
    return [
        *_wrong_tokens(data),
        *_wrong_neighbors(data),
        *(fault for name in about.map.projections for fault in _wrong_layout(data, name)),
        *_wrong_groups(data),
    ]


def _wrong_columns(data: Dataset) -> list[str]:
    wanted, there = columns(tuple(data.about.map.projections)), data.table.column_names
    faults = [f"column {name} is missing" for name in wanted if name not in there]
    faults += [f"column {name} is unknown" for name in there if name not in wanted]
    for name, kind in wanted.items():
        if name in there and (own := data.table.schema.field(name).type) != kind:
            faults.append(f"column {name} is {own}, not {kind}")
    return faults


def _wrong_tokens(data: Dataset) -> list[str]:
    faults = []
    ids = data.column("token_id")
    if len(ids) and not np.all(np.diff(ids) > 0):
        faults.append("token_id does not ascend")
    faults += [
        f"{name} has empty cells"
        for name in data.table.column_names
        if name not in ("pos", "reading", "script") and data.table.column(name).null_count
    ]
    if unknown := {kind for kind in data.strings("kind") if kind} - set(KINDS):
        faults.append(f"unknown kinds {sorted(unknown)}")
    return faults


def _wrong_neighbors(data: Dataset) -> list[str]:
    faults = []
    for name in ("neighbor_ids", "neighbor_similarities"):
        lengths = pc.list_value_length(data.table.column(name)).to_numpy()
        if len(lengths) and not np.all(lengths == data.about.map.neighbors):
            faults.append(f"{name} are not {data.about.map.neighbors} a token")
        elif (
            name == "neighbor_ids" and not np.isin(data.lists(name), data.column("token_id")).all()
        ):
            faults.append("neighbor_ids name tokens that are not on the map")
    return faults


def _wrong_layout(data: Dataset, name: str) -> list[str]:
    faults = []
    places = data.column(f"x_{name}"), data.column(f"y_{name}")
    if not all(np.isfinite(part).all() for part in places):
        faults.append(f"coordinates of {name} are not finite")
    overlap = data.column(f"overlap_{name}")
    if len(overlap) and not (overlap.min() >= 0 and overlap.max() <= 1):
        faults.append(f"overlap_{name} lies outside 0..1")
    if name not in data.about.faithfulness:
        faults.append(f"the JSON file has no faithfulness of {name}")
    return faults


def _wrong_groups(data: Dataset) -> list[str]:
    about, ids = data.about, data.column("token_id")
    faults = [
        f"the landmark {landmark.name} has members that are not on the map"
        for landmark in about.landmarks
        if not np.isin(np.array(landmark.members, ids.dtype), ids).all()
    ]
    for level in ("coarse", "fine"):
        keys = {cluster.key for cluster in about.clusters if cluster.level == level}
        if unknown := set(np.unique(data.column(f"cluster_{level}")).tolist()) - keys - {-1}:
            faults.append(
                f"cluster_{level} has keys {sorted(unknown)[:5]} that the JSON file does not know"
            )
    return faults
