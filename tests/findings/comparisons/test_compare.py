"""Properties that the measures must have: what changes nothing, what identity gives, what chance
gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import StageError
from atlas.findings.comparisons.stages.compare import among, compare, shared
from atlas.findings.comparisons.stages.layers import layers
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import neighbors
from atlas.numeric.alignment import cka, kept, procrustes
from atlas.spaces.records import Selection, Vectors, Vocabulary
from atlas.spaces.stages.contextual import contextual
from atlas.spaces.stages.vectors import vectors

seeds = st.integers(0, 2**32 - 1)


def random(seed: int, n: int = 60, d: int = 5) -> Any:
    return np.random.default_rng(seed).standard_normal((n, d))


def turn(seed: int, d: int) -> Any:
    """A random orthogonal matrix, a reflection every second time."""
    return np.linalg.qr(random(seed, d, d))[0]


def near(values: Any, k: int = 15) -> Neighbors:
    return neighbors(Vectors(np.asarray(values, np.float32), ""), every(len(values)), k=k)


def every(n: int) -> Selection:
    return Selection(np.arange(n, dtype=np.int32))


def words(n: int, kinds: tuple[str, ...] | None = None) -> Vocabulary:
    names = tuple(f"w{row}" for row in range(n))
    return Vocabulary(names, names, kinds or ("word",) * n, ("Latin",) * n, "wordpiece")


@settings(max_examples=25)
@given(seeds, st.floats(0.01, 100))
def test_cka_of_a_turned_scaled_shifted_space(seed: int, scale: float) -> None:
    values = random(seed)
    assert cka(values, scale * values @ turn(seed + 1, 5) + 3) == pytest.approx(1)


@settings(max_examples=25)
@given(seeds)
def test_cka_is_symmetric_and_within_bounds(seed: int) -> None:
    one, two = random(seed), random(seed + 1, d=8)
    assert 0 <= cka(one, two) <= 1 and cka(one, two) == pytest.approx(cka(two, one))


def test_cka_equals_the_kernel_form() -> None:
    """HSIC of the two Gram matrices, as Kornblith et al. define it before they simplify."""
    one, two = random(1), random(2, d=8) + np.repeat(random(1)[:, :1], 8, axis=1)
    centre = np.eye(60) - 1 / 60
    first, second = centre @ one @ one.T @ centre, centre @ two @ two.T @ centre
    expected = np.trace(first @ second) / np.sqrt(
        np.trace(first @ first) * np.trace(second @ second)
    )
    assert cka(one, two) == pytest.approx(expected)


def test_cka_of_strangers_is_near_nothing_and_of_a_point_nothing() -> None:
    assert cka(random(1, 5000), random(2, 5000)) < 0.01
    assert cka(random(1), np.ones((60, 3))) == 0


@settings(max_examples=25)
@given(seeds, st.floats(0.01, 100))
def test_procrustes_undoes_what_was_done(seed: int, scale: float) -> None:
    points, rotation = random(seed, d=2), turn(seed + 1, 2)
    moved = scale * points @ rotation + [5, -2]
    fit = procrustes(moved, points)
    np.testing.assert_allclose(fit(moved), points, atol=1e-6)
    assert fit.residual == pytest.approx(0, abs=1e-9) and fit.scale == pytest.approx(1 / scale)
    assert fit.reflected == (np.linalg.det(rotation) < 0)


@settings(max_examples=25)
@given(seeds)
def test_procrustes_is_best_and_says_how_good(seed: int) -> None:
    points, onto = random(seed, d=2), random(seed + 1, d=2)
    fit = procrustes(points, onto)
    left = np.sum((fit(points) - onto) ** 2)
    assert fit.residual == pytest.approx(left / np.sum((onto - onto.mean(axis=0)) ** 2))
    for other in range(5):
        tried = fit.scale * (points - fit.centre) @ turn(seed + other, 2) + fit.target
        assert np.sum((tried - onto) ** 2) >= left - 1e-9


def test_procrustes_equals_scipy() -> None:
    from scipy.spatial import procrustes as scipys

    points, onto = random(3, d=2), random(4, d=2)
    assert procrustes(points, onto).residual == pytest.approx(scipys(onto, points)[2])


@settings(max_examples=25)
@given(seeds, st.integers(1, 15))
def test_overlap_equals_sets(seed: int, k: int) -> None:
    one, two = near(random(seed), k).rows, near(random(seed + 1), k).rows
    expected = [len(set(a) & set(b)) / k for a, b in zip(one.tolist(), two.tolist(), strict=True)]
    np.testing.assert_allclose(kept(one, two), expected, atol=1e-6)
    np.testing.assert_array_equal(kept(one, one), 1)


def test_overlap_of_strangers_is_chance() -> None:
    values, other = random(1, 2000, 20), random(2, 2000, 20)
    found = whole(values, other)
    assert found["chance"] == pytest.approx(15 / 1999)
    assert found["overlap"] == pytest.approx(found["chance"], rel=0.3)
    assert found["cka"] == pytest.approx(found["cka_chance"], abs=0.01)


def whole(one: Any, two: Any, kinds: tuple[str, ...] | None = None) -> dict[str, Any]:
    spaces = [Vectors(np.asarray(values, np.float32), "") for values in (one, two)]
    return compare(
        *spaces, *[every(len(one))] * 2, near(one), near(two), *[words(len(one), kinds)] * 2
    ).model_dump(mode="json")


def test_one_space_with_itself_turned() -> None:
    values = random(5, 400, 12)
    found = whole(values, 7 * values @ turn(6, 12))  # without a shift: cosine knows the origin
    assert (
        found["overlap"] > 0.999 and found["cka"] == pytest.approx(1) and found["cka_chance"] < 0.2
    )


def moving(words: Any) -> set[int]:
    """The ids of words that move."""
    return {word["ids"][0] for word in words}


def test_words_that_move_are_found_and_counted() -> None:
    """Of 600 tokens the last 60, continuations among them, are put elsewhere."""
    values = random(7, 600, 12)
    moved = values.copy()
    moved[540:] = random(8, 60, 12)
    kinds = ("word",) * 580 + ("continuation",) * 20
    found = whole(values, moved, kinds)
    assert moving(found["most"]) <= set(range(540, 580)) and len(found["most"]) == 40
    assert not moving(found["least"]) & set(range(540, 600))
    assert found["ranks"][-1] < 0.2 < 0.6 < min(found["ranks"][:9])
    assert found["kinds"]["continuation"]["tokens"] == 20
    assert found["kinds"]["continuation"]["overlap"] < 0.2 < found["kinds"]["word"]["overlap"]


def test_too_few_tokens() -> None:
    with pytest.raises(StageError, match="share 2 tokens; a comparison needs three"):
        whole(random(1, 2), random(2, 2))


def chosen(*ids: int) -> Selection:
    return Selection(np.array(sorted(ids), np.int32))


def test_tokens_of_one_vocabulary_are_shared_by_id() -> None:
    vocabulary = words(50)
    assert shared(chosen(3, 7, 9, 20), chosen(7, 8, 9), vocabulary, vocabulary).tolist() == [
        [7, 7],
        [9, 9],
    ]


def test_tokens_of_two_vocabularies_are_shared_by_text_and_kind() -> None:
    one = Vocabulary(
        ("a", "##b", "c", "d"),
        ("a", "b", "c", "d"),
        ("word", "continuation", "word", "word"),
        ("Latin",) * 4,
        "wordpiece",
    )
    names = ("d", "b", "Ġa", "a", "x")
    two = Vocabulary(
        names,
        ("d", "b", "a", "a", "x"),
        ("word", "word", "word", "word", "word"),
        ("Latin",) * 5,
        "bpe",
    )
    every_one, every_two = chosen(0, 1, 2, 3), chosen(0, 1, 2, 3, 4)
    assert shared(every_one, every_two, one, two).tolist() == [
        [0, 2],
        [3, 0],
    ]  # of the two a the first; b is of another kind
    assert shared(every_two, every_one, two, one).tolist() == [[0, 3], [2, 0]]
    assert shared(chosen(1, 2), every_two, one, two).shape == (0, 2)


def test_tokenizers_of_different_kinds_share_their_words(
    models_folder: Callable[[str], Path],
) -> None:
    """Which mark words by the space before them, or their continuations."""
    from atlas.spaces.stages.vocabulary import vocabulary

    one, *others = (
        vocabulary(work=Work(f"path:{models_folder(name)}"))
        for name in ("wordpiece", "roberta", "llama")
    )
    for two in others:
        found = shared(every(len(one.tokens)), every(len(two.tokens)), one, two)
        texts = [(one.texts[a], two.texts[b]) for a, b in found.tolist()]
        assert ("fox", "␣fox") in texts or ("the", "␣the") in texts
        assert all(
            a.removeprefix("##") == b.removeprefix("␣") and one.kinds[i] == two.kinds[j]
            for (a, b), (i, j) in zip(texts, found.tolist(), strict=True)
        )


@given(st.integers(2, 500), st.integers(1, 30))
def test_not_all_of_a_few_tokens_are_neighbors(n: int, k: int) -> None:
    assert 1 <= among(n, k) <= k and (among(n, k) == k) == (4 * k <= n - 1 or k == 1)


def test_few_words_are_listed_once() -> None:
    found = whole(random(1, 30), random(2, 30))
    assert (
        found["k"] == 7
        and len(found["most"]) == len(found["least"]) == 15
        and not moving(found["most"]) & moving(found["least"])
    )


def test_only_shared_tokens_count() -> None:
    """Against brute force: neighbors are taken among the shared tokens alone, wherever else the
    selections reach."""
    values, other = random(3, 80, 6), random(4, 80, 6) + 0.8 * random(3, 80, 6)
    first, second = chosen(*range(60)), chosen(*range(10, 80))
    vocabulary = words(80)
    spaces = [Vectors(np.asarray(some, np.float32), "") for some in (values, other)]
    searched = [
        neighbors(space, selection, k=15)
        for space, selection in zip(spaces, (first, second), strict=True)
    ]
    found = compare(*spaces, first, second, *searched, vocabulary, vocabulary, k=5)
    assert found.tokens == 50 and found.pairs is None
    lists = []
    for some in (values[10:60], other[10:60]):
        unit = some / np.linalg.norm(some, axis=1, keepdims=True)
        similar = unit @ unit.T
        np.fill_diagonal(similar, -2)
        lists.append([set(row[:5]) for row in np.argsort(-similar, axis=1).tolist()])
    expected = [len(a & b) for a, b in zip(*lists, strict=True)]
    listed = (*found.most, *found.least)
    assert len(listed) == 50
    assert [expected[word.ids[0] - 10] for word in listed] == [word.kept for word in listed]
    assert all(word.ids[0] == word.ids[1] for word in listed)
    assert found.overlap == pytest.approx(np.mean(expected) / 5)
    assert found.chance == pytest.approx(5 / 49)
    assert found.histogram == tuple(expected.count(count) for count in range(6))


def test_layers_equal_layer_by_layer(models_folder: Callable[[str], Path]) -> None:
    location = f"path:{models_folder('wordpiece')}"
    space = vectors(work=Work(location))
    ids = Selection(np.arange(5, len(space.values), dtype=np.int32))
    own = neighbors(space, ids, k=5)
    found = layers(space, ids, ids, own, work=Work(location), k=5).layers
    assert [entry.layer for entry in found] == [0, 1, 2]
    for entry in found:
        layer = contextual(work=Work(location), layer=entry.layer)
        theirs = neighbors(layer, ids, k=5)
        assert entry.overlap == pytest.approx(float(kept(own.rows, theirs.rows).mean()), abs=0.01)
        assert entry.cka == pytest.approx(
            cka(space.values[ids.ids], layer.values[ids.ids]), abs=1e-5
        )
    assert found[0].overlap > found[0].chance
    some = Selection(ids.ids[10:40])
    of_some = layers(space, ids, some, own, work=Work(location), k=5).layers
    assert (
        of_some
        == layers(space, some, some, neighbors(space, some, k=5), work=Work(location), k=5).layers
    )
    assert of_some[0].chance == pytest.approx(5 / 29)
    with pytest.raises(StageError, match="share 0 tokens"):
        layers(space, some, Selection(ids.ids[40:]), own, work=Work(location), k=5)
