"""Atlas data of a map: a Parquet table and a JSON file. The contract between compute and render.

The manual and this module describe the columns; `read` checks both files against the description
and against each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from atlas.engine.files import replacing, write_whole
from atlas.engine.parquet import numbers, write_table
from atlas.errors import DataError
from atlas.maps.facts import About, Cluster
from atlas.spaces.records import KINDS

if TYPE_CHECKING:
    import pyarrow as pa

# 2: landmarks and claims; 3: layer and corpus; 4: tokens without neighbors; 5: norm and suspicion;
# 6: plain strings in place of dictionaries, which some readers take for enumerations;
# 7: titles of clusters; 8: similarities to four digits
SCHEMA_VERSION = 8

NOBODY = -1  # in place of a neighbor's id, of a token that has none: its vector is zero
NULLABLE = ("pos", "reading", "script", "suspicion")  # columns
AGAIN = "Run `atlas build` without --frozen to make it again."


@dataclass(frozen=True, eq=False)
class Dataset:
    """Atlas data of a map in memory. `table` has a row for each token, in id order."""

    about: About
    table: pa.Table

    def column(self, name: str) -> np.ndarray:
        """A numeric column as an array (n,)."""
        return numbers(self.table.column(name))

    def strings(self, name: str) -> list[str | None]:
        """A text column as a list of length n."""
        return list(self.table.column(name).to_pylist())

    def lists(self, name: str) -> np.ndarray:
        """A column of neighbors as an (n, k) array; of a token without neighbors, whose list is
        empty, NOBODY or 0."""
        import pyarrow.compute as pc

        column = self.table.column(name).combine_chunks()
        flat, lengths = numbers(column.flatten()), numbers(pc.list_value_length(column))
        width = int(lengths.max(initial=0))
        nothing = NOBODY if flat.dtype.kind == "i" else 0
        filled = np.full((len(column), width), nothing, flat.dtype)
        filled[lengths > 0] = flat.reshape(np.count_nonzero(lengths), width)
        return filled


def columns(projections: Sequence[str]) -> dict[str, pa.DataType]:
    """The type of every column by name, in file order, for a map with these projections."""
    import pyarrow as pa

    result: dict[str, pa.DataType] = {
        "token_id": pa.int32(),
        "token": pa.string(),
        "text": pa.string(),
        "kind": pa.string(),
        "script": pa.string(),
        "pos": pa.string(),
        "reading": pa.string(),
        "norm": pa.float32(),
        "suspicion": pa.float32(),
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
    """An Arrow table of `columns(projections)`. `values` are arrays (n,), lists of length n, and
    arrays (n, k) for list columns, with NOBODY in place of the ids of a token without neighbors:
    its lists are empty."""
    import pyarrow as pa

    arrays = []
    some = ~(np.asarray(values["neighbor_ids"]) == NOBODY).any(axis=1)
    wanted = columns(projections)
    for name, kind in wanted.items():
        value = values[name]
        if pa.types.is_list(kind):
            value, width = value[some], value.shape[1]
            offsets = np.concatenate([[0], np.cumsum(some * width)]).astype(np.int32)
            arrays.append(
                pa.ListArray.from_arrays(
                    offsets, pa.array(np.ascontiguousarray(value).ravel(), kind.value_type)
                )
            )
        else:
            arrays.append(pa.array(value, kind))
    return pa.table(dict(zip(wanted, arrays, strict=True)), schema=pa.schema(wanted))


def paths(folder: Path, map_id: str) -> tuple[Path, Path]:
    """The Parquet and the JSON file of a map in a data folder."""
    return folder / f"{map_id}.parquet", folder / f"{map_id}.json"


def write(folder: Path, data: Dataset) -> None:
    """Write both files, the JSON last, so that a table with a JSON file beside it is whole.

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
            write_table(data.table.replace_schema_metadata(metadata), beside)
        write_whole(about, data.about.model_dump_json() + "\n")
    except OSError as problem:
        raise DataError(
            f"{folder}: {problem.strerror or problem}",
            "Check the permissions and the free space there.",
        ) from problem


