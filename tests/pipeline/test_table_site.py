"""A site of a table of vectors: no model is there, and nothing that needs one is planned."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import vector_tables
from conftest import Built

from atlas import atlas_toml
from atlas.engine.stage import Work
from atlas.errors import ConfigError, ModelError
from atlas.export.export import export
from atlas.maps.data import read
from atlas.models import checkpoint as checkpoints
from atlas.models.lock import Lock
from atlas.pipeline.options import Options
from atlas.pipeline.places import Places
from atlas.pipeline.plan import plan
from atlas.spaces.stages.tables import table_vectors, table_words

TOML = """
[site]
title = "Words"
languages = ["en", "ja"]

[[models]]
id = "glove"
source = "vectors:{source}"

[[models.maps]]
projections = ["pca"]
clusters = {{ coarse = 8, fine = 4 }}

[[models.maps]]
name = "some"
selection = {{ pattern = "^w" }}
projections = ["pca"]
clusters = {{ coarse = 8, fine = 4 }}

[[landmarks]]
name = "few"
tokens = ["New York", "日本", "w1"]

[[claims]]
words = ["w1", "w2"]

[[compare]]
maps = ["glove-words", "glove-some"]
"""
WORDS = (*vector_tables.SPACED, "<b>bold</b>", *(f"w{row}" for row in range(60)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    built = Built(tmp_path_factory.mktemp("table"))
    (built.root / "t").mkdir()
    vector_tables.glove(built.root / "t", WORDS, vector_tables.vectors(len(WORDS)))
    built.toml.write_text(TOML.format(source="t/glove.txt"), encoding="utf-8")
    assert built.build().maps == 2
    return built


def test_a_site_of_a_table(site: Built) -> None:
    data = read(site.root / "data", "glove-words")
    assert tuple(data.strings("token")) == WORDS
    assert set(data.strings("kind")) == {"word"}
    assert data.about.model.source == "vectors:t/glove.txt"
    assert data.about.map.dimensions == 8 and data.about.landmarks[0].members
    page = (site.public / "models" / "glove" / "index.html").read_text(encoding="utf-8")
    assert "vectors:t/glove.txt" in page and "GloVe" in page and "None" not in page
    assert "<b>bold" not in page
    assert (site.public / "ja" / "models" / "glove" / "index.html").is_file()
    assert (site.public / "compare" / "glove-words--glove-some" / "index.html").is_file()
    again = site.build()
    assert (again.computed, again.written) == (0, 0)


def test_an_exported_projector_is_a_table_of_the_same(site: Built, tmp_path: Path) -> None:
    config = atlas_toml.load(site.toml)
    places = Places.of(config)
    export(config, places, "glove-words", "tensorboard", tmp_path / "p", force=False)
    lock = Lock(tmp_path / "lock")
    found = checkpoints.resolve(
        "vectors:p", tmp_path, lock=lock, offline=True, digests=tmp_path / "d.json"
    )
    work = Work(found.location)
    assert table_words(format=found.table, work=work).tokens == WORDS
    values = table_vectors(format=found.table, work=work).values
    np.testing.assert_allclose(values, vector_tables.vectors(len(WORDS)), rtol=1e-6)


def load(root: Path, text: str) -> atlas_toml.Config:
    (root / "atlas.toml").write_text(text, encoding="utf-8")
    return atlas_toml.load(root / "atlas.toml")


MODEL = '[[models]]\nid = "t"\nsource = "{source}"\n'
SENSES = '[[senses]]\nname = "s"\nmodel = "t"\ncorpus = "c.jsonl"\n'


@pytest.mark.parametrize("space", ["contextual", "encoder-input", "output"])
def test_what_a_model_is_needed_for_is_told_with_the_config(space: str, tmp_path: Path) -> None:
    toml = MODEL.format(source="vectors:t") + f'[[models.maps]]\nspace = "{space}"\n' + SENSES
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, toml)
    told = "\n".join(caught.value.problems)
    assert "maps[0].space: a table of vectors has no model" in told
    assert "senses[0].model: 't' is a table of vectors" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[[models.maps]]\nspace = "contextual"\n', "no model to run for the space contextual"),
        ("[pitfall]\n", "none can be run"),
        (SENSES, "no model reads texts"),
    ],
)
def test_a_folder_that_turns_out_to_be_a_table_is_told_before_computing(
    more: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "t").mkdir()
    vector_tables.glove(tmp_path / "t", WORDS, vector_tables.vectors(len(WORDS)))
    (tmp_path / "c.jsonl").write_text(
        "".join(f'{{"word": "w", "sense": "{n % 2}", "text": "a w {n}"}}\n' for n in range(8))
    )
    config = load(tmp_path, MODEL.format(source="path:t") + more)
    with pytest.raises(ModelError, match=re.escape(told)) as caught:
        plan(config, Options(offline=True), lambda _: None)
    assert caught.value.hint


def test_the_write_up_leaves_tables_out(tmp_path: Path, models_folder: object) -> None:
    (tmp_path / "t").mkdir()
    vector_tables.glove(tmp_path / "t", WORDS, vector_tables.vectors(len(WORDS)))
    folder = models_folder("wordpiece")  # type: ignore[operator]
    two = MODEL.format(source="vectors:t") + f'[[models]]\nid = "m"\nsource = "path:{folder}"\n'
    found = plan(load(tmp_path, two + "[pitfall]\n"), Options(offline=True), lambda _: None)
    labels = {task.label for task in found.tasks() if task.stage == "pitfall"}
    assert labels and all(label.startswith("m:") for label in labels)
