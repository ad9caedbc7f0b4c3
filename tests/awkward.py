"""An atlas of one small map whose tokens are text that formats and pages may stumble over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas.maps import data as dataset
from atlas.maps.facts import About

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


def facts(rows: int, shown: Sequence[str], **of_map: Any) -> dict[str, Any]:
    """What atlas data tell of a map `m-words`; `of_map` stands in place of what its own are."""
    figures = {
        "overlap": 0.25,
        "trustworthiness": 0.5,
        "continuity": 0.5,
        "k": 3,
        "sampled": rows,
        "quantiles": (0.0, 0.2, 0.5),
    }
    return {
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
            "projections": {name: {} for name in shown},
            "clustered_on": "umap",
            "cluster_parameters": {},
        }
        | of_map,
        "faithfulness": dict.fromkeys((*shown, "random"), figures),
        "libraries": {},
    }


def cluster(shown: Sequence[str], radius: float = 0.0, **other: Any) -> dict[str, Any]:
    """A coarse cluster as atlas data tell it."""
    return {
        "level": "coarse",
        "key": 0,
        "slug": "a",
        "parent": None,
        "cohesion": 0.5,
        "nearest": [],
        "anchors": dict.fromkeys(shown, (0.0, radius)),
        "zooms": dict.fromkeys(shown, 0),
    } | other


@pytest.fixture
def awkward(tmp_path: Path) -> Path:
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
        "norm": np.ones(rows, np.float32),
        "suspicion": [None] * rows,
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
    about = About.model_validate(
        facts(rows, shown)
        | {
            "clusters": [cluster(shown, name=NAME, size=6, central=[0, 5])],
            "built": "2026-01-01T00:00:00Z",
        }
    )
    dataset.write(tmp_path / "data", dataset.Dataset(about, dataset.table(values, shown)))
    return tmp_path
