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
from atlas.models.tables import projector
from atlas.pipeline.places import Places
from atlas.spaces.records import Vectors


def test_parquet_is_the_atlas_data(awkward: Path) -> None:
    (written,) = run(awkward, "parquet", awkward / "out.parquet")
    assert written.read_bytes() == (awkward / "data" / "m-words.parquet").read_bytes()


def test_csv_holds_every_value(awkward: Path) -> None:
    (written,) = run(awkward, "csv", awkward / "out.csv")
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(awkward / "data" / "m-words.parquet")
    assert [row["text"].removeprefix("'") for row in rows] == TEXTS
    assert list(rows[0]) == table.column_names
    assert rows[0]["neighbor_ids"] == "1 2 3"
    found = pd.read_csv(written, keep_default_na=False)
    assert np.array_equal(found["x_umap"].to_numpy(np.float32), table["x_umap"].to_numpy())


def test_tensorboard_files_agree_and_quote_nothing(awkward: Path) -> None:
    told: list[str] = []
    written = run(awkward, "tensorboard", awkward / "projector", warn=told.append)
    names = {path.name for path in written}
    assert names == {
        "tensors.bytes",
        "places.bytes",
        "metadata.tsv",
        "projector_config.json",
        "projector_config.pbtxt",
    }
    entries = json.loads((awkward / "projector" / "projector_config.json").read_text())[
        "embeddings"
    ]
    read = {
        entry["tensorPath"]: np.fromfile(awkward / "projector" / entry["tensorPath"], "<f4")
        for entry in entries
    }
    # two projections: no vectors are in the store
    assert [entry["tensorShape"] for entry in entries] == [[len(TEXTS), 4], [len(TEXTS), 3]]
    places = read["places.bytes"].reshape(entries[1]["tensorShape"])
    table = pq.read_table(awkward / "data" / "m-words.parquet")
    assert np.array_equal(places[:, 0], table["x_umap"].to_numpy()) and not places[:, 2].any()
    assert np.array_equal(read["tensors.bytes"].reshape(-1, 4)[:, :2], places[:, :2])
    entry = entries[0]
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
    assert np.array_equal(np.fromfile(tensors, "<f4").reshape(-1, 4), values[: len(TEXTS)])
    # what is written can be mapped, where no word is empty
    words = [f"w{row}" for row in range(len(TEXTS))]
    tensors.with_name("metadata.tsv").write_text(
        "\n".join(["text\tn", *(f"{w}\t1" for w in words)])
    )
    assert np.array_equal(projector.table(tensors, lambda _: None).values, values[: len(TEXTS)])
    assert told == []
    # The config changed since: these may be the vectors of another model.
    target.recipe = "1" * 64
    run(awkward, "tensorboard", awkward / "projector", force=True, warn=told.append)
    assert len(told) == 1


def test_csv_is_exact_for_pandas_as_it_is(tmp_path: Path) -> None:
    texts = ["nan", "null", "NA", "None", "N/A", "-nan", "nano", "1.5", "é", "日本"]
    data = SimpleNamespace(table=pa.table({"text": texts}))
    (written,) = write_csv(data, tmp_path / "x.csv")  # type: ignore[arg-type]
    found = pd.read_csv(written, dtype=str)["text"]
    assert [cell.removeprefix("'") for cell in found] == texts
    assert found[6] == "nano" and written.read_bytes().startswith(b"\xef\xbb\xbf")


def test_apple_s_atlas_gets_plain_strings_and_neighbors_by_row(awkward: Path) -> None:
    (written,) = run(awkward, "embedding-atlas", awkward / "out.parquet")
    found, table = pq.read_table(written), pq.read_table(awkward / "data" / "m-words.parquet")
    for name in ("text", "kind", "script", "pos", "cluster_coarse"):
        assert found.schema.field(name).type == pa.string(), name
    assert found["text"].to_pylist() == TEXTS
    ids = table["token_id"].to_pylist()
    for row, near in zip(
        found["neighbors"].to_pylist(), table["neighbor_ids"].to_pylist(), strict=True
    ):
        assert [ids[one] for one in row["ids"]] == near
        assert row["distances"] == sorted(row["distances"])


def test_no_cell_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "+x", "-", "@SUM(A1)", "'quoted", "''", "＝1", "\tx", "a=b", "", "\r", "plain"]
    table = pa.table({"text": texts, "kind": texts, "x_pca": [-1.5] * 12})
    data = SimpleNamespace(table=table)
    (written,) = write_csv(data, tmp_path / "x.csv")  # type: ignore[arg-type]
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in ("text", "kind"):
        cells = [row[name] for row in rows]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n＝＋－＠")]
        assert [cell.removeprefix("'") for cell in cells] == texts
    assert rows[0]["x_pca"] == "-1.5"
