"""Whatever stands in the data folder, a frozen build makes a site or says what is wrong: no
traceback, no file outside, nothing lost."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import borders
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Built
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def tampered(table: pa.Table, choose: random.Random) -> pa.Table:
    """A table with one column changed, taken away or renamed, or with other rows."""
    name = choose.choice(table.column_names)
    place = table.column_names.index(name)
    acts = ["values", "values", "values", "null", "drop", "rename", "rows", "type", "metadata"]
    match choose.choice(acts):
        case "values":
            values = table.column(name).to_pylist()
            row = choose.randrange(len(values))
            other = choose.randrange(len(values))
            values[row] = choose.choice([values[other], borders._near(values[row], choose)])
            try:
                column = pa.array(values, table.column(name).type)
            except (pa.ArrowException, OverflowError):
                return table
            return table.set_column(place, table.schema.field(name), column)
        case "null":
            values = table.column(name).to_pylist()
            values[choose.randrange(len(values))] = None
            return table.set_column(place, name, pa.array(values, table.column(name).type))
        case "drop":
            return table.drop_columns([name])
        case "rename":
            return table.rename_columns([*table.column_names[:-1], choose.choice(["x", "text"])])
        case "rows":
            return table.slice(choose.randrange(3), choose.randrange(table.num_rows))
        case "type":
            return table.set_column(place, name, pa.array(["x"] * table.num_rows))
        case _:
            return table.replace_schema_metadata({"atlas_recipe": "other"})


@pytest.mark.slow
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(["json", "json", "table", "bytes"]))
def test_data(awkward: Path, capsys: Any, seed: int, kind: str) -> None:
    choose = random.Random(seed)
    facts, table = awkward / "data" / "m-words.json", awkward / "data" / "m-words.parquet"
    whole = (facts.read_bytes(), table.read_bytes())
    try:
        if kind == "json":
            value = borders.mutated(json.loads(whole[0]), choose)
            facts.write_text(json.dumps(value), encoding="utf-8")
        elif kind == "table":
            pq.write_table(tampered(pq.read_table(table), choose), table)
        else:
            path = choose.choice([facts, table])
            raw = bytearray(path.read_bytes())
            for _ in range(choose.choice([1, 3, 40])):
                raw[choose.randrange(len(raw))] = choose.randrange(256)
            path.write_bytes(raw[: choose.choice([len(raw), len(raw) // 2, 0])])
        before = borders.contents(awkward, "public", ".atlas")
        borders.run(capsys, "build", "--frozen", "--only", "m-words", str(awkward))
        assert borders.contents(awkward, "public", ".atlas") == before
    finally:
        facts.write_bytes(whole[0])
        table.write_bytes(whole[1])


@pytest.mark.slow
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_findings(pair: Built, tmp_path: Path, capsys: Any, seed: int) -> None:
    choose = random.Random(seed)
    root = tmp_path / "pair"
    if not root.is_dir():
        shutil.copytree(pair.root, root, ignore=shutil.ignore_patterns(".atlas"))
    file = choose.choice(sorted((root / "data").glob("*--*.json")))
    whole = file.read_bytes()
    try:
        value = borders.mutated(json.loads(whole), choose)
        file.write_text(json.dumps(value), encoding="utf-8")
        before = borders.contents(root, "public", ".atlas")
        borders.run(capsys, "build", "--frozen", str(root))
        assert borders.contents(root, "public", ".atlas") == before
    finally:
        file.write_bytes(whole)