def read(folder: Path, map_id: str) -> Dataset:
    """Read a map's files and check them against the schema and against each other.

    Raises DataError naming the file and its faults.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    parquet, about = paths(folder, map_id)
    facts = _read_facts(about, map_id)
    try:
        with pq.ParquetFile(parquet) as file:  # read_table imports pandas where it is
            data = Dataset(facts, file.read())
    except FileNotFoundError as problem:
        raise DataError(f"{parquet}: missing, though {about.name} is there", AGAIN) from problem
    except PermissionError as problem:
        raise _unreadable(parquet, problem) from problem
    except (OSError, pa.ArrowException) as problem:
        raise DataError(f"{parquet}: not a readable Parquet file ({problem})", AGAIN) from problem
    if faults := _shape_faults(data) or list(_value_faults(data)):
        raise DataError(f"{parquet}: {'; '.join(faults[:5])}", AGAIN)
    return data


def _read_facts(about: Path, map_id: str) -> About:
    """The JSON file of a map, checked. Raises DataError."""
    try:
        facts = About.model_validate_json(about.read_bytes())
    except FileNotFoundError as problem:
        raise DataError(f"{about}: no atlas data for the map {map_id}", AGAIN) from problem
    except OSError as problem:
        raise _unreadable(about, problem) from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{about}: {where or 'file'}: {first['msg']}", AGAIN) from problem
    if facts.schema_version != SCHEMA_VERSION:
        raise DataError(
            f"{about}: schema version {facts.schema_version}; "
            f"this atlas reads version {SCHEMA_VERSION}",
            AGAIN,
        )
    if facts.map.id != map_id:
        raise DataError(
            f"{about}: holds the map {facts.map.id}, not {map_id}", "Was the file renamed?"
        )
    return facts


def _unreadable(path: Path, problem: OSError) -> DataError:
    why = os.strerror(problem.errno) if problem.errno else problem
    return DataError(f"{path}: cannot be read ({why})", "Check the permissions of the file.")


def _shape_faults(data: Dataset) -> list[str]:
    """Faults of the recipe, the columns and the number of rows."""
    about, shown = data.about, data.table
    metadata = shown.schema.metadata or {}
    if metadata.get(b"atlas_recipe", b"").decode() != about.recipe:
        return ["made by another build than the JSON file beside it"]
    wanted = columns(tuple(about.map.projections))
    faults = [f"column {name} is missing" for name in wanted if name not in shown.column_names]
    faults += [f"column {name} is unknown" for name in shown.column_names if name not in wanted]
    faults += [
        f"column {name} is {shown.schema.field(name).type}, not {kind}"
        for name, kind in wanted.items()
        if name in shown.column_names and shown.schema.field(name).type != kind
    ]
    if not faults and shown.num_rows != about.map.tokens:
        return [f"{shown.num_rows} rows, but the JSON file says {about.map.tokens}"]
    return faults


def _value_faults(data: Dataset) -> Iterator[str]:
    """Faults of the values, in a table of the right columns and number of rows."""
    full = [name for name in data.table.column_names if name not in NULLABLE]
    if empty := [name for name in full if _lacking(data.table.column(name))]:
        yield from (f"{name} has empty cells" for name in empty)
        return  # what follows reads numbers
    ids = data.column("token_id")
    if len(ids) and not np.all(np.diff(ids) > 0):
        yield "token_id does not ascend"
    yield from _neighbor_faults(data, ids)
    if not np.isfinite(data.column("norm")).all():
        yield "norm is not finite"
    if unknown := {kind for kind in data.strings("kind") if kind} - set(KINDS):
        yield f"unknown kinds {sorted(unknown)}"
    for name in data.about.map.projections:
        yield from _projection_faults(data, name)
    for landmark in data.about.landmarks:
        if not np.isin(np.array(landmark.members, ids.dtype), ids).all():
            yield f"the landmark {landmark.name} has members that are not on the map"
    for level in ("coarse", "fine"):
        keys = {cluster.key for cluster in data.about.clusters if cluster.level == level}
        if more := set(np.unique(data.column(f"cluster_{level}")).tolist()) - keys - {-1}:
            yield f"cluster_{level} has keys {sorted(more)[:5]} that the JSON file does not know"
    yield from _level_faults(data, ids)
    yield from _claim_faults(data.about)


def _lacking(column: pa.ChunkedArray) -> int:
    """How many values are missing, of a list those in it, too."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = pa.types.is_list(column.type)
    return int(column.null_count + (pc.list_flatten(column).null_count if lists else 0))


