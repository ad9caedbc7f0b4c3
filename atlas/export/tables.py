"""A map as tables for other tools: Parquet, CSV, and the files of a TensorBoard projector."""

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
CELLS = ("text", "token", "kind", "script", "pos", "reading")  # of the projector's metadata


def write_parquet(source: Path, target: Path) -> list[Path]:
    """Copy the Parquet file of the atlas data as it is. Raises OSError."""
    with replacing(target) as beside:
        shutil.copyfile(source, beside)
    return [target]


def write_csv(data: Dataset, target: Path) -> list[Path]:
    """Write every column of the table, lists as numbers with spaces between them.

    A spreadsheet takes a cell that begins with one of FORMULA for a formula, so such text gets an
    apostrophe before it, as does text that begins with one: taking one off gives it back exactly.
    Raises OSError.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = {}
    for name in data.table.column_names:
        column = data.table.column(name)
        if pa.types.is_list(column.type):
            column = pc.binary_join(column.cast(pa.list_(pa.string())), " ")
        elif pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if pa.types.is_string(column.type) and name in CELLS:
            column = pc.replace_substring_regex(column, f"^([{FORMULA}'])", r"'\1")
        columns[name] = column
    with replacing(target) as beside:
        csv.write_csv(pa.table(columns), beside)
    return [target]


def write_projector(data: Dataset, vectors: Array | None, folder: Path) -> list[Path]:
    """Write vectors (n, d) and metadata as TSV, and the two files that tell a projector of them:
    .pbtxt for TensorBoard (`tensorboard --logdir FOLDER`), .json for the stand-alone one.

    Without vectors the plane coordinates of all projections are written. Raises OSError.
    """
    if vectors is None:
        axes = [f"{axis}_{name}" for name in data.about.map.projections for axis in "xy"]
        vectors = np.stack([data.column(name) for name in axes], axis=1)
    keys = {
        "tensor_name": data.about.map.id,
        "tensor_path": "tensors.tsv",
        "metadata_path": "metadata.tsv",
    }
    proto = "".join(f'\n  {key}: "{value}"' for key, value in keys.items())
    about = {
        "tensorName": data.about.map.id,
        "tensorShape": list(vectors.shape),
        "tensorPath": "tensors.tsv",
        "metadataPath": "metadata.tsv",
    }
    texts = {
        "metadata.tsv": _metadata(data),
        "projector_config.json": json.dumps({"embeddings": [about]}, indent=1) + "\n",
        "projector_config.pbtxt": f"embeddings {{{proto}\n}}\n",
    }
    _write_tensors(vectors, folder / "tensors.tsv")
    for name, text in texts.items():
        write_whole(folder / name, text)
    return [folder / name for name in ("tensors.tsv", *texts)]


def _write_tensors(vectors: Array, target: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    columns = {str(index): np.ascontiguousarray(axis) for index, axis in enumerate(vectors.T)}
    options = csv.WriteOptions(include_header=False, delimiter="\t")
    with replacing(target) as beside:
        csv.write_csv(pa.table(columns), beside, options)


def _metadata(data: Dataset) -> str:
    """A header, then a line a token."""
    clusters = {(cluster.level, cluster.key): cluster.name for cluster in data.about.clusters}
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
