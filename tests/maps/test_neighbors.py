"""Neighbors are exactly those of brute force, whatever the precision, the threads, and however many
vectors are equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import StageError
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import neighbors
from atlas.numeric import neighbors as kernel
from atlas.spaces.records import Selection, Vectors


def found(values: Any, k: int, ids: Any = None, threads: int = 1) -> Neighbors:
    vectors = Vectors(np.asarray(values, np.float32), "test")
    selection = Selection(np.asarray(range(len(values)) if ids is None else ids, np.int32))
    return neighbors(vectors, selection, k=k, work=Work(threads=threads))


def brute(values: Any, k: int) -> tuple[Any, Any]:
    """By the definition: every cosine in float64, then a stable sort; the row itself is taken out
    by its index."""
    exact = np.asarray(values, np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    unit = exact / np.where(lengths > 0, lengths, 1)
    cosine = unit @ unit.T
    rows = [
        [j for j in np.argsort(-cosine[i].round(6), kind="stable") if j != i][:k]
        for i in range(len(exact))
    ]
    return np.asarray(rows, np.int64).reshape(len(exact), -1), cosine


def noise(n: int, d: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


# Vectors of length 0, 1, 2 or 4 with parts that bfloat16 and float32 hold exactly: every similarity
# is exact, ties are many.
grid = st.lists(
    st.sampled_from(
        [
            (0, 0, 0, 0),
            (1, 1, 1, 1),
            (1, -1, 1, -1),
            (2, 0, 0, 0),
            (0, 1, 0, 0),
            (-1, -1, 1, 1),
            (0, 0, 0, -4),
        ]
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(values=grid, k=st.integers(1, 20))
def test_equal_similarities_fall_by_row(values: Any, k: int) -> None:
    near = found(values, k)
    rows, cosine = brute(values, min(k, len(values) - 1))
    assert near.rows.tolist() == rows.tolist()
    assert np.array_equal(
        near.similarities, np.take_along_axis(cosine, rows, axis=1).astype(np.float32)
    )


@settings(deadline=None, max_examples=30)
@given(n=st.integers(2, 90), d=st.integers(1, 40), k=st.integers(1, 30), seed=st.integers(0, 999))
def test_brute_force_finds_the_same_similarities(n: int, d: int, k: int, seed: int) -> None:
    values = noise(n, d, seed)
    near = found(values, k)
    cosine = brute(values, k)[1]
    np.fill_diagonal(cosine, -np.inf)
    k = min(k, n - 1)
    assert near.rows.shape == (n, k)
    assert np.allclose(near.similarities, -np.sort(-cosine, axis=1)[:, :k], atol=1e-6)
    assert np.allclose(
        np.take_along_axis(cosine, near.rows.astype(np.int64), axis=1), near.similarities, atol=1e-6
    )
    assert not (near.rows == np.arange(n)[:, None]).any()
    assert all(len(set(row)) == k for row in near.rows.tolist())
    assert (np.diff(near.similarities, axis=1) <= 0).all()


@pytest.mark.parametrize("rough", [True, False])
def test_the_precision_of_the_rough_pass_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, rough: bool
) -> None:
    # A narrow cone: thousands of cosines within bfloat16's rounding of each other, so most rows
    # have to be settled.
    values = np.concatenate([noise(700, 16) * 0.1 + 3, noise(700, 16, 1)])
    monkeypatch.setattr(kernel, "_faster_in_bfloat16", lambda _: rough)
    near = found(values, 15)
    cosine = brute(values, 15)[1]
    np.fill_diagonal(cosine, -np.inf)
    assert np.allclose(near.similarities, -np.sort(-cosine, axis=1)[:, :15], atol=1e-6)
    monkeypatch.setattr(kernel, "_faster_in_bfloat16", lambda _: not rough)
    other = found(values, 15)
    assert near.rows.tobytes() == other.rows.tobytes()
    assert near.similarities.tobytes() == other.similarities.tobytes()


@pytest.mark.parametrize("rough", [True, False])
def test_more_duplicates_than_candidates(monkeypatch: pytest.MonkeyPatch, rough: bool) -> None:
    monkeypatch.setattr(kernel, "_faster_in_bfloat16", lambda _: rough)
    values = noise(1400, 24)
    values[100:400] = values[5]
    values[900] = values[5]
    near = found(values, 10)
    assert near.rows[5].tolist() == list(range(100, 110))
    assert near.rows[100].tolist() == [5, *range(101, 110)]
    assert near.rows[300].tolist() == [5, *range(100, 109)]
    assert near.rows[900].tolist() == [5, *range(100, 109)]


def test_zero_vectors_have_cosine_zero() -> None:
    values = noise(1200, 8)
    values[[3, 7, 1100]] = 0
    near = found(values, 5)
    assert np.isfinite(near.similarities).all()
    for row, rows in ((3, [0, 1, 2, 4, 5]), (7, [0, 1, 2, 3, 4]), (1100, [0, 1, 2, 3, 4])):
        assert near.rows[row].tolist() == rows
        assert near.similarities[row].tolist() == [0] * 5
    assert found(np.zeros((4, 3)), 2).rows.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_k_is_at_most_the_others(n: int) -> None:
    near = found(noise(max(n, 1), 4)[:n].reshape(n, 4), 15)
    assert near.rows.shape == near.similarities.shape == (n, max(n - 1, 0))


def test_rows_are_positions_in_the_selection() -> None:
    values = noise(300, 12)
    ids = np.arange(3, 300, 7)
    near, alone = found(values, 6, ids), found(values[ids], 6)
    assert near.rows.tobytes() == alone.rows.tobytes()
    assert near.similarities.tobytes() == alone.similarities.tobytes()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999), exponent=st.integers(-60, 50))
def test_lengths_and_rotations_do_not_matter(seed: int, exponent: int) -> None:
    generator = np.random.default_rng(seed)
    values = noise(60, 9, seed)
    near = found(values, 8)
    scaled = found(values * np.float32(2.0**exponent), 8)
    assert near.rows.tobytes() == scaled.rows.tobytes()
    assert near.similarities.tobytes() == scaled.similarities.tobytes()
    own = found(values * generator.uniform(0.1, 9, (60, 1)).astype(np.float32), 8)
    turn = np.linalg.qr(generator.normal(size=(9, 9)))[0]
    for other in (own, found(values.astype(np.float64) @ turn, 8)):
        assert np.allclose(other.similarities, near.similarities, atol=1e-5)


@pytest.mark.parametrize("rough", [True, False])
def test_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch, rough: bool) -> None:
    import torch

    monkeypatch.setattr(kernel, "_faster_in_bfloat16", lambda _: rough)
    values, before = noise(1500, 50), torch.get_num_threads()
    results = [found(values, 15, threads=count) for count in (1, 2, 5)]
    assert len({near.rows.tobytes() + near.similarities.tobytes() for near in results}) == 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("width", [3, 8, 16])
def test_rounding_to_bfloat16_never_loses_a_neighbor(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    # Cones in which the bounds on the rounding of the vectors (8, 16) and of their product (3) are
    # both needed.
    values = (np.random.default_rng(0).normal(size=width) + noise(1500, width) * 0.1).astype(
        np.float32
    )
    results = []
    for rough in (True, False):
        monkeypatch.setattr(kernel, "_faster_in_bfloat16", lambda _, rough=rough: rough)
        results.append(found(values, 5))
    assert results[0].rows.tobytes() == results[1].rows.tobytes()
    assert results[0].similarities.tobytes() == results[1].similarities.tobytes()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    values = noise(500, 10)
    whole = found(values, 9)
    monkeypatch.setattr(kernel, "_BLOCK", 37)
    heard: list[float] = []
    parts = neighbors(
        Vectors(values, "test"),
        Selection(np.arange(500, dtype=np.int32)),
        k=9,
        work=Work(progress=heard.append),
    )
    assert whole.rows.tobytes() == parts.rows.tobytes()
    assert heard == sorted(heard) and len(heard) == 14 and heard[-1] == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_named(bad: float) -> None:
    values = noise(10, 4)
    values[6, 2] = bad
    with pytest.raises(StageError, match="token 6"):
        found(values, 3)
    assert found(values, 3, [0, 1, 2, 3]).rows.shape == (4, 3)