def _neighbor_faults(data: Dataset, ids: np.ndarray) -> Iterator[str]:
    """Faults of the neighbors of the tokens with these ids (n,)."""
    import pyarrow.compute as pc

    count = data.about.map.neighbors
    empty: list[np.ndarray] = []
    for name in ("neighbor_ids", "neighbor_similarities"):
        lengths = numbers(pc.list_value_length(data.table.column(name)))
        empty.append(lengths == 0)
        if not np.all((lengths == count) | (lengths == 0)):
            yield f"{name} are not {count} a token, nor none"
        elif name == "neighbor_ids" and not np.isin(data.lists(name)[lengths > 0], ids).all():
            yield "neighbor_ids name tokens that are not on the map"
    if not np.array_equal(empty[0], empty[1]):
        yield "neighbor_ids and neighbor_similarities are of different tokens"


def _projection_faults(data: Dataset, name: str) -> Iterator[str]:
    """Faults of the columns of a projection, and of its faithfulness."""
    if not all(np.isfinite(data.column(f"{axis}_{name}")).all() for axis in "xy"):
        yield f"coordinates of {name} are not finite"
    overlap = data.column(f"overlap_{name}")
    if len(overlap) and not (overlap.min() >= 0 and overlap.max() <= 1):
        yield f"overlap_{name} lies outside 0..1"
    if name not in data.about.faithfulness:
        yield f"the JSON file has no faithfulness of {name}"


def _level_faults(data: Dataset, ids: np.ndarray) -> Iterator[str]:
    """Faults of the clusters in the JSON file, beside the table of the tokens with these ids (n,)
    and beside one another."""
    about = data.about
    there = set(ids.tolist())
    if len({cluster.slug for cluster in about.clusters}) < len(about.clusters):
        yield "two clusters have one slug"
    levels = {
        level: [cluster for cluster in about.clusters if cluster.level == level]
        for level in ("coarse", "fine")
    }
    for level, clusters in levels.items():
        if [cluster.key for cluster in clusters] != list(range(len(clusters))):
            yield f"the keys of {level} clusters are not 0, 1, 2 …"
            continue
        keys = data.column(f"cluster_{level}")
        sizes = np.bincount(keys[keys >= 0], minlength=len(clusters)).tolist()
        for cluster, size in zip(clusters, sizes, strict=False):
            named = f"the {level} cluster {cluster.key}"
            if not {*cluster.anchors} == {*cluster.zooms} == {*about.map.projections}:
                yield f"{named}: its projections are not those of the map"
            if not cluster.central or not there.issuperset(cluster.central):
                yield f"{named}: central tokens are not on the map"
            faults = _cluster_faults(cluster, size, len(clusters), len(levels["coarse"]))
            yield from (f"{named}: {fault}" for fault in faults)


def _cluster_faults(cluster: Cluster, size: int, count: int, coarse: int) -> Iterator[str]:
    """Faults of a cluster of `size` rows, one of `count` of its level, beside `coarse` coarse
    ones."""
    if cluster.size != size:
        yield f"{size} rows, but the JSON file says {cluster.size}"
    if not all(0 <= key < count for key in cluster.nearest):
        yield "a nearest cluster does not exist"
    if cluster.parent is not None and not 0 <= cluster.parent < coarse:
        yield "its parent does not exist"
    if not all(np.isfinite(place).all() for place in cluster.anchors.values()):
        yield "anchors are not finite"


def _claim_faults(about: About) -> Iterator[str]:
    """Faults of landmarks and claims beside one another."""
    names = [landmark.name for landmark in about.landmarks]
    if len(set(names)) < len(names):
        yield "two landmarks have one name"
    for claim in about.claims:
        for name in (claim.set, claim.near):
            if name is not None and name not in names:
                yield f"a claim names the landmark {name}, which does not exist"
    for landmark in about.landmarks:
        if not landmark.spaces.keys() <= {"space", *about.map.projections}:
            yield f"the landmark {landmark.name} is measured in unknown spaces"
