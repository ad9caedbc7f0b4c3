"""Vectors that are zero, alike, or so long that their squares leave float32: from the model to the
page."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tiny_models
from conftest import Built

from atlas.errors import DataError
from atlas.maps import data as dataset
from atlas.maps.records import Layout, Neighbors
from atlas.maps.stages.measure import measure
from atlas.numeric import tsne, umap
from atlas.numeric.neighbors import neighbors
from atlas.numeric.types import Near
from atlas.spaces.records import Selection, Vectors

ZEROS = slice(30, 45)


def vectors(kind: str) -> Any:
    values = np.random.default_rng(0).normal(size=(120, 12)).astype(np.float32)
    if kind == "long":
        return values * np.float32(1e30)
    if kind == "one long":
        values[5] *= np.float32(1e30)
    if kind == "short":
        return values * np.float32(1e-30)
    if kind == "zeros":
        values[ZEROS] = 0
    if kind == "all zero":
        values[:] = 0
    if kind == "alike":
        values[:] = values[0]
    return values


KINDS = ("long", "one long", "short", "zeros", "all zero", "alike")


@pytest.mark.filterwarnings("ignore::ImportWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["umap", "umap-learn", "tsne"])
def test_every_projection_lays_them_out_without_a_warning(kind: str, how: str) -> None:
    values = vectors(kind)
    near = neighbors(values, 15)
    near.rows.flags.writeable = near.similarities.flags.writeable = False  # as from the store
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        if how == "tsne":
            xy, _ = tsne.project(values, near, seed=0, iterations=50)
        else:
            name = "torch" if how == "umap" else how
            xy, _ = umap.project(values, near, seed=0, epochs=20, implementation=name)
    assert np.isfinite(xy).all()
    assert len(np.unique(np.round(xy / np.abs(xy).max(), 12), axis=0)) > 50


@pytest.mark.filterwarnings("ignore::ImportWarning")
def test_the_length_of_vectors_changes_no_layout_of_umap_learn() -> None:
    values = vectors("")
    near = neighbors(values, 15)
    one, _ = umap.project(values, near, seed=0, epochs=20, implementation="umap-learn")
    other, _ = umap.project(
        values * np.float32(2.0**100), near, seed=0, epochs=20, implementation="umap-learn"
    )
    np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(one).max())


def test_a_zero_vector_pulls_nobody() -> None:
    values = vectors("zeros")
    near = neighbors(values, 15)
    there = values.any(axis=1)
    graph = umap.graph(Near(near.rows, near.similarities), there).toarray()
    assert not graph[ZEROS][:, ~there].any() and not graph[ZEROS][:, :5].any()


def test_no_figure_counts_a_zero_vector() -> None:
    values = vectors("zeros")
    near = neighbors(values, 15)
    xy = np.random.default_rng(1).normal(size=(120, 2)).astype(np.float32)
    ids = np.arange(120, dtype=np.int32)
    found = measure(Vectors(values, "t"), Selection(ids), Neighbors(*near), Layout(xy, {}), k=15)
    [overlap], [figures] = found.overlap, found.figures
    assert not overlap[ZEROS].any() and figures["sampled"] == 105
    kept = np.delete(overlap, np.arange(120)[ZEROS])
    assert figures["overlap"] == pytest.approx(float(kept.mean()), abs=1e-6)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A map of a model with some zero rows. Read only."""
    import torch
    from safetensors.torch import load_file, save_file

    made = Built(tmp_path_factory.mktemp("zeros"))
    folder = tiny_models.wordpiece(made.root / "model")
    tensors = load_file(folder / "model.safetensors")
    with torch.no_grad():
        tensors["embeddings.word_embeddings.weight"][10:14] = 0
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    made.toml.write_text(
        '[site]\ntitle = "Z"\n[[models]]\nid = "m"\nsource = "path:model"\n'
        '[[models.maps]]\nprojections = ["pca"]\nclusters = { coarse = 4, fine = 2 }\n'
    )
    made.build()
    return made


def test_their_lists_are_empty(built: Built) -> None:
    data = dataset.read(built.root / "data", "m-words")
    for name in ("neighbor_ids", "neighbor_similarities"):
        lengths = [len(row) for row in data.table.column(name).to_pylist()]
        assert [row for row, length in enumerate(lengths) if not length] == [10, 11, 12, 13]
        assert set(lengths) == {0, data.about.map.neighbors}
    assert (data.lists("neighbor_ids")[10:14] == dataset.NOBODY).all()


def test_pages_and_python_say_so(built: Built) -> None:
    import atlas

    text = (built.public / "maps" / "m-words" / "index.html").read_text(encoding="utf-8")
    assert 'data-name="alone">none: its vector is zero' in text
    assert len(atlas.open(built.root)["m-words"].neighbors(10, 3)) == 0
    assert len(atlas.open(built.root)["m-words"].neighbors(9, 3)) == 3


def test_lists_of_different_tokens_are_told(built: Built, tmp_path: Path) -> None:
    data = dataset.read(built.root / "data", "m-words")
    column = data.table.column("neighbor_similarities").to_pylist()
    column[10], column[0] = column[0], []
    place = data.table.column_names.index("neighbor_similarities")
    kind = data.table.schema.field(place)
    damaged = data.table.set_column(place, kind, pa.array(column, kind.type))
    dataset.write(tmp_path, dataset.Dataset(data.about, damaged))
    with pytest.raises(DataError, match="of different tokens"):
        dataset.read(tmp_path, "m-words")


def test_a_build_says_nothing_of_numpy(tmp_path: Path) -> None:
    """On the terminal of a person who has a model of very long vectors."""
    from safetensors.torch import load_file, save_file

    folder = tiny_models.wordpiece(tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    tensors["embeddings.word_embeddings.weight"].mul_(1e30)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (tmp_path / "atlas.toml").write_text(
        '[site]\ntitle = "Z"\n[[models]]\nid = "m"\nsource = "path:model"\n'
    )
    ran = subprocess.run(
        [sys.executable, "-m", "atlas", "build", str(tmp_path), "--executor", "serial"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0 and "Warning" not in ran.stderr, ran.stderr
