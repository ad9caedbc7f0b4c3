"""Whatever stands in the data folder, a frozen build makes a site or says what is wrong: no
traceback, no file outside, nothing lost."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
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
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
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


FINDINGS = """
[[models]]
id = "m"
source = "path:{model}"

[[models.maps]]
projections = ["pca"]

[[models.maps]]
name = "deep"
space = "contextual"
projections = ["pca"]

[[compare]]
maps = ["m-words", "m-deep"]

[[senses]]
name = "s"
model = "m"
corpus = "senses.jsonl"

[pitfall]
"""


@pytest.fixture(scope="module")
def findings(
    tmp_path_factory: pytest.TempPathFactory, models_folder: Callable[[str], Path]
) -> Iterator[Path]:
    """The folder of an atlas with a finding of each kind, built without TensorFlow."""
    built = Built(tmp_path_factory.mktemp("findings"))
    model = models_folder("wordpiece").as_posix()
    built.toml.write_text(FINDINGS.format(model=model), encoding="utf-8")
    sentences = [
        {"word": "fox", "sense": sense, "text": f"the {how} fox {sense}"}
        for sense in ("run", "brown")
        for how in ("quick", "a", "b")
    ]
    lines = "".join(json.dumps(sentence) + "\n" for sentence in sentences)
    (built.root / "senses.jsonl").write_text(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("atlas.models.frameworks.installed", lambda: ("torch",))
        built.build()
        shutil.rmtree(built.root / ".atlas")
        yield built.root


@pytest.mark.slow
@settings(max_examples=9, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), number=st.integers(0, 2))
def test_findings(findings: Path, capsys: Any, seed: int, number: int) -> None:
    choose = random.Random(seed)
    names = {path.name for path in (findings / "data").glob("*.json")}
    file = findings / "data" / sorted(names - {"m-words.json", "m-deep.json"})[number]
    whole = file.read_bytes()
    try:
        value = borders.mutated(json.loads(whole), choose)
        file.write_text(json.dumps(value), encoding="utf-8")
        before = borders.contents(findings, "public", ".atlas")
        borders.run(capsys, "build", "--frozen", str(findings))
        assert borders.contents(findings, "public", ".atlas") == before
    finally:
        file.write_bytes(whole)
