"""Pages of large maps and of many models stay light; what they have no room for is on pages of its
own, and long tokens are cut for show alone."""

from __future__ import annotations

import json
import re
import string
from html import unescape
from pathlib import Path
from typing import Any

import borders
import numpy as np
import pyarrow.parquet as pq
import pytest

from atlas.findings.inputs_embeds import pages
from atlas.findings.inputs_embeds.data import WriteUp
from atlas.findings.inputs_embeds.view import TOGETHER, WriteUpView
from atlas.maps import data as dataset
from atlas.maps.cluster_view import LISTED, PART, TABLED
from atlas.maps.config import Model
from atlas.maps.facts import About
from atlas.web.check import check
from atlas.web.lettering import LONGEST, cut

TOKENS, INSIDE = 4000, 3500


@pytest.fixture
def crowd(awkward: Path, capsys: Any) -> Path:
    """An atlas of one map whose one cluster has many tokens, some very long, built."""
    facts = awkward / "data" / "m-words.json"
    about = json.loads(facts.read_text(encoding="utf-8"))
    texts = [
        f"{letter}{number}"
        for number in range(TOKENS // 25)
        for letter in string.ascii_lowercase[:25]
    ]
    texts[0], texts[1] = "x" * 39, "long" * 2500
    texts[2:900] = [f"漢{number}" + "🗺" * 90 for number in range(2, 900)]
    random = np.random.default_rng(0)
    values: dict[str, Any] = {
        "token_id": np.arange(TOKENS, dtype=np.int32),
        "token": texts,
        "text": texts,
        "kind": ["word"] * TOKENS,
        "script": ["Latin"] * TOKENS,
        "pos": [None] * TOKENS,
        "reading": [None] * TOKENS,
        "norm": np.ones(TOKENS, np.float32),
        "suspicion": [None] * TOKENS,
        "cluster_coarse": np.where(np.arange(TOKENS) < INSIDE, 0, -1).astype(np.int32),
        "cluster_fine": np.full(TOKENS, -1, np.int32),
        "neighbor_ids": random.integers(0, TOKENS, (TOKENS, 3), np.int32),
        "neighbor_similarities": np.full((TOKENS, 3), 0.5, np.float32),
    }
    for name in ("umap", "pca"):
        values |= {f"{axis}_{name}": random.normal(size=TOKENS).astype(np.float32) for axis in "xy"}
        values[f"overlap_{name}"] = np.full(TOKENS, 0.25, np.float32)
        values[f"label_{name}"] = np.zeros(TOKENS, np.uint8)
    about["map"]["tokens"] = TOKENS
    about["clusters"][0] |= {"size": INSIDE, "central": [0, 1, 2], "name": " · ".join(texts[:3])}
    table = dataset.table(values, ("umap", "pca"))
    whole = dataset.Dataset(About.model_validate(about), table)
    dataset.write(awkward / "data", whole)
    assert borders.run(capsys, "build", "--frozen", "--only", "m-words", str(awkward))[0] == 0
    return awkward


def words(path: Path) -> list[str]:
    html = path.read_text(encoding="utf-8")
    [listed] = re.findall(r'<p class="rest"[^>]*>(.*?)</p>', html, re.DOTALL)
    return [unescape(word) for word in listed.split()]


def test_a_large_cluster(crowd: Path) -> None:
    assert check(crowd / "public") == []
    folder = crowd / "public" / "maps" / "m-words" / "clusters" / "a"
    first = folder / "index.html"
    table = re.findall(r'<tr id="t\d+"><th[^>]*>(.*?)</th>', first.read_text(encoding="utf-8"))
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["1", "2", "3"]
    parts = [words(folder / name / "index.html") for name in "123"]
    assert len(table) == TABLED and len(words(first)) == LISTED
    assert [len(part) for part in parts] == [PART, PART, INSIDE - TABLED - LISTED - 2 * PART]
    texts = pq.read_table(crowd / "data" / "m-words.parquet")["text"].to_pylist()[:INSIDE]
    shown = [*map(unescape, table), *words(first), *(word for part in parts for word in part)]
    assert sorted(shown) == sorted(map(cut, texts))
    assert max(map(len, shown)) == LONGEST
    assert any(len(text) == 10_000 for text in texts)
    for path in (crowd / "public").rglob("*.html"):
        assert "x" * 30 + "…" not in path.read_text(encoding="utf-8")
        assert "long" * 40 not in path.read_text(encoding="utf-8"), path


def test_a_write_up_of_many_models() -> None:
    size = {"sum": 1.0, "max": 1.0, "relative": 0.5}
    difference = {**size, "layers": [size, size], "positions": [1.0, 1.0]}
    segment = {
        "segment": 0,
        "parts": {"word": [1.0, 1.0], "hidden": [1.0, 1.0]},
        "variants": {"hidden": difference, "lookup": difference},
        "back": {"ids": [1, 2], "exact": True, "nearest": [0.0, 0.0], "second": [1.0, 1.0]},
        "change": None,
    }
    sentence = {"text": "a b", "ids": [1, 2], "tokens": ["a", "b"], "segments": [segment]}
    run = {"framework": "torch", "sentences": [sentence], "layers": 1}
    ids = [f"m{number}" for number in range(41)]
    data = WriteUp.model_validate(
        {
            "schema_version": 3,
            "recipe": "0",
            "built": "2026-01-01T00:00:00Z",
            "missing": [],
            "models": [{"model": name, "language": "en", "runs": [run]} for name in ids],
            "families": None,
        }
    )
    models = {name: Model(id=name, source="path:m") for name in ids}
    found = list(pages.pages("w/", [WriteUpView(models, data, ())]))
    families = found.pop(1)
    assert families.url == "w/families/"
    assert [page.url for page in found] == ["w/", *(f"w/{name}/" for name in ids[TOGETHER:])]
    shown = [subject.model.id for page in found for subject in page.context.write_up.subjects]  # type: ignore[attr-defined]
    assert shown == ids
