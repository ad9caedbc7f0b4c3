"""Cohesion is what its definition says, random sets have that of chance, and claims hold where it
can be seen that they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import Built
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.maps.records import Landmarks, Layout, Lexicon
from atlas.maps.stages import landmarks as stage
from atlas.maps.stages.neighbors import neighbors
from atlas.spaces.records import Selection, Vectors, Vocabulary

KINDS = ("word", "continuation")


def noise(n: int, d: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def measured(
    values: Any,
    sets: dict[str, list[int]],
    claims: Any = (),
    words: Any = None,
    xy: Any = None,
    ids: Any = None,
) -> Landmarks:
    n = len(values)
    names = tuple(str(row) for row in range(n))
    known = Vocabulary(
        names, names, tuple(KINDS[row % 2] for row in range(n)), ("",) * n, "wordpiece"
    )
    vectors = Vectors(np.asarray(values, np.float32), "test")
    selection = Selection(
        np.arange(n, dtype=np.int32) if ids is None else np.asarray(ids, np.int32)
    )
    near = neighbors(vectors, selection, k=15)
    layout = Layout(np.asarray(values[selection.ids][:, :2] if xy is None else xy, np.float32), {})
    terms = Lexicon(
        tuple({"name": name, "ids": sorted(rows), "missing": []} for name, rows in sets.items()),
        dict(words or {}),
    )
    return stage.landmarks(
        terms, known, vectors, selection, near, layout, methods=["pca"], claims=claims
    )


def by_hand(apart: Any, members: list[int]) -> float:
    """The definition, member by member, from all distances."""
    k = min(15, len(members) - 1)
    shares = []
    for one in members:
        others = sorted((gap, row) for row, gap in enumerate(apart[one]) if row != one)
        shares.append(sum(row in members for _, row in others[:k]) / k)
    return float(np.mean(shares))


@settings(max_examples=20)
@given(n=st.integers(20, 90), size=st.integers(2, 18), seed=st.integers(0, 99))
def test_cohesion_is_that_of_the_definition(n: int, size: int, seed: int) -> None:
    values = noise(n, 5, seed)
    members = np.random.default_rng(seed).choice(n, size, replace=False).tolist()
    found = measured(values, {"x": members}).sets[0]
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    plane = values[:, :2].astype(float)
    assert found["k"] == min(15, size - 1)
    assert found["spaces"]["space"]["cohesion"] == pytest.approx(
        by_hand(-(unit @ unit.T), members), abs=1e-6
    )
    apart = ((plane[:, None] - plane) ** 2).sum(2)
    assert found["spaces"]["pca"]["cohesion"] == pytest.approx(by_hand(apart, members), abs=1e-6)


@pytest.mark.parametrize("size", [2, 5, 16])
def test_a_tight_ball_keeps_together_entirely(size: int) -> None:
    values = noise(200, 8)
    values[:size] = 50 + 0.01 * noise(size, 8, 1)
    found = measured(values, {"ball": list(range(size))}, [{"set": "ball"}])
    for space in found.sets[0]["spaces"].values():
        assert space["cohesion"] == 1 and space["holds"] and space["range"][1] < 1
    assert found.claims[0]["holds"] is True


def test_order_of_tokens_does_not_matter() -> None:
    values, order = noise(120, 6), np.random.default_rng(3).permutation(60)
    order = (
        np.concatenate([2 * order, 2 * order + 1]).reshape(2, -1).T.ravel()
    )  # kinds stay with their tokens
    members = [3, 8, 20, 41, 77, 90, 101]
    place = np.argsort(order)
    one = measured(values, {"x": members}).sets[0]["spaces"]
    other = measured(values[order], {"x": place[members].tolist()}).sets[0]["spaces"]
    assert {name: space["cohesion"] for name, space in one.items()} == pytest.approx(
        {name: space["cohesion"] for name, space in other.items()}
    )


def test_random_sets_fall_into_the_range_of_random_sets() -> None:
    values, random = noise(400, 6), np.random.default_rng(5)
    sets = {f"s{i}": random.choice(400, 30, replace=False).tolist() for i in range(200)}
    found = measured(values, sets).sets
    inside = [
        s["spaces"]["space"]["range"][0]
        <= s["spaces"]["space"]["cohesion"]
        <= s["spaces"]["space"]["range"][1]
        for s in found
    ]
    assert 0.88 <= np.mean(inside) <= 0.995
    shares = [s["spaces"]["space"]["cohesion"] for s in found]
    assert np.mean(shares) == pytest.approx(found[0]["chance"], rel=0.1)


def test_random_sets_have_the_size_and_kinds_of_the_set() -> None:
    kinds = np.array([0] * 50 + [1] * 10 + [2] * 5)
    members = np.array([1, 2, 3, 52, 61, 62])
    for drawn in stage.random_sets(kinds, members, 20, 0):
        assert len(set(drawn.tolist())) == len(members)
        assert np.bincount(kinds[drawn]).tolist() == np.bincount(kinds[members]).tolist()


def test_what_is_not_on_the_map_is_told() -> None:
    found = measured(
        noise(60, 5),
        {"x": [1, 2, 41, 59], "gone": [50, 51]},
        [{"set": "gone"}],
        ids=list(range(40)),
    )
    assert found.sets[0]["rows"] == [1, 2] and found.sets[0]["outside"] == 2
    assert found.sets[1]["spaces"] == {} and found.claims[0]["holds"] is None


def test_a_set_stands_near_another() -> None:
    values = noise(200, 8)
    values[:10] = 50 + noise(10, 8, 1)
    values[10:40] = 50 + noise(30, 8, 2)
    sets = {"a": list(range(10)), "b": list(range(10, 40)), "far": list(range(100, 130))}
    near, far = measured(
        values, sets, [{"set": "a", "near": "b"}, {"set": "a", "near": "far"}]
    ).claims
    assert near["holds"] and near["cohesion"] > 0.5
    assert not far["holds"]
    # Members of the first set do not count as the second's, even where they are in both.
    assert (
        measured(
            values, {"a": sets["a"], "same": sets["a"]}, [{"set": "a", "near": "same"}]
        ).claims[0]["holds"]
        is None
    )


def test_words_are_near_where_one_is_among_the_nearest_of_the_other() -> None:
    angles = np.concatenate([[0.0, 1.0], np.linspace(0.9, 0.99, 20), np.linspace(3, 4, 20)])
    values = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    words = {"a": 0, "b": 1, "c": 2, "d": 41, "e": None}
    [claim] = measured(values, {}, [{"words": list(words)}], words).claims
    told = {tuple(pair["words"]): pair for pair in claim["pairs"]}
    assert len(told) == 10
    assert told["a", "b"]["ranks"] == [21, 21] and told["a", "b"]["holds"] is False
    assert told["a", "c"]["ranks"][0] == 1 and told["a", "c"]["holds"] is True
    assert told["a", "e"] == {
        "words": ["a", "e"],
        "missing": ["e"],
        "ranks": None,
        "similarity": None,
        "holds": None,
    }
    assert told["a", "b"]["similarity"] == pytest.approx(np.cos(1.0), abs=1e-6)


def test_the_atlas_measures_what_its_file_says(tiny_atlas: Built) -> None:
    english, japanese = (
        tiny_atlas.data("minilm-words").about,
        tiny_atlas.data("ja-aozora-words").about,
    )
    assert [one.name for one in english.landmarks] == ["years", "countries"]
    assert [one.name for one in japanese.landmarks] == ["years", "countries", "places"]
    assert len(english.claims) == 2 and len(japanese.claims) == 2
    assert english.claims[0].holds is True
    countries = english.landmarks[1]
    assert "South Korea" in countries.missing and countries.outside > 100 and countries.spaces == {}
    assert set(english.landmarks[0].spaces) == {"space", "umap", "tsne", "pca"}
    assert [pair.missing for pair in english.claims[1].pairs] == [
        (),
        ("unheardof",),
        ("unheardof",),
    ]


def test_cohesion_of_the_atlas_follows_from_its_own_neighbors(tiny_atlas: Built) -> None:
    data = tiny_atlas.data("ja-aozora-words")
    ids, near = data.column("token_id"), data.lists("neighbor_ids")
    for one in data.about.landmarks:
        if one.spaces:
            members = set(one.members)
            shares = [
                len(members & set(near[np.searchsorted(ids, token)][: one.k].tolist())) / one.k
                for token in one.members
            ]
            assert one.spaces["space"].cohesion == pytest.approx(np.mean(shares), abs=1e-6)


def test_map_pages_tell_of_landmarks_in_both_languages(tiny_atlas: Built) -> None:
    english = (tiny_atlas.public / "maps/minilm-words/index.html").read_text(encoding="utf-8")
    japanese = (tiny_atlas.public / "ja/maps/ja-aozora-words/index.html").read_text(
        encoding="utf-8"
    )
    part = english[english.index('id="landmarks"') :]
    assert "Years keep together" in part and "Holds" in part and "Not on this map" in part
    assert '<span lang="en"><bdi>man</bdi>' in part
    part = japanese[japanese.index('id="landmarks"') :]
    assert "年はまとまっている" in part and "ランドマーク" in part and "<bdi>日本</bdi>" in part


def test_the_map_script_is_told_where_landmarks_are(tiny_atlas: Built) -> None:
    from atlas.maps.files.payload import quantised
    from atlas.numeric.curves import morton

    data, meta = tiny_atlas.data("ja-aozora-words"), tiny_atlas.meta("ja-aozora-words")
    ids = data.column("token_id")[morton(quantised(data, data.about.map.clustered_on))]
    known = {one.name: one for one in data.about.landmarks if one.spaces}
    sizes = [len(one["rows"]) for one in meta["landmarks"]]
    assert {one["name"] for one in meta["landmarks"]} == set(known) and sizes == sorted(
        sizes, reverse=True
    )
    for one in meta["landmarks"]:
        assert sorted(ids[one["rows"]].tolist()) == list(known[one["name"]].members)


def test_landmarks_render_from_data_alone(frozen_copy: Built) -> None:
    page = frozen_copy.public / "maps/minilm-words/index.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    frozen_copy.build(frozen=True)
    assert page.read_text(encoding="utf-8") == before


def test_a_new_title_computes_nothing_anew(atlas_copy: Built) -> None:
    atlas_copy.edit('en = "Years"', 'en = "Calendar years"')
    assert atlas_copy.build().computed == 0
    assert atlas_copy.data("minilm-words").about.landmarks[0].title["en"] == "Calendar years"
