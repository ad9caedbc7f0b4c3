"""Comparisons from config to page: a tiny model compared with itself, and the small atlas's two
models with each other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Built, Silent
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas import atlas_toml as config
from atlas.errors import ConfigError, DataError
from atlas.findings import finding as findings
from atlas.findings.comparisons import data as comparison
from atlas.findings.comparisons.data import Comparison
from atlas.findings.comparisons.view import ComparisonView
from atlas.maps.frame import layout
from atlas.maps.view import MapView
from atlas.numeric.gathering import gathered

PAIR = "m-words--m-deep"


def found(built: Built, *maps: str) -> Comparison:
    made = findings.read(
        built.root / "data", comparison.name(*maps), Comparison, comparison.SCHEMA_VERSION
    )
    assert made is not None
    return made


def view(built: Built, *maps: str) -> ComparisonView:
    settings = config.load(built.toml)
    by_id = {entry.id(model): (model, entry) for model in settings.models for entry in model.maps}
    first, second = (MapView(*by_id[one], built.data(one)) for one in maps)
    return ComparisonView(settings.compare[0], found(built, *maps), first, second)


def test_the_figures_follow_from_both_maps(pair: Built) -> None:
    """Taken again from the neighbors that the maps' own data hold."""
    made = found(pair, "m-words", "m-deep")
    one, two = (
        pair.data(name).lists("neighbor_ids")[:, : made.k] for name in ("m-words", "m-deep")
    )
    counts = [len(set(a) & set(b)) for a, b in zip(one.tolist(), two.tolist(), strict=True)]
    assert (
        made.overlap == pytest.approx(np.mean(counts) / made.k)
        and made.tokens == len(counts)
        and made.pairs is None
    )
    assert list(made.histogram) == np.bincount(counts, minlength=made.k + 1).tolist()
    assert sum(kind.tokens for kind in made.kinds.values()) == made.tokens
    assert sum(kind.tokens * kind.overlap for kind in made.kinds.values()) == pytest.approx(
        made.tokens * made.overlap
    )
    assert made.chance == pytest.approx(made.k / (made.tokens - 1))
    for word in (*made.most, *made.least):
        row = int(np.searchsorted(pair.data("m-words").column("token_id"), word.ids[0]))
        assert (
            word.kept == counts[row]
            and word.text == pair.data("m-words").strings("text")[row]
            and word.ids[0] == word.ids[1]
        )
    for words in (made.most, made.least[::-1]):
        assert [(word.kept, word.similarity) for word in words] == sorted(
            (word.kept, word.similarity) for word in words
        )
    assert not {word.ids for word in made.most} & {word.ids for word in made.least}


def test_every_layer_is_measured_and_the_last_is_the_second_map(pair: Built) -> None:
    made = found(pair, "m-words", "m-deep")
    assert [one.layer for one in made.layers] == [0, 1, 2]
    assert made.layers[-1].overlap == pytest.approx(made.overlap) and made.layers[
        -1
    ].cka == pytest.approx(made.cka, abs=1e-5)


def test_the_second_map_is_laid_on_the_first(pair: Built) -> None:
    """The same shape as before, and as near to the first map as SciPy brings it."""
    from scipy.spatial import procrustes

    made = view(pair, "m-words", "m-deep")
    first, second = (
        layout(pair.data(name), main) for name, main in (("m-words", "umap"), ("m-deep", "pca"))
    )
    laid = layout(made.aligned, "pca")
    gaps = [
        np.linalg.norm(points[:, None] - points[None], axis=2)[np.triu_indices(len(points), 1)]
        for points in (second, laid)
    ]
    assert gaps[1] == pytest.approx(gaps[0] * made.fit.scale, rel=1e-3, abs=1e-4)
    assert made.fit.residual == pytest.approx(
        procrustes(first.astype(float), second.astype(float))[2], abs=1e-6
    )
    assert np.sum((laid - first) ** 2) <= np.sum((second - first) ** 2) + 1e-6


def test_the_second_map_has_the_colours_of_the_first(pair: Built) -> None:
    made = view(pair, "m-words", "m-deep")
    own, laid = pair.data("m-words"), made.aligned
    assert laid.column("cluster_fine").tolist() == own.column("cluster_fine").tolist()
    among = gathered(layout(laid, "pca"), own.column("cluster_coarse"))
    expected = np.where(among, own.column("cluster_coarse"), -1)
    assert laid.column("cluster_coarse").tolist() == expected.tolist()
    assert made.beside.colour == made.first.colour
    assert [(one.level, one.key, one.name) for one in made.aligned.about.clusters] == [
        (one.level, one.key, one.name) for one in pair.data("m-words").about.clusters
    ]


