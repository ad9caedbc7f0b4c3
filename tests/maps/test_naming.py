"""Which tokens name a cluster."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.maps.stages.naming import FAR, naming, same_stem
from atlas.numeric.vectors import unit
from atlas.spaces.records import KINDS

WORD, PIECE = KINDS.index("word"), KINDS.index("continuation")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("examine", "examined", True),
        ("examining", "examined", True),
        ("House", "␣house", True),
        ("##ing", "ing", True),
        ("naïve", "naive", True),
        ("warship", "ships", False),
        ("jumped", "jumping", True),
        ("station", "stadium", False),
        ("ship", "warship", True),
        ("france", "french", False),
        ("子供", "子供たち", True),
        ("老人", "女性", False),
        ("a", "as", False),
    ],
)
def test_forms_of_one_word_are_of_one_stem(one: str, other: str, same: bool) -> None:
    assert same_stem(one, other) is same_stem(other, one) is same


@given(st.text(max_size=12), st.text(max_size=12))
def test_a_stem_is_a_stem_either_way(one: str, other: str) -> None:
    assert same_stem(one, other) == same_stem(other, one)
    assert same_stem(one, one)


def named(
    texts: list[str], kinds: list[int] | None = None, values: np.ndarray | None = None
) -> list[str]:
    n = len(texts)
    if values is None:
        values = np.random.default_rng(0).normal(size=(n, 8)) * 0.2 + 1
    rows = naming(
        unit(np.asarray(values, np.float32)),
        np.arange(1, n + 1),
        texts,
        np.array(kinds or [WORD] * n),
        unit(np.ones((1, 8)))[0],
        3,
    )
    return [texts[row] for row in rows]


def test_no_stem_is_named_twice_while_there_are_others() -> None:
    assert (
        len({text[:4] for text in named(["walk", "walked", "walking", "walks", "tree", "bird"])})
        == 3
    )
    assert len(named(["walk", "walked", "walking"])) == 3, "forms fill up what is left"
    assert named(["walk"]) == ["walk"]


def test_common_tokens_go_before_rare_ones_of_the_same_direction() -> None:
    same = np.tile(np.arange(1, 9), (6, 1))
    assert named(["alpha", "bravo", "china", "delta", "eagle", "fjord"], values=same)[0] == "alpha"


def test_words_name_where_a_third_are_words_else_the_commonest_kind() -> None:
    texts = ["##aaa", "##bbb", "##ccc", "tree", "bird", "##ddd"]
    kinds = [WORD if text.isalpha() else PIECE for text in texts]
    assert set(named(texts, kinds)[:2]) == {"tree", "bird"}
    kinds = [PIECE] * 5 + [WORD]
    assert "##ddd" not in named(["##aaa", "##bbb", "##ccc", "##eee", "##fff", "word"], kinds)
    assert all(
        text.startswith("##") for text in named([*texts[:3], "##eee", "##fff", "word"], kinds)
    )


def test_what_sets_a_cluster_apart_goes_before_what_is_like_all() -> None:
    own = np.linspace(0, 3, 20)[:, None] * np.eye(8)[0]
    texts = [chr(97 + row) * 4 for row in range(20)]
    directions = unit(np.asarray(np.ones(8) + own, np.float32))
    rows = naming(directions, np.ones(20), texts, np.full(20, WORD), unit(np.ones((1, 8)))[0], 3)
    near = directions @ directions.mean(axis=0)
    least = np.quantile(near, FAR)
    assert rows == sorted(np.flatnonzero(near >= least).tolist(), reverse=True)[:3]


def test_signs_and_short_pieces_name_only_where_there_is_nothing_else() -> None:
    assert named(["!", "of", "12", "house", "車", "を"])[0] in ("house", "車")
    assert len(named(["!", "?", "1"])) == 3
