"""The Python door: what people do with a map in pandas, plotly and a notebook."""

from __future__ import annotations

import doctest
import html
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow.parquet as pq
import pytest
from awkward import SCRIPT, TEXTS
from conftest import CHECKOUT, Built

import atlas
from atlas import api
from atlas.config.fields import Part
from atlas.errors import ConfigError, DataError, UsageError
from atlas.export import figure as figures
from atlas.web.palette import NOISE_COLOUR, PALETTE


@pytest.fixture(scope="module")
def site(tiny_atlas: Built) -> api.Atlas:
    return api.open(tiny_atlas.root)


@pytest.fixture(scope="module")
def words(site: api.Atlas) -> api.Map:
    return site["minilm-words"]


def test_importing_the_package_loads_nothing_else() -> None:
    code = (
        "import sys, atlas\n"
        "assert 'open' in dir(atlas) and 'numpy' not in sys.modules\n"
        "atlas.open; assert not {'torch', 'plotly'} & set(sys.modules)\n"
        "from atlas import atlas_toml, __version__\n"
    )
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": str(CHECKOUT), "PATH": ""}
    subprocess.run(command, env=environment, check=True, timeout=300)
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        atlas.opne  # noqa: B018


def test_examples_of_the_module(tiny_atlas: Built, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "site").symlink_to(tiny_atlas.root)
    monkeypatch.chdir(tmp_path)
    results = doctest.testmod(api, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted >= 10
    assert results.failed == 0


def test_the_example_of_the_readme(
    tiny_atlas: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").symlink_to(tiny_atlas.root)
    monkeypatch.chdir(tmp_path)
    section = (
        (CHECKOUT / "docs" / "manual.md").read_text(encoding="utf-8").partition("## In Python")[2]
    )
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found
    names: dict[str, Any] = {}
    values = []
    for line in found[1].splitlines():
        if re.match(r"(import|\w+ =)", line):
            exec(line, names)
        elif line:
            values.append(eval(line, names))
    frame, near, figure, overlap, document = values
    assert len(frame) == 1500
    assert len(near) == 5
    assert isinstance(figure, go.Figure)
    assert 0 < overlap < 1
    assert document.startswith("<!doctype html>")


class TestOpening:
    def test_by_any_of_its_places(self, tiny_atlas: Built) -> None:
        root = tiny_atlas.root
        for path in (root, str(root), root / "atlas.toml"):
            assert atlas.open(path).maps == ("minilm-words", "ja-aozora-words")
        for path in (root / "public", root / "data"):  # without an atlas.toml: by name
            site = atlas.open(path)
            assert site.maps == ("ja-aozora-words", "minilm-words")
            assert site["minilm-words"].title == "minilm-words"
        assert atlas.open(root)["minilm-words"].title == "English words"

    def test_nearest_upward_when_left_out(
        self, tiny_atlas: Built, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tiny_atlas.root / "data")
        assert len(api.open()) == 2

    def test_where_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"neither an atlas\.toml nor atlas data") as caught:
            api.open(tmp_path)
        assert "atlas init" in caught.value.__notes__[0]
        with pytest.raises(UsageError, match="no such folder"):
            api.open(tmp_path / "x")
        (tmp_path / "atlas.toml").write_text("models = []\n")
        with pytest.raises(ConfigError) as told:
            api.open(tmp_path)
        assert "models: needs at least one entry" in told.value.__notes__
        assert pickle.loads(pickle.dumps(told.value)).__notes__ == told.value.__notes__

    def test_is_a_mapping(self, site: api.Atlas) -> None:
        assert list(site) == list(site.maps)
        assert len(site) == 2
        assert "minilm-words" in site
        assert [map_.id for map_ in site.values()] == list(site.maps)
        assert site["minilm-words"] is site["minilm-words"]
        assert site.get("x") is None

    def test_unknown_maps_are_key_errors_that_say_the_nearest(self, awkward: Path) -> None:
        site = api.open(awkward)
        assert site.maps == ("m-words",)  # m-x is not built
        with pytest.raises(KeyError, match="did you mean m-words"):
            site["m-word"]
        with pytest.raises(UsageError, match="m-x: this map is not built; run `atlas build`"):
            site["m-x"]
        (awkward / "data" / "m-words.parquet").write_bytes(b"")
        with pytest.raises(DataError, match="not a readable Parquet file"):
            site["m-words"]


class TestFrame:
    def test_holds_exactly_the_atlas_data(self, tiny_atlas: Built, words: api.Map) -> None:
        frame = words.frame()
        table = pq.read_table(tiny_atlas.root / "data" / "minilm-words.parquet")
        assert list(frame.columns) == table.column_names
        assert len(frame) == len(words) == table.num_rows
        assert isinstance(frame.index, pd.RangeIndex)
        assert frame["text"].tolist() == table["text"].to_pylist()
        for name in ("kind", "script", "pos"):
            assert isinstance(frame[name].dtype, pd.CategoricalDtype)
        assert frame["x_umap"].dtype == np.float32
        ids = np.stack(frame["neighbor_ids"].tolist())
        assert ids.shape == (len(frame), words.about.map.neighbors)

    def test_is_the_callers_own(self, words: api.Map) -> None:
        frame = words.frame()
        frame["text"] = "gone"
        assert words.frame()["text"].iloc[0] != "gone"


class TestNeighbors:
    def test_agree_with_the_table(self, words: api.Map) -> None:
        frame = words.frame().set_index("token_id")
        token_id = int(frame.index[700])
        near = words.neighbors(frame.loc[token_id, "text"], 7)
        assert list(near.columns) == ["rank", "token_id", "token", "text", "similarity"]
        assert near["rank"].tolist() == list(range(1, 8))
        assert near["token_id"].tolist() == list(frame.loc[token_id, "neighbor_ids"][:7])
        assert near["text"].tolist() == frame.loc[near["token_id"], "text"].tolist()
        assert near["similarity"].is_monotonic_decreasing
        for same in (token_id, np.int64(token_id)):
            pd.testing.assert_frame_equal(words.neighbors(same, 7), near)

    def test_what_is_not_there_is_told(self, words: api.Map) -> None:
        with pytest.raises(KeyError, match=r"no token of minilm-words \(did you mean .*woman"):
            words.neighbors("womann")
        with pytest.raises(UsageError, match=r"'qqqqqqqq': no token of minilm-words$"):
            words.neighbors("qqqqqqqq")
        for token_id in (-1, 0, 10**9):
            with pytest.raises(KeyError, match="not on minilm-words"):
                words.neighbors(token_id)
        for n in (0, 16):
            with pytest.raises(UsageError, match="keeps 15"):
                words.neighbors("woman", n)

    def test_tokens_go_by_the_tokenizers_name_too(self, awkward: Path) -> None:
        for text in TEXTS:
            assert len(api.open(awkward)["m-words"].neighbors(text, 3)) == 3


class TestFigure:
    @pytest.mark.parametrize("colour", figures.COLOURS)
    def test_shows_every_token_once(self, words: api.Map, colour: str) -> None:
        figure = words.figure(colour, "pca")
        assert isinstance(figure, go.Figure)
        assert sum(len(trace.x) for trace in figure.data) == len(words)
        xy = np.concatenate([np.stack([trace.x, trace.y], 1) for trace in figure.data])
        frame = words.frame()
        assert sorted(xy[:, 0].tolist()) == sorted(frame["x_pca"].tolist())
        json.loads(figure.to_json())

    def test_groups_have_the_sites_colours(self, words: api.Map) -> None:
        figure = words.figure()
        names = {trace.name for trace in figure.data}
        coarse = [cluster for cluster in words.about.clusters if cluster.level == "coarse"]
        assert names == {"in no cluster", *(html.escape(cluster.called()) for cluster in coarse)}
        colours = {trace.name: trace.marker.color for trace in figure.data}
        assert colours.pop("in no cluster") == NOISE_COLOUR
        assert set(colours.values()) <= set(PALETTE)
        assert figure.layout.title.text == "English words"
        assert len(figure.layout.annotations) > 0
        scripts = words.figure("script")
        assert [trace.name for trace in scripts.data][:2] in (
            ["none", "Latin"],
            ["Latin", "Digits"],
        )

    def test_the_first_projection_is_the_main_one(self, words: api.Map) -> None:
        frame = words.frame()
        (trace,) = words.figure("overlap").data
        main = words.projections[0]
        assert trace.x.tolist() == frame[f"x_{main}"].tolist()
        assert trace.marker.color.tolist() == frame[f"overlap_{main}"].tolist()

    def test_many_dots_are_drawn_by_webgl(
        self, words: api.Map, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert {trace.type for trace in words.figure("overlap").data} == {"scatter"}
        monkeypatch.setattr(figures, "SVG_MOST", 100)
        assert {trace.type for trace in words.figure("overlap").data} == {"scattergl"}

    def test_no_token_becomes_markup_or_tex(self, awkward: Path) -> None:
        figure = api.open(awkward)["m-words"].figure()
        texts = [text for trace in figure.data for text in trace.text]
        assert not [text for text in texts if SCRIPT in text]
        assert set(re.findall(r"<[^>]*>", " ".join(texts))) <= {"<b>", "</b>", "<br>"}
        assert figures._plain("$x$ <i>") == "&#36;x&#36; &lt;i&gt;"
        named = [trace.name for trace in figure.data] + [
            note.text for note in figure.layout.annotations
        ]
        assert not [name for name in named if "<" in name]

    def test_what_is_not_there_is_told(self, words: api.Map) -> None:
        with pytest.raises(UsageError, match=r"colour 'clusters': .*did you mean cluster"):
            words.figure("clusters")
        with pytest.raises(UsageError, match=r"projection 'umpa': .*did you mean umap"):
            words.figure(projection="umpa")


class TestPage:
    def test_is_what_export_writes(self, tiny_atlas: Built, words: api.Map, tmp_path: Path) -> None:
        from atlas.cli.commands import main

        target = tmp_path / "map.html"
        order = ["export", words.id, str(tiny_atlas.root), "--format", "html", "-o", str(target)]
        with pytest.raises(SystemExit) as leave:
            main(order)
        assert leave.value.code == 0
        assert target.read_text(encoding="utf-8") == words.html()

    def test_in_a_language_of_the_site(self, words: api.Map) -> None:
        assert '<html lang="ja">' in words.html("ja")
        with pytest.raises(UsageError, match="language 'jp'"):
            words.html("jp")

    def test_outside_a_notebook_show_says_what_to_do(
        self, words: api.Map, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
        with pytest.raises(UsageError, match="no notebook") as caught:
            words.show()
        assert "write_text" in caught.value.hint
        assert words._repr_html_().startswith("<iframe ")

    def test_atlas_data_alone_are_enough(self, tiny_atlas: Built) -> None:
        document = api.open(tiny_atlas.root / "data")["minilm-words"].html()
        assert "<title>minilm-words</title>" in document


def test_every_public_name_is_described() -> None:
    for kind in (api.Atlas, api.Map):
        for name, value in vars(kind).items():
            if not name.startswith("_"):
                assert value.__doc__, f"{kind.__name__}.{name}"
    assert api.open.__doc__
    assert Part.cross_check.__doc__