def test_two_models_are_compared_over_the_tokens_they_share(tiny_atlas: Built) -> None:
    made = found(tiny_atlas, "minilm-words", "ja-aozora-words")
    names = []
    for side, name in enumerate(("minilm-words", "ja-aozora-words")):
        data = tiny_atlas.data(name)
        rows = np.searchsorted(data.column("token_id"), np.array(made.pairs)[:, side])
        names.append(
            [(data.strings("text")[row], data.strings("kind")[row]) for row in rows.tolist()]
        )
    assert names[0] == names[1] and made.tokens == len(names[0]) > 100 and not made.layers
    every = [
        set(zip(data.strings("text"), data.strings("kind"), strict=True))
        for data in map(tiny_atlas.data, made.maps)
    ]
    assert set(names[0]) == every[0] & every[1]
    laid = view(tiny_atlas, *made.maps)
    assert set(laid.aligned.column("cluster_coarse").tolist()) > {
        -1
    }  # shared tokens have clusters of the first map, the others none


def test_pages_tell_the_figures_in_both_languages(pair: Built) -> None:
    made = found(pair, "m-words", "m-deep")
    pages = {
        name: (pair.public / place / "compare" / PAIR / "index.html").read_text()
        for name, place in (("en", ""), ("ja", "ja"))
    }
    share = f"{100 * made.overlap:.1f}%"
    for page in pages.values():
        assert share in page and page.count('class="stage"') == 2 and f"{PAIR}.compare.json" in page
        layers = re.search(r'id="layers".*?</table>', page, re.DOTALL)
        assert layers and all(f"{one.cka:.3f}" in layers[0] for one in made.layers)
        drawn = [float(value) for value in re.findall(r'data-value="([^"]+)"', layers[0])]
        assert drawn == [
            value for one in made.layers for value in (one.overlap, one.cka, one.cka_chance)
        ]
        assert re.findall(r'data-key="(\w+)"', layers[0]) == ["overlap", "cka", "shuffled"]
        assert layers[0].count("<circle") == 3 + 3 * len(made.layers)
    assert (
        "most" in pages["en"]
        and "最も動く語" in pages["ja"]
        and "Words that move most" not in pages["ja"]
    )
    index = (pair.public / "compare" / "index.html").read_text()
    assert (
        "Do contextual embeddings form the same space as input embeddings?" in index
        and f"compare/{PAIR}/" not in index
        and f'href="{PAIR}/' in index
    )
    assert (
        json.loads((pair.public / "data" / f"{PAIR}.compare.json").read_text())["tokens"]
        == made.tokens
    )


