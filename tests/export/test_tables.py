"""A map as tables: each format read back by a tool that knows nothing of the atlas."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from awkward import NAME, TEXTS
from exporting import run

from atlas import atlas_toml as config
from atlas.export.tables import write_csv
from atlas.pipeline.places import Places
from atlas.spaces.records import Vectors


def test_parquet_is_the_atlas_data(awkward: Path) -> None:
    (written,) = run(awkward, "parquet", awkward / "out.parquet")
    assert written.read_bytes() == (awkward / "data" / "m-words.parquet").read_bytes()


def test_csv_holds_every_value(awkward: Path) -> None:
    (written,) = run(awkward, "csv", awkward / "out.csv")
    with written.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(awkward / "data" / "m-words.parquet")
    assert [row["text"] for row in rows] == TEXTS
    assert list(rows[0]) == table.column_names
    assert rows[0]["neighbor_ids"] == "1 2 3"
    found = pd.read_csv(written, keep_default_na=False)
    assert np.array_equal(found["x_umap"].to_numpy(np.float32), table["x_umap"].to_numpy())


def test_tensorboard_files_agree_and_quote_nothing(awkward: Path) -> None:
    told: list[str] = []
    written = run(awkward, "tensorboard", awkward / "projector", warn=told.append)
    names = {path.name for path in written}
    assert names == {
        "tensors.tsv",
        "metadata.tsv",
        "projector_config.json",
        "projector_config.pbtxt",
    }
    (entry,) = json.loads((awkward / "projector" / "projector_config.json").read_text())[
        "embeddings"
    ]
    tensors = np.loadtxt(awkward / "projector" / entry["tensorPath"], delimiter="\t")
    assert (
        list(tensors.shape) == entry["tensorShape"] == [len(TEXTS), 4]
    )  # two projections: no vectors are in the store
    assert len(told) == 1
    lines = (awkward / "projector" / entry["metadataPath"]).read_text(encoding="utf-8").split("\n")
    cells = [line.split("\t") for line in lines[:-1]]
    assert lines[-1] == ""
    assert len(cells) == len(TEXTS) + 1
    assert {len(row) for row in cells} == {len(cells[0])}
    assert [row[0] for row in cells[1:6]] == ["a", TEXTS[1], "tab here", "line break", 'quo"te']
    assert cells[1][cells[0].index("cluster_coarse")] == NAME


def test_tensorboard_takes_the_vectors_of_the_same_build(
    awkward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "ab" * 32
    # a vocabulary of 20, of which 12 are on the map
    values = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)
    Places.of(config.load(awkward / "atlas.toml")).store.write(key, Vectors(values, "t"), {}, 0.0)
    target = SimpleNamespace(
        recipe="0" * 64,
        vectors=SimpleNamespace(key=key),
        read_vectors=lambda store: store.read(key, Vectors),
    )
    monkeypatch.setattr("atlas.pipeline.plan.plan", lambda *_: SimpleNamespace(maps=(target,)))
    told: list[str] = []
    tensors = run(awkward, "tensorboard", awkward / "projector", warn=told.append)[0]
    assert np.array_equal(
        np.loadtxt(tensors, delimiter="\t", dtype=np.float32), values[: len(TEXTS)]
    )
    assert told == []
    # The config changed since: these may be the vectors of another model.
    target.recipe = "1" * 64
    run(awkward, "tensorboard", awkward / "projector", force=True, warn=told.append)
    assert len(told) == 1


def test_no_cell_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "+x", "-", "@SUM(A1)", "'quoted", "''", "＝1", "\tx", "a=b", "", "\r", "plain"]
    table = pa.table(
        {"text": texts, "kind": pa.array(texts).dictionary_encode(), "x_pca": [-1.5] * 12}
    )
    data = SimpleNamespace(table=table)
    (written,) = write_csv(data, tmp_path / "x.csv")  # type: ignore[arg-type]
    with written.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in ("text", "kind"):
        cells = [row[name] for row in rows]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n＝＋－＠")]
        assert [cell.removeprefix("'") for cell in cells] == texts
    assert rows[0]["x_pca"] == "-1.5"
