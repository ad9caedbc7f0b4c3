"""Atlas data: what is written is what is read, and a damaged file is named, with what is wrong with
it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.errors import DataError
from atlas.maps import data as dataset
from atlas.maps.data import Dataset
from atlas.maps.facts import About
from atlas.spaces.records import KINDS

MAP = "m-words"
SHOWN = ("umap", "pca")


def make(texts: list[str], k: int = 3) -> Dataset:
    """Atlas data of a map of these tokens, ids 0, 2, 4 …"""
    rows = len(texts)
    random = np.random.default_rng(rows)
    ids = np.arange(rows, dtype=np.int32) * 2
    values: dict[str, Any] = {
        "token_id": ids,
        "token": texts,
        "text": texts,
        "kind": [sorted(KINDS)[row % len(KINDS)] for row in range(rows)],
        "script": ["Latin" if row % 2 else None for row in range(rows)],
        "pos": [None] * rows,
        "reading": [None] * rows,
        "norm": np.ones(rows, np.float32),
        "suspicion": [None] * rows,
        "cluster_coarse": np.zeros(rows, np.int32),
        "cluster_fine": np.full(rows, -1, np.int32),
        "neighbor_ids": ids[random.integers(0, rows, (rows, k))],
        "neighbor_similarities": random.random((rows, k), np.float32),
    }
    for name in SHOWN:
        values |= {f"{axis}_{name}": random.normal(size=rows).astype(np.float32) for axis in "xy"}
        values |= {
            f"overlap_{name}": random.random(rows).astype(np.float32),
            f"label_{name}": np.full(rows, 255, np.uint8),
        }
    facts = awkward.facts(rows, SHOWN, selection={"first": rows}, neighbors=k)
    facts["model"]["facts"] = {"layers": 2}
    about = About.model_validate(
        facts
        | {
            "clusters": [awkward.cluster(SHOWN, 0.5, name="a · b", size=rows, central=[0])],
            "landmarks": [
                {
                    "name": "eras",
                    "title": {"en": "Eras"},
                    "members": [0],
                    "outside": 0,
                    "missing": ["x"],
                    "k": 0,
                    "chance": 0.0,
                    "spaces": {"space": {"cohesion": 0.5, "range": (0.0, 0.1), "holds": True}},
                }
            ],
            "claims": [
                {
                    "title": {},
                    "pairs": [
                        {
                            "words": ("a", "b"),
                            "missing": (),
                            "ranks": (1, 20),
                            "similarity": 0.5,
                            "holds": True,
                        }
                    ],
                }
            ],
            "libraries": {"numpy": "2"},
            "built": "2026-01-01T00:00:00Z",
        }
    )
    return Dataset(about, dataset.table(values, SHOWN))


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=20))
def test_what_is_written_is_read(tmp_path: Path, texts: list[str]) -> None:
    data = make(texts)
    dataset.write(tmp_path, data)
    found = dataset.read(tmp_path, MAP)
    assert found.about == data.about
    assert found.table.cast(data.table.schema).equals(data.table)
    assert found.strings("text") == texts
    assert np.array_equal(found.lists("neighbor_ids"), data.lists("neighbor_ids"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{MAP}.json", f"{MAP}.parquet"]


def test_the_same_data_are_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        dataset.write(tmp_path / folder, make(["x", "y", "日本"]))
    for one, other in zip(
        dataset.paths(tmp_path / "a", MAP), dataset.paths(tmp_path / "b", MAP), strict=True
    ):
        assert one.read_bytes() == other.read_bytes()


def test_the_columns_are_those_of_the_design(tmp_path: Path) -> None:
    dataset.write(tmp_path, make(["x", "y"]))
    found = pq.read_schema(tmp_path / f"{MAP}.parquet")
    assert found.names == [
        "token_id",
        "token",
        "text",
        "kind",
        "script",
        "pos",
        "reading",
        "norm",
        "suspicion",
        "x_umap",
        "y_umap",
        "x_pca",
        "y_pca",
        "cluster_coarse",
        "cluster_fine",
        "neighbor_ids",
        "neighbor_similarities",
        "overlap_umap",
        "overlap_pca",
        "label_umap",
        "label_pca",
    ]


Change = Callable[[pa.Table], pa.Table]


def column(
    name: str, change: Callable[[list[Any]], list[Any]], kind: pa.DataType | None = None
) -> Change:
    def changed(table: pa.Table) -> pa.Table:
        index = table.schema.get_field_index(name)
        field = table.schema.field(index)
        wanted = kind or field.type
        values = change(table.column(index).to_pylist())
        return table.set_column(index, pa.field(name, wanted), pa.array(values, wanted))

    return changed


def first(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [value, *values[1:]]


TABLES: dict[str, tuple[Change, str]] = {
    "missing column": (lambda table: table.drop_columns(["kind"]), "column kind is missing"),
    "missing projection": (lambda table: table.drop_columns(["x_pca"]), "column x_pca is missing"),
    "extra column": (
        lambda table: table.append_column("more", pa.array([0] * len(table))),
        "column more is unknown",
    ),
    "wrong type": (
        column("x_umap", lambda v: v, pa.float64()),
        "column x_umap is double, not float",
    ),
    "wrong list type": (
        column("neighbor_ids", lambda v: v, pa.list_(pa.int64())),
        "column neighbor_ids is list",
    ),
    "too few rows": (lambda table: table.slice(1), "5 rows, but the JSON file says 6"),
    "too many rows": (
        lambda table: pa.concat_tables([table, table]),
        "12 rows, but the JSON file says 6",
    ),
    "ids twice": (column("token_id", first(2)), "token_id does not ascend"),
    "empty cell": (column("text", first(None)), "text has empty cells"),
    "unknown kind": (column("kind", first("verb")), "unknown kinds ['verb']"),
    "NaN place": (column("y_pca", first(float("nan"))), "coordinates of pca are not finite"),
    "infinite place": (column("x_umap", first(float("inf"))), "coordinates of umap are not finite"),
    "overlap above 1": (column("overlap_umap", first(1.5)), "overlap_umap lies outside 0..1"),
    "overlap below 0": (column("overlap_pca", first(-0.1)), "overlap_pca lies outside 0..1"),
    "overlap not a number": (
        column("overlap_pca", first(float("nan"))),
        "overlap_pca lies outside 0..1",
    ),
    "unknown coarse cluster": (column("cluster_coarse", first(7)), "cluster_coarse has keys [7]"),
    "unknown fine cluster": (column("cluster_fine", first(0)), "cluster_fine has keys [0]"),
}


NEIGHBORS: dict[str, tuple[Change, str]] = {
    "neighbor that is not on the map": (
        column("neighbor_ids", first([1, 2, 4])),
        "neighbor_ids name tokens that are not on the map",
    ),
    "neighbor that is missing": (
        column("neighbor_ids", first([1, None, 2])),
        "neighbor_ids has empty cells",
    ),
    "similarity that is missing": (
        column("neighbor_similarities", first([0.5, None, 0.25])),
        "neighbor_similarities has empty cells",
    ),
    "neighbors of another number": (
        column("neighbor_ids", first([0, 2])),
        "neighbor_ids are not 3 a token, nor none",
    ),
    "no similarities": (
        column("neighbor_similarities", first([])),
        "neighbor_ids and neighbor_similarities are of different tokens",
    ),
}


@pytest.mark.parametrize("what", [*TABLES, *NEIGHBORS])
def test_a_damaged_table_is_named_with_its_fault(tmp_path: Path, what: str) -> None:
    dataset.write(tmp_path, make(list("abcdef")))
    parquet, _ = dataset.paths(tmp_path, MAP)
    change, told = (TABLES | NEIGHBORS)[what]
    table = pq.read_table(parquet)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), parquet)
    with pytest.raises(DataError) as caught:
        dataset.read(tmp_path, MAP)
    assert str(parquet) in caught.value.message
    assert told in caught.value.message
    assert "atlas build" in caught.value.hint


ABOUTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "schema version": (
        lambda about: about.update(schema_version=99),
        "schema version 99; this atlas reads version 8",
    ),
    "data of an older atlas": (
        lambda about: (about.update(schema_version=1), about.pop("landmarks"), about.pop("claims")),
        "schema version 1; this atlas reads version 8",
    ),
    "landmark of other tokens": (
        lambda about: about["landmarks"][0].update(members=[0, 1]),
        "eras has members that are not on the map",
    ),
    "cohesion out of range": (
        lambda about: about["landmarks"][0]["spaces"]["space"].update(cohesion=2),
        "landmarks.0.spaces.space",
    ),
    "key missing": (lambda about: about.pop("libraries"), "libraries: Field required"),
    "key unknown": (
        lambda about: about["map"].update(colour="red"),
        "map.colour: Extra inputs are not permitted",
    ),
    "wrong type": (lambda about: about["map"].update(tokens="many"), "map.tokens"),
    "figure out of range": (
        lambda about: about["faithfulness"]["umap"].update(overlap=1.2),
        "faithfulness.umap.overlap",
    ),
    "cluster level": (lambda about: about["clusters"][0].update(level="huge"), "clusters.0.level"),
    "another map": (
        lambda about: about["map"].update(id="n-words"),
        "holds the map n-words, not m-words",
    ),
}


@pytest.mark.parametrize("what", ABOUTS)
def test_a_damaged_json_file_is_named_with_its_fault(tmp_path: Path, what: str) -> None:
    dataset.write(tmp_path, make(list("abcdef")))
    _, path = dataset.paths(tmp_path, MAP)
    change, told = ABOUTS[what]
    about = json.loads(path.read_text())
    change(about)
    path.write_text(json.dumps(about))
    with pytest.raises(DataError) as caught:
        dataset.read(tmp_path, MAP)
    assert str(path.parent / MAP) in caught.value.message
    assert told in caught.value.message


def test_files_of_two_builds_do_not_go_together(tmp_path: Path) -> None:
    dataset.write(tmp_path, make(list("abcdef")))
    _, path = dataset.paths(tmp_path, MAP)
    path.write_text(path.read_text().replace("0" * 64, "1" * 64))
    with pytest.raises(DataError, match="made by another build than the JSON file"):
        dataset.read(tmp_path, MAP)


def test_a_projection_without_faithfulness_is_a_fault(tmp_path: Path) -> None:
    dataset.write(tmp_path, make(list("abcdef")))
    _, path = dataset.paths(tmp_path, MAP)
    about = json.loads(path.read_text())
    del about["faithfulness"]["pca"]
    path.write_text(json.dumps(about))
    with pytest.raises(DataError, match="no faithfulness of pca"):
        dataset.read(tmp_path, MAP)


@pytest.mark.parametrize("share", [0, 0.5, 0.98])
def test_a_truncated_table_is_not_readable(tmp_path: Path, share: float) -> None:
    dataset.write(tmp_path, make(list("abcdef")))
    parquet, _ = dataset.paths(tmp_path, MAP)
    raw = parquet.read_bytes()
    parquet.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(DataError, match="not a readable Parquet file") as caught:
        dataset.read(tmp_path, MAP)
    assert str(parquet) in caught.value.message


def test_missing_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no atlas data for the map m-words"):
        dataset.read(tmp_path, MAP)
    dataset.write(tmp_path, make(list("abcdef")))
    parquet, about = dataset.paths(tmp_path, MAP)
    parquet.unlink()
    with pytest.raises(DataError, match=r"m-words\.parquet: missing"):
        dataset.read(tmp_path, MAP)
    about.write_text("{")
    with pytest.raises(DataError, match=r"m-words\.json: file: "):
        dataset.read(tmp_path, MAP)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(DataError, match="data"):
        dataset.write(tmp_path / "data", make(["x"]))