def test_maps_that_share_no_example_of_the_first_show_another_word(
    pair: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = view(pair, "m-words", "m-deep")
    monkeypatch.setattr(MapView, "examples", lambda *_: [])
    assert made.example is not None
    assert made.first.kinds[made.first.row(made.example.id)] == "word"


def test_the_example_has_what_is_kept_lost_and_gained(pair: Built) -> None:
    made = view(pair, "m-words", "m-deep")
    example = made.example
    assert example is not None
    ours, theirs = ({near.text for near in side if near.mark != "absent"} for side in example.sides)
    marks = {
        mark: {near.text for side in example.sides for near in side if near.mark == mark}
        for mark in ("kept", "lost", "gained")
    }
    assert marks == {"kept": ours & theirs, "lost": ours - theirs, "gained": theirs - ours}
    page = (pair.public / "compare" / PAIR / "index.html").read_text()
    assert page.count('<li class="kept">') == 2 * example.kept
    assert page.count('<li class="lost">') == example.count("lost")


@pytest.mark.parametrize(
    ("overlap", "verdict"),
    [(0.61, "mostly"), (0.59, "partly"), (0.29, "partly"), (0.27, "hardly"), (0.1, "hardly")],
)
def test_the_verdict_is_the_last_layers(pair: Built, overlap: float, verdict: str) -> None:
    made = view(pair, "m-words", "m-deep")
    last = made.data.layers[-1].model_copy(update={"overlap": overlap, "chance": 0.2})
    made.data = made.data.model_copy(update={"layers": (*made.data.layers[:-1], last)})
    assert made.verdict == verdict


def test_vocabularies_that_differ_by_a_few_names_are_shared_by_name(
    tmp_path: Path, models_folder: Callable[[str], Path]
) -> None:
    """A reserved token renamed: all shared ids are the same, and others are not shared all the
    same. No words of a list are layers'."""
    import shutil

    for name in ("base", "tuned"):
        shutil.copytree(models_folder("wordpiece"), tmp_path / name)
    for file in ("vocab.txt", "tokenizer.json"):
        path = tmp_path / "tuned" / file
        path.write_text(
            path.read_text(encoding="utf-8").replace("naïve", "other").replace("brown", "green"),
            encoding="utf-8",
        )
    built = Built(tmp_path)
    maps = '[[models.maps]]\nprojections = ["pca"]\nclusters = { coarse = 4, fine = 2 }\n'
    tables = "".join(
        f'[[models]]\nid = "{name}"\nsource = "path:{tmp_path / name}"\n{maps}'
        for name in ("base", "tuned")
    )
    lists = (
        maps
        + 'name = "chosen"\nspace = "contextual"\nwords = "w.txt"\n'
        + maps
        + 'name = "deep"\nspace = "contextual"\n'
    )
    (tmp_path / "w.txt").write_text("fox the quick run a b c d e 1999".replace(" ", "\n"), "utf-8")
    pairs = '[[compare]]\nmaps = ["base-words", "tuned-words"]\n[[compare]]\nmaps = ["tuned-chosen", "tuned-deep"]\n'
    built.toml.write_text(tables + lists + pairs, encoding="utf-8")
    built.build()
    made = found(built, "base-words", "tuned-words")
    texts = built.data("base-words").strings("text")
    assert made.pairs is not None and {"brown", "naïve"}.isdisjoint(
        texts[one] for one, _ in made.pairs
    )
    assert (
        all(one == two for one, two in made.pairs)
        and made.tokens == len(made.pairs) == len(texts) - 2
    )
    assert not found(built, "tuned-chosen", "tuned-deep").layers


def copied(built: Built, tmp_path: Path) -> Built:
    import shutil

    shutil.copytree(built.root, tmp_path / "atlas")
    return Built(tmp_path / "atlas")


def test_a_second_build_writes_nothing_and_a_dropped_comparison_goes(
    pair: Built, tmp_path: Path
) -> None:
    built = copied(pair, tmp_path)
    ran = Silent()
    assert built.build(ran).written == 0 and ran.ran == []
    built.edit('[[compare]]\nmaps = ["m-words", "m-deep"]', "")
    assert built.build(ran).written > 0 and ran.ran == []
    assert (
        not (built.public / "compare").exists()
        and "compare/" not in (built.public / "index.html").read_text()
    )


def test_frozen_builds_render_it_and_miss_it(pair: Built, tmp_path: Path) -> None:
    built = copied(pair, tmp_path)
    before = (built.public / "compare" / PAIR / "index.html").read_text()
    import shutil

    shutil.rmtree(built.public)
    built.build(frozen=True)
    assert (built.public / "compare" / PAIR / "index.html").read_text() == before
    file = built.root / "data" / f"{PAIR}.compare.json"
    text = file.read_text()
    file.write_text(text.replace('"overlap":', '"overlaps":', 1))
    with pytest.raises(DataError, match=r"compare\.json: overlap"):
        built.build(frozen=True)
    file.write_text(text[:100])
    with pytest.raises(DataError, match=r"missing|cannot be read"):
        built.build(frozen=True)
    file.unlink()
    with pytest.raises(DataError, match="missing"):
        built.build(frozen=True)
    built.build(frozen=True, only=("m-words",))  # without the other map nothing is compared
    assert not (built.public / "compare").exists()


def test_a_comparison_of_an_optional_model_is_left_out_with_it(pair: Built, tmp_path: Path) -> None:
    built = copied(pair, tmp_path)
    model = '[[models]]\nid = "x"\nsource = "path:nowhere"\noptional = true\n\n'
    built.edit("[[compare]]", f'{model}[[compare]]\nmaps = ["m-words", "x-words"]\n\n[[compare]]')
    summary = built.build()
    assert any("x is left out" in line for line in summary.warnings)
    assert (built.public / "compare" / PAIR).is_dir() and not (
        built.public / "compare" / "m-words--x-words"
    ).exists()


def test_what_cannot_be_compared_is_told_with_its_place(tmp_path: Path) -> None:
    toml = tmp_path / "atlas.toml"
    toml.write_text(
        '[[models]]\nid = "m"\nsource = "path:x"\n\n[[compare]]\nmaps = ["m-words", "m-wrods"]\n\n'
        '[[compare]]\nmaps = ["m-words", "m-words"]\n\n[[compare]]\nmaps = ["m-words"]\n'
    )
    with pytest.raises(ConfigError) as problem:
        config.load(toml)
    text = "\n".join(problem.value.problems)
    assert "compare[0].maps[1]: no map 'm-wrods' (did you mean m-words?)" in text
    assert "compare[1].maps" in text and "compare[2].maps" in text
    models = (
        toml.read_text().split("\n\n[[compare]]")[0]
        + '\n[[models.maps]]\n[[models.maps]]\nname = "b"\n'
    )
    toml.write_text(models + 2 * '[[compare]]\nmaps = ["m-words", "m-b"]\n')
    with pytest.raises(ConfigError) as problem:
        config.load(toml)
    assert "compare[1].maps: compared in compare[0] already" in "\n".join(problem.value.problems)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.integers(0, 359), st.booleans())
def test_a_map_laid_on_itself_turned_is_itself(
    pair: Built, seed: int, scale: float, degrees: int, mirrored: bool
) -> None:
    """Whatever was done to the plane is undone."""
    made = view(pair, "m-words", "m-deep")
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag(
        [1, -1 if mirrored else 1]
    )
    shift = np.random.default_rng(seed).normal(size=2)
    from atlas.numeric.alignment import procrustes

    own = layout(made.first.data, "umap").astype(float)
    fit = procrustes(scale * own @ turn + shift, own)
    assert (
        fit(scale * own @ turn + shift) == pytest.approx(own, abs=1e-6)
        and fit.reflected == mirrored
        and fit.residual < 1e-9
    )
