"""Sites of vocabularies of all sorts: their files, their pages, and what keys turn off."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import vector_tables
from conftest import CHECKOUT, Built, Silent
from PIL import Image

from atlas.errors import DataError
from atlas.findings.finding import Part
from atlas.findings.vocabularies import data as files
from atlas.findings.vocabularies.drawing import SQUARE, picture
from atlas.web.check import check

MAPS = """
[[models.maps]]
projections = ["pca"]
clusters = { coarse = 4, fine = 2 }
"""
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def site(root: Path, *models: str, more: str = "") -> Built:
    built = Built(root)
    tables = [f"[[models]]\n{model}\n{MAPS}" for model in models]
    built.toml.write_text('[site]\nlanguages = ["en", "ja"]\n' + "\n".join(tables) + more, "utf-8")
    built.build()
    return built


def page(built: Built, url: str) -> str:
    return (built.public / url / "index.html").read_text(encoding="utf-8")


def data(built: Built, name: str) -> dict[str, object]:
    read: dict[str, object] = json.loads((built.public / "data" / name).read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, models_folder: Callable[[str], Path]) -> Built:
    """A byte-level BPE that is run, a SentencePiece model, and a table of words on a planted circle
    without a tokenizer."""
    root = tmp_path_factory.mktemp("mixed")
    random = np.random.default_rng(5)
    words = [*MONTHS, *(f"word{n}" for n in range(80)), "昭和", "victory"]
    values = random.normal(size=(len(words), 24)) / 5
    turn = 2 * np.pi * np.arange(12) / 12
    values[:12, 0], values[:12, 1] = 2 * np.cos(turn), 2 * np.sin(turn)
    (root / "table").mkdir()
    table = vector_tables.glove(root / "table", words, values.astype(np.float32))
    deep = '\n[[models.maps]]\nname = "deep"\nspace = "contextual"\nprojections = ["pca"]\n'
    return site(
        root,
        f'id = "bytes"\nsource = "path:{models_folder("bytelevel")}"{deep}',
        f'id = "pieces"\nsource = "path:{models_folder("t5")}"',
        f'id = "table"\nsource = "vectors:{table}"',
    )


def test_every_two_models_have_a_page_and_two_files(mixed: Built) -> None:
    assert check(mixed.public) == []
    for first, second in (("bytes", "pieces"), ("bytes", "table"), ("pieces", "table")):
        name = f"{first}--{second}.vocabularies"
        told = data(mixed, f"{name}.json")
        rows = pq.read_table(mixed.public / "data" / f"{name}.parquet").to_pylist()
        counts = told["texts"]
        assert isinstance(counts, dict) and len(rows) == sum(counts.values())
        assert counts["shared"] == sum(bool(row["first"] and row["second"]) for row in rows)
        assert f"{counts['first']:,}" in page(mixed, f"vocabularies/{first}--{second}")
        assert f"{first}--{second}/" in page(mixed, "ja/vocabularies")
    (both,) = [row for row in rows if row["text"] == "victory"]
    assert both["second"], "the table of words has it"


def test_the_planted_circle_is_on_its_page(mixed: Built) -> None:
    orders = {row["name"]: row for row in data(mixed, "table.orders.json")["orders"]}
    (months,) = orders["months"]["spaces"]
    assert (months["shape"], months["holds"], months["space"]) == ("circle", True, "input")
    shown = page(mixed, "vocabularies/order/table")
    assert "On a circle, best in the input embeddings" in shown
    assert shown.count('<circle class="ring"') == 1 and "September" in shown
    assert "円に並んでいます" in page(mixed, "ja/vocabularies/order/table")
    assert orders["years"]["spaces"] == [] and "too few" in page(mixed, "vocabularies")


def test_layers_are_those_of_models_that_a_map_runs(mixed: Built) -> None:
    def layers(model: str) -> set[object]:
        orders = data(mixed, f"{model}.orders.json")["orders"]
        return {space["layer"] for row in orders for space in row["spaces"]}

    assert {0, 1} <= layers("bytes") and layers("pieces") <= {None} and layers("table") == {None}


def test_a_wall_has_each_member_once_with_a_mark_for_each_model(mixed: Built) -> None:
    told = [data(mixed, f"{model}.vocabulary.json") for model in ("bytes", "pieces", "table")]
    for part, first in ((None, 0), (2, 1000), (10, 9000)):
        url = f"vocabularies/wall/numbers/{part}/" if part else "vocabularies/wall/numbers/"
        cells = re.findall(
            r'<(?:a|span) class="(all|some|none)"[^>]*>(\d+)\n([^<]+)<', page(mixed, url)
        )
        assert [int(number) for _, number, _ in cells] == list(range(first, first + 1000))
        for name, number, marks in cells[::37]:
            states = []
            for one in told:
                (asked,) = [row for row in one["wall"]["sets"] if row["name"] == "numbers"]
                states.append(asked["states"][int(number)])
            tokens = [mark == "●" for mark in marks.split(" ")]
            assert tokens == [state == "t" for state in states]
            assert name == ("all" if all(tokens) else "some" if any(tokens) else "none")


def test_pages_are_light_and_need_no_script(mixed: Built) -> None:
    for path in (mixed.public / "vocabularies").rglob("index.html"):
        raw = path.read_bytes()
        assert len(gzip.compress(raw)) < 60_000 and len(raw) < 200_000, path
        scripts = set(re.findall(r'<script src="[^"]*/(\w+)', raw.decode()))
        assert not scripts & {"vocabularies", "charts", "map"}, "they are read without"


def test_without_a_tokenizer_the_page_says_so(mixed: Built) -> None:
    wall = data(mixed, "table.vocabulary.json")["wall"]
    assert isinstance(wall, dict) and "tokenizer" in wall["reason"]
    assert "no token" in page(mixed, "vocabularies/wall/eras")


def test_a_model_alone_has_no_pairs_and_one_without_japanese_no_kanji(
    tmp_path: Path, models_folder: Callable[[str], Path]
) -> None:
    words = [*(f"w{n}" for n in range(60)), "1", "22"]
    values = np.random.default_rng(0).normal(size=(len(words), 8)).astype(np.float32)
    (tmp_path / "t").mkdir()
    source = vector_tables.glove(tmp_path / "t", words, values)
    built = site(tmp_path, f'id = "t"\nsource = "vectors:{source}"')
    assert check(built.public) == []
    own = page(built, "vocabularies")
    assert "What they share" not in own
    walls = {path.name for path in (built.public / "vocabularies" / "wall").iterdir()}
    assert walls == {"numbers", "emoji"}
    assert not list((built.public / "data").glob("*.vocabularies.*"))


def test_keys_turn_parts_off(tmp_path: Path, models_folder: Callable[[str], Path]) -> None:
    model = f'source = "path:{models_folder("wordpiece")}"'
    more = '\n[vocabularies]\npairs = false\norder = false\nwall = ["hiragana"]\ntexts = false\n'
    built = site(tmp_path, f'id = "a"\n{model}', f'id = "b"\n{model}', more=more)
    assert {path.name for path in (built.public / "vocabularies").iterdir()} == {
        "index.html",
        "wall",
    }
    names = {path.name for path in (built.root / "data").glob("*.vocabular*")}
    assert names == {"a.vocabulary.json", "b.vocabulary.json"}
    built.edit('wall = ["hiragana"]', "wall = []")
    report = Silent()
    built.build(report)
    assert report.ran == [] and not (built.public / "vocabularies" / "wall").exists()
    built.edit("pairs = false", "enabled = false")
    built.build()
    assert not (built.public / "vocabularies").exists()
    assert "vocabularies/" not in page(built, "")


def test_equal_vocabularies_are_called_so(
    tmp_path: Path, models_folder: Callable[[str], Path]
) -> None:
    model = f'source = "path:{models_folder("wordpiece")}"'
    built = site(tmp_path, f'id = "a"\n{model}', f'id = "b"\n{model}')
    assert "Both vocabularies are the same" in page(built, "vocabularies/a--b")
    (built.root / "data" / "a--b.vocabularies.json").unlink()
    built.edit("[site]", "[vocabularies]\norder = true\n[site]")
    with pytest.raises(DataError, match=r"a--b\.vocabularies\.json: missing"):
        built.build(frozen=True)


def test_every_field_of_the_files_is_told_of() -> None:
    told = (CHECKOUT / "docs" / "vocabularies.md").read_text(encoding="utf-8")
    parts = [kind for kind in vars(files).values() if isinstance(kind, type)]
    models = [
        kind for kind in parts if issubclass(kind, Part) and kind.__module__ == files.__name__
    ]
    assert len(models) > 10
    for kind in models:
        for name in kind.model_fields:
            assert f"`{name}`" in told or f".{name}`" in told, f"{kind.__name__}.{name}"
    for state in files.STATES:
        assert f"`{state}`" in told


@pytest.mark.parametrize("states", ["t", "topbu-", "u" * 250])
def test_a_picture_fills_each_square_by_its_state(states: str, tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(picture(states, 100))
    with Image.open(tmp_path / "one.png") as image:
        pixels = np.asarray(image)
    step = SQUARE + 1
    filled = {"t": 16, "o": 12, "p": 8, "b": 4, "u": 1, "-": 1}
    for number, state in enumerate(states):
        y, x = divmod(number, 100)
        square = pixels[y * step : (y + 1) * step, x * step : (x + 1) * step]
        assert np.count_nonzero(square) == filled[state]
