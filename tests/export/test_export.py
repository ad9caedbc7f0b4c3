"""Exports of a map: each format read back by a tool that knows nothing of the atlas."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from atlas import atlas_toml as config
from atlas.errors import AtlasError, DataError, UsageError
from atlas.export.export import export, page
from atlas.maps import data as dataset
from atlas.maps.facts import About
from atlas.pipeline.places import Places
from atlas.spaces.records import Vectors

SCRIPT = "</script><script>alert(1)</script>"
TEXTS = [
    "a",
    SCRIPT,
    "tab\there",
    "line\nbreak",
    'quo"te',
    "日本",
    "nan",
    "<b>&amp;",
    "",
    "␣z",
    "i",
    "j",
]
NAME = "a · <img src=x> · 日本"


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """An atlas with the data of one map, `m-words`, of twelve awkward tokens, and of no other."""
    maps = '[{ projections = ["umap", "pca"] }, { name = "x" }]'
    (tmp_path / "atlas.toml").write_text(
        f'[[models]]\nid = "m"\nsource = "path:m"\ntitle = "A <b>title</b>"\nmaps = {maps}\n'
    )
    rows, shown = len(TEXTS), ("umap", "pca")
    random = np.random.default_rng(0)
    others = np.array(
        [[other for other in range(rows) if other != row][:3] for row in range(rows)], np.int32
    )
    values: dict[str, Any] = {
        "token_id": np.arange(rows, dtype=np.int32),
        "token": TEXTS,
        "text": TEXTS,
        "kind": ["word"] * rows,
        "script": ["Latin", None] * (rows // 2),
        "pos": [None] * rows,
        "reading": [None] * rows,
        "cluster_coarse": np.array([0] * 6 + [-1] * 6, np.int32),
        "cluster_fine": np.full(rows, -1, np.int32),
        "neighbor_ids": others,
        "neighbor_similarities": np.full((rows, 3), 0.5, np.float32),
    }
    for name in shown:
        values |= {f"{axis}_{name}": random.normal(size=rows).astype(np.float32) for axis in "xy"}
        values |= {
            f"overlap_{name}": np.full(rows, 0.25, np.float32),
            f"label_{name}": np.zeros(rows, np.uint8),
        }
    figures = {
        "overlap": 0.25,
        "trustworthiness": 0.5,
        "continuity": 0.5,
        "k": 3,
        "sampled": rows,
        "quantiles": (0.0, 0.2, 0.5),
    }
    about = About.model_validate(
        {
            "schema_version": dataset.SCHEMA_VERSION,
            "recipe": "0" * 64,
            "model": {
                "id": "m",
                "source": "path:m",
                "revision": "",
                "digest": "files:0",
                "language": "en",
                "facts": {},
            },
            "map": {
                "id": "m-words",
                "model": "m",
                "name": "words",
                "space": "input",
                "selection": {},
                "tokens": rows,
                "dimensions": 4,
                "tensor": "t",
                "neighbors": 3,
                "seed": 0,
                "dictionary": "",
                "projections": {"umap": {}, "pca": {}},
                "clustered_on": "umap",
                "cluster_parameters": {},
            },
            "faithfulness": dict.fromkeys((*shown, "random"), figures),
            "clusters": [
                {
                    "level": "coarse",
                    "key": 0,
                    "name": NAME,
                    "slug": "a",
                    "size": 6,
                    "central": [0, 5],
                    "parent": None,
                    "cohesion": 0.5,
                    "nearest": [],
                    "anchors": dict.fromkeys(shown, (0.0, 0.0)),
                    "zooms": dict.fromkeys(shown, 0),
                }
            ],
            "libraries": {},
            "built": "2026-01-01T00:00:00Z",
        }
    )
    dataset.write(tmp_path / "data", dataset.Dataset(about, dataset.table(values, shown)))
    return tmp_path


def run(atlas: Path, kind: str, output: Path, **more: Any) -> list[Path]:
    settings = config.load(atlas / "atlas.toml")
    map_id = more.pop("map_id", "m-words")
    return export(settings, Places.of(settings), map_id, kind, output, **({"force": False} | more))


def test_parquet_is_the_atlas_data(atlas: Path) -> None:
    (written,) = run(atlas, "parquet", atlas / "out.parquet")
    assert written.read_bytes() == (atlas / "data" / "m-words.parquet").read_bytes()


def test_csv_holds_every_value(atlas: Path) -> None:
    (written,) = run(atlas, "csv", atlas / "out.csv")
    with written.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(atlas / "data" / "m-words.parquet")
    assert [row["text"] for row in rows] == TEXTS
    assert list(rows[0]) == table.column_names
    assert rows[0]["neighbor_ids"] == "1 2 3"
    found = pd.read_csv(written, keep_default_na=False)
    assert np.array_equal(found["x_umap"].to_numpy(np.float32), table["x_umap"].to_numpy())


def test_tensorboard_files_agree_and_quote_nothing(atlas: Path) -> None:
    told: list[str] = []
    written = run(atlas, "tensorboard", atlas / "projector", warn=told.append)
    names = {path.name for path in written}
    assert names == {
        "tensors.tsv",
        "metadata.tsv",
        "projector_config.json",
        "projector_config.pbtxt",
    }
    (entry,) = json.loads((atlas / "projector" / "projector_config.json").read_text())["embeddings"]
    tensors = np.loadtxt(atlas / "projector" / entry["tensorPath"], delimiter="\t")
    assert (
        list(tensors.shape) == entry["tensorShape"] == [len(TEXTS), 4]
    )  # two projections: no vectors are in the store
    assert len(told) == 1
    lines = (atlas / "projector" / entry["metadataPath"]).read_text(encoding="utf-8").split("\n")
    cells = [line.split("\t") for line in lines[:-1]]
    assert lines[-1] == ""
    assert len(cells) == len(TEXTS) + 1
    assert {len(row) for row in cells} == {len(cells[0])}
    assert [row[0] for row in cells[1:6]] == ["a", TEXTS[1], "tab here", "line break", 'quo"te']
    assert cells[1][cells[0].index("cluster_coarse")] == NAME


def test_tensorboard_takes_the_vectors_of_the_same_build(
    atlas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = (
        np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)
    )  # a vocabulary of 20, of which 12 are on the map
    Places.of(config.load(atlas / "atlas.toml")).store.write(
        "ab" * 32, Vectors(values, "t"), {}, 0.0
    )
    recipe = "0" * 64
    made = SimpleNamespace(
        maps=(SimpleNamespace(recipe=recipe, vectors=SimpleNamespace(key="ab" * 32)),)
    )
    monkeypatch.setattr("atlas.pipeline.plan.plan", lambda *_: made)
    told: list[str] = []
    tensors = run(atlas, "tensorboard", atlas / "projector", warn=told.append)[0]
    assert np.array_equal(
        np.loadtxt(tensors, delimiter="\t", dtype=np.float32), values[: len(TEXTS)]
    )
    assert told == []
    made.maps[0].recipe = (
        "1" * 64
    )  # the config changed since: these may be the vectors of another model
    run(atlas, "tensorboard", atlas / "projector", force=True, warn=told.append)
    assert len(told) == 1


def facts(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_html_holds_all_projections_and_no_markup_of_a_token(atlas: Path) -> None:
    (written,) = run(atlas, "html", atlas / "out.html")
    text = written.read_text(encoding="utf-8")
    held = facts(text)
    assert list(held["projections"]) == ["umap", "pca"]
    assert sum(len(trace["text"]) for trace in held["traces"]) == len(TEXTS)
    shown = " ".join(line for trace in held["traces"] for line in trace["text"])
    assert set(re.findall(r"<[^>]*>", shown)) <= {"<b>", "</b>", "<br>"}
    assert "alert(1)</script>" not in text
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text.partition("<script>")[0])


def test_html_without_our_bundle_takes_plotlys_file(
    atlas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas.web.theme.asset", lambda root, name: None)
    (written,) = run(atlas, "html", atlas / "out.html")
    assert len(written.read_bytes()) > 4_000_000
    assert "Plotly.react" in written.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["parquet", "csv", "html", "tensorboard"])
def test_nothing_is_overwritten_without_force(atlas: Path, kind: str) -> None:
    output = atlas / "out"
    run(atlas, kind, output)
    before = {path: path.stat().st_mtime_ns for path in [output, *output.rglob("*")]}
    with pytest.raises(AtlasError, match="is there already") as caught:
        run(atlas, kind, output)
    assert "--force" in caught.value.hint
    assert before == {path: path.stat().st_mtime_ns for path in [output, *output.rglob("*")]}
    assert run(atlas, kind, output, force=True)


def test_a_folder_as_output_takes_the_file(atlas: Path) -> None:
    (atlas / "there").mkdir()
    assert run(atlas, "csv", atlas / "there") == [atlas / "there" / "m-words.csv"]
    assert [path.name for path in (atlas / "there").iterdir()] == ["m-words.csv"], (
        "nothing half-written stays beside"
    )


def test_what_cannot_be_exported_is_told(atlas: Path) -> None:
    with pytest.raises(UsageError, match="did you mean m-words"):
        run(atlas, "csv", atlas / "out", map_id="m-word")
    with pytest.raises(UsageError, match="no such format"):
        run(atlas, "xml", atlas / "out")
    with pytest.raises(DataError, match="no atlas data"):
        run(atlas, "csv", atlas / "out", map_id="m-x")
    (atlas / "file").touch()
    with pytest.raises(AtlasError, match="is a file"):
        run(atlas, "tensorboard", atlas / "file", force=True)
    with pytest.raises(AtlasError, match="cannot be written"):
        run(atlas, "csv", atlas / "file" / "below")


@pytest.mark.browser
def test_html_draws_offline(atlas: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    (written,) = run(atlas, "html", atlas / "out.html")
    with sync_api.sync_playwright() as browsers:
        options = ["--no-sandbox", "--disable-background-networking", "--enable-unsafe-swiftshader"]
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        try:
            tab = browser.new_page()
            asked: list[str] = []
            faults: list[str] = []
            tab.on("request", lambda request: asked.append(request.url))
            tab.on("pageerror", lambda error: faults.append(str(error)))
            tab.on("dialog", lambda dialog: faults.append(dialog.message))
            tab.goto(written.as_uri())
            tab.wait_for_selector("#map .gl-canvas", state="attached")
            tab.select_option("#projection", "pca")
            names = tab.locator("#map .annotation-text").all_text_contents()
            tab.wait_for_timeout(300)
            assert tab.locator(".no-webgl").count() == 0
        finally:
            browser.close()
    assert names == [NAME]
    assert asked == [written.as_uri()]
    assert faults == []


def test_a_page_names_only_clusters_that_have_room(atlas: Path) -> None:
    data = dataset.read(atlas / "data", "m-words")
    assert len(facts(page(data, "t", "en", "", ""))["projections"]["umap"]["names"]) == 1
    crowded = data.about.clusters[0].model_copy(update={"zooms": {"umap": 255, "pca": 0}})
    data = dataset.Dataset(data.about.model_copy(update={"clusters": (crowded,)}), data.table)
    held = facts(page(data, "t", "en", "", ""))["projections"]
    assert (len(held["umap"]["names"]), len(held["pca"]["names"])) == (0, 1)
