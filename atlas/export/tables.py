"""A map as tables for other tools: Parquet, CSV, Apple's Embedding Atlas, and the files of a
TensorBoard projector."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from atlas.engine.files import replacing, write_whole
from atlas.maps.data import Dataset
from atlas.numeric.types import Array

FORMULA = "=+\\-@\t\r\n＝＋－＠"  # as in a class of a regular expression
# What pandas takes for a missing value where nobody tells it otherwise.
MISSING = (
    "#N/A N/A|#N/A|N/A|n/a|NA|<NA>|#NA|NULL|null|NaN|-NaN|nan|-nan|None|"
    r"1\.#IND|-1\.#IND|1\.#QNAN|-1\.#QNAN"
)
CELLS = ("text", "token", "kind", "script", "pos", "reading")  # of the projector's metadata


def write_parquet(source: Path, target: Path) -> list[Path]:
    """Copy the Parquet file of the atlas data as it is. Raises OSError."""
    with replacing(target) as beside, source.open("rb") as read, beside.open("wb") as written:
        shutil.copyfileobj(read, written)
    return [target]


def write_csv(data: Dataset, target: Path) -> list[Path]:
    """Write every column of the table, lists as numbers with spaces between them.

    A spreadsheet takes a cell that begins with one of FORMULA for a formula, and pandas takes those
    of MISSING for none, so such text gets an apostrophe before it, as does text that begins with
    one: taking one off gives it back exactly. The file begins with a byte order mark, by which
    spreadsheets know that it is UTF-8. Raises OSError.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = {}
    for name in data.table.column_names:
        column = data.table.column(name)
        if pa.types.is_list(column.type):
            column = pc.binary_join(column.cast(pa.list_(pa.string())), " ")
        if pa.types.is_string(column.type) and name in CELLS:
            column = pc.replace_substring_regex(column, rf"^([{FORMULA}']|(?:{MISSING})$)", r"'\1")
        columns[name] = column
    with replacing(target) as beside, beside.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        csv.write_csv(pa.table(columns), file)
    return [target]


def write_for_apple(data: Dataset, target: Path) -> list[Path]:
    """Write the table as Apple's Embedding Atlas reads it: `embedding-atlas FILE --x x --y y --text
    text --neighbors neighbors`.

    Words are plain strings, which it can colour by, places are those of the main projection, and
    `neighbors` holds row numbers and cosine distances, nearest first. Raises OSError.
    """
    import pyarrow as pa
    from pyarrow import parquet

    rows = {token: row for row, token in enumerate(data.column("token_id").tolist())}
    clusters = {(cluster.level, cluster.key): cluster.called() for cluster in data.about.clusters}
    main = data.about.map.clustered_on
    columns: dict[str, Any] = {
        "x": data.column(f"x_{main}"),
        "y": data.column(f"y_{main}"),
        **{name: pa.array(data.strings(name), pa.string()) for name in CELLS},
        "token_id": data.column("token_id"),
        "overlap": data.column(f"overlap_{main}"),
    }
    for level in ("coarse", "fine"):
        keys = data.column(f"cluster_{level}").tolist()
        columns[f"cluster_{level}"] = pa.array(
            [clusters.get((level, key)) for key in keys], pa.string()
        )
    near = zip(
        data.table.column("neighbor_ids").to_pylist(),
        data.table.column("neighbor_similarities").to_pylist(),
        strict=True,
    )
    kind = pa.struct({"ids": pa.list_(pa.int32()), "distances": pa.list_(pa.float32())})
    columns["neighbors"] = pa.array(
        [
            {"ids": [rows[one] for one in ids], "distances": [1 - one for one in similar]}
            for ids, similar in near
        ],
        kind,
    )
    with replacing(target) as beside, beside.open("wb") as file:
        parquet.write_table(pa.table(columns), file, compression="zstd")
    return [target]


def write_projector(data: Dataset, vectors: Array | None, folder: Path) -> list[Path]:
    """Write the vectors (n, d) and the map's own places as float32, their metadata as TSV, and the
    two files that tell a projector of them: .pbtxt for TensorBoard (`tensorboard --logdir FOLDER`),
    .json for the stand-alone one.

    Places have a third axis of zeros, since a projector shows three. Without vectors the places of
    all projections stand in their stead. Raises OSError.
    """
    if vectors is None:
        axes = [f"{axis}_{name}" for name in data.about.map.projections for axis in "xy"]
        vectors = np.stack([data.column(name) for name in axes], axis=1)
    main = data.about.map.clustered_on
    flat = np.stack([data.column(f"x_{main}"), data.column(f"y_{main}")], axis=1)
    places = np.concatenate([flat, np.zeros((len(flat), 1), np.float32)], axis=1)
    name = data.about.map.id
    tensors = {"tensors.bytes": (name, vectors), "places.bytes": (f"{name} {main}", places)}
    about = [
        {
            "tensorName": title,
            "tensorShape": list(values.shape),
            "tensorPath": path,
            "metadataPath": "metadata.tsv",
        }
        for path, (title, values) in tensors.items()
    ]
    texts = {
        "metadata.tsv": _metadata(data),
        "projector_config.json": json.dumps({"embeddings": about}, indent=1) + "\n",
        "projector_config.pbtxt": "".join(map(_proto, about)),
    }
    for path, (_, values) in tensors.items():
        with replacing(folder / path) as beside:
            np.ascontiguousarray(values, "<f4").tofile(beside)
    for path, text in texts.items():
        write_whole(folder / path, text)
    return [folder / path for path in (*tensors, *texts)]


def _proto(about: dict[str, Any]) -> str:
    """A tensor as a message in text, as TensorBoard reads it."""
    shape = "".join(f"\n  tensor_shape: {size}" for size in about["tensorShape"])
    return (
        f'embeddings {{\n  tensor_name: "{about["tensorName"]}"{shape}\n'
        f'  tensor_path: "{about["tensorPath"]}"\n  metadata_path: "{about["metadataPath"]}"\n}}\n'
    )


def _metadata(data: Dataset) -> str:
    """A header, then a line a token."""
    clusters = {(cluster.level, cluster.key): cluster.called() for cluster in data.about.clusters}
    columns: dict[str, list[Any]] = {name: data.strings(name) for name in CELLS}
    columns["token_id"] = data.column("token_id").tolist()
    for level in ("coarse", "fine"):
        columns[f"cluster_{level}"] = [
            clusters.get((level, key), "") for key in data.column(f"cluster_{level}").tolist()
        ]
    # The projector knows no quoting, so what separates cells and rows cannot be in one.
    separators = str.maketrans("\t\n\r", "   ")
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return "".join(
        "\t".join("" if cell is None else str(cell).translate(separators) for cell in row) + "\n"
        for row in rows
    )
