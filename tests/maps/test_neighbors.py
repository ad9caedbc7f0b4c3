"""Neighbors are exactly those of brute force, whatever the precision, the threads, and however many
vectors are equal."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import StageError
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import neighbors
from atlas.numeric import cosines
from atlas.numeric import neighbors as kernel
from atlas.numeric.types import Near
from atlas.spaces.records import Selection, Vectors


def found(values: Any, k: int, ids: Any = None, threads: int = 1) -> Neighbors:
    vectors = Vectors(np.asarray(values, np.float32), "test")
    selection = Selection(np.asarray(range(len(values)) if ids is None else ids, np.int32))
    return neighbors(vectors, selection, k=k, work=Work(threads=threads))


# Plans of processors with and without bfloat16, and that of CUDA with smaller blocks: the very path
# that a GPU takes.
PLANS = {
    "bfloat16": kernel.Plan("bfloat16", 64, 320, 2**14, 2),
    "float32": kernel.Plan("float32", 256, 2**16, 2**18, 1),
    "cuda": kernel.Plan("tf32", 700, 2**20, 2**20, 1),
    "cuda in small blocks": kernel.Plan("tf32", 33, 2**20, 2**12, 1),
    "cuda in bfloat16": kernel.Plan("bfloat16", 500, 2**20, 2**20, 1),
}


def planned(values: Any, k: int) -> Near:
    """What every plan finds, which must be the same to the last bit."""
    values = np.asarray(values, np.float32)
    all_found = [kernel.neighbors(values, k, way=way) for way in PLANS.values()]
    first = all_found[0]
    for near in all_found[1:]:
        assert near.rows.tobytes() == first.rows.tobytes()
        assert near.similarities.tobytes() == first.similarities.tobytes()
    return first


def true_to(near: Near, values: Any, rows: Any) -> None:
    """Holds neighbors of some rows against the definition: sums of products in float64, added up
    without error, to a multiple of 2^-24."""
    unit = kernel.unit(np.asarray(values, np.float32)).astype(np.float64)
    k = near.rows.shape[1]
    for row in rows:
        exact = unit @ unit[row]
        # Those that may be among the first k, by sums without any error.
        some = np.flatnonzero(exact >= np.sort(exact)[-k - 1] - 1e-6)
        cosine = {j: round(math.fsum(unit[row] * unit[j]) * 2**24) / 2**24 for j in some.tolist()}
        order = sorted(set(cosine) - {row}, key=lambda j: (-min(cosine[j], 1.0), j))[:k]
        assert near.rows[row].tolist() == order
        assert near.similarities[row].tolist() == [min(cosine[j], 1.0) for j in order]


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


@settings(max_examples=60)
@given(values=grid, k=st.integers(1, 20))
def test_equal_similarities_fall_by_row(values: Any, k: int) -> None:
    near = found(values, k)
    rows, cosine = brute(values, min(k, len(values) - 1))
    assert near.rows.tolist() == rows.tolist()
    assert np.array_equal(
        near.similarities, np.take_along_axis(cosine, rows, axis=1).astype(np.float32)
    )


@settings(max_examples=30)
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


def groups(n: int, d: int, count: int, spread: float) -> Any:
    """Tight groups, and a tenth of noise."""
    generator = np.random.default_rng(0)
    centres, m = noise(count, d), n * 9 // 10
    near = centres[generator.integers(0, count, m)] + spread * noise(m, d, 1)
    return np.concatenate([near, noise(n - m, d, 2)])


def scaled(n: int, d: int) -> Any:
    """Half of the rows in one direction, of many lengths: equal but for rounding."""
    values = noise(n, d)
    values[::2] = values[0] * np.random.default_rng(3).uniform(0.1, 9, (len(values[::2]), 1))
    return values


def duplicates(n: int, d: int) -> Any:
    values = noise(n, d)
    values[n // 3 :: 2] = values[5]
    values[7:90:3] = 0
    return values


PLANTED = {
    "noise": lambda: noise(1400, 24),
    "a cone": lambda: noise(1400, 16) * 0.1 + 3,
    "a narrow cone": lambda: noise(1400, 16) * 1e-3 + 3,
    "groups": lambda: groups(2000, 32, 130, 0.3),
    "tight groups": lambda: groups(2000, 32, 6, 0.01),
    "groups as tight as float32": lambda: groups(2000, 32, 6, 1e-6),
    "one direction": lambda: scaled(1500, 12),
    "duplicates": lambda: duplicates(1500, 24),
    "antipodal": lambda: np.concatenate([noise(700, 9), -noise(700, 9)]),
    "zeros": lambda: np.zeros((1300, 5)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_every_plan_finds_what_the_definition_says(name: str) -> None:
    values = np.asarray(PLANTED[name](), np.float32)
    true_to(planned(values, 15), values, range(0, len(values), 97))


@settings(max_examples=10)
@given(
    width=st.integers(1, 20),
    spread=st.sampled_from([1e-7, 1e-4, 0.03, 0.3]),
    count=st.integers(1, 40),
    k=st.integers(1, 30),
    seed=st.integers(0, 99),
)
def test_every_plan_finds_the_same(
    width: int, spread: float, count: int, k: int, seed: int
) -> None:
    centres = noise(count, width, seed)
    draw = np.random.default_rng(seed).integers(0, count, 1200)
    planned(centres[draw] + spread * noise(1200, width, seed + 1), k)


@settings(max_examples=20)
@given(mean=st.floats(-3, 3), seed=st.integers(0, 99), grid=st.sampled_from([0, 1, 8]))
def test_the_largest_products_are_those_of_all(mean: float, seed: int, grid: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(seed)
    values = torch.randn((5, 2500), generator=generator) + mean  # be they all below zero
    values[:, ::7] = -0.0
    product = (torch.round(values * grid) / grid if grid else values).bfloat16()
    found, columns = kernel._largest(product, 30)
    assert found.equal(product.gather(1, columns))
    assert all(len(set(row)) == 30 for row in columns.tolist())
    expected = product.float().sort(dim=1, descending=True).values[:, :30]
    assert found.float().sort(dim=1, descending=True).values.equal(expected)


def test_few_rows_are_searched_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tight groups, as real vocabularies have, none is compared with all rows in float64; of
    equal rows one is."""
    alone = []
    best = cosines.best_of_all
    monkeypatch.setattr(
        cosines, "best_of_all", lambda *given: alone.append(len(given[1])) or best(*given)
    )
    for way in PLANS.values():
        kernel.neighbors(groups(4000, 32, 40, 0.1).astype(np.float32), 15, way=way)
        assert sum(alone) <= 40
        alone.clear()
        values = noise(4000, 16)
        values[::2] = values[1]
        kernel.neighbors(values, 15, way=way)
        assert sum(alone) <= 40
        alone.clear()


def test_a_sum_near_the_middle_is_added_up_in_one_order() -> None:
    import torch

    # Half a multiple of the grid: which of two orders of summation a device takes would decide it.
    unit = torch.zeros(2, 40)
    unit[0] = 2.0**-12
    unit[1, 0] = 2.0**-13
    own, other = torch.tensor([0]), torch.tensor([1])
    middle = cosines.of_pairs(unit, own, other[None], 100)[1]
    assert middle.tolist() == [True]
    unit[1, 0] *= 1.001
    assert cosines.of_pairs(unit, own, other[None], 100)[1].tolist() == [False]
    unit = torch.from_numpy(noise(2, 40))
    exact = math.fsum(unit[0].double() * unit[1].double())
    assert cosines.ordered(unit, own, other).item() == pytest.approx(exact, abs=1e-13)


def test_more_duplicates_than_candidates() -> None:
    values = noise(1400, 24)
    values[100:400] = values[5]
    values[900] = values[5]
    near = planned(values, 10)
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


@settings(max_examples=20)
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


def test_threads_do_not_matter() -> None:
    import torch

    values, before = noise(1500, 50), torch.get_num_threads()
    results = [found(values, 15, threads=count) for count in (1, 2, 5)]
    assert len({near.rows.tobytes() + near.similarities.tobytes() for near in results}) == 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("width", [3, 8, 16])
def test_rounding_never_loses_a_neighbor(width: int) -> None:
    # Cones in which the bounds on the rounding of the vectors (8, 16) and of their product (3) are
    # both needed.
    planned(np.random.default_rng(0).normal(size=width) + noise(1500, width) * 0.1, 5)


def test_progress_rises_to_the_end() -> None:
    heard: list[float] = []
    kernel.neighbors(noise(3000, 10), 9, progress=heard.append)
    assert heard == sorted(heard) and len(heard) > 10 and heard[-1] == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_named(bad: float) -> None:
    values = noise(10, 4)
    values[6, 2] = bad
    with pytest.raises(StageError, match="token 6"):
        found(values, 3)
    assert found(values, 3, [0, 1, 2, 3]).rows.shape == (4, 3)


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("name", ["fp32_precision", "allow_tf32"])
def test_what_somebody_set_of_tf32_is_set_again(name: str, allowed: bool) -> None:
    import torch

    matmul = torch.backends.cuda.matmul
    if not hasattr(matmul, "fp32_precision"):
        pytest.skip("torch is older than 2.9")
    before = getattr(matmul, name)
    setattr(matmul, name, {"fp32_precision": "tf32", "allow_tf32": True}[name])
    try:
        with kernel.tf32(allowed):
            assert matmul.fp32_precision == ("tf32" if allowed else "ieee")
        assert matmul.fp32_precision == "tf32" and getattr(matmul, name)
    finally:
        setattr(matmul, name, before)


PEAK = """
import sys
import numpy as np
from atlas.engine.stage import Work
from atlas.maps.stages.neighbors import neighbors
from atlas.spaces.records import Selection, Vectors

def near(values):
    ids = np.arange(len(values), dtype=np.int32)
    return neighbors(Vectors(values, "test"), Selection(ids), k=15, work=Work(threads=2))

def peak():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(status["VmHWM"].split()[0]) * 1024

near(np.random.default_rng(0).normal(size=(3000, 256)).astype(np.float32))
before = peak()
near(np.load(sys.argv[1], mmap_mode="r"))
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_bounded_by_that_of_the_vectors(tmp_path: Path) -> None:
    values = noise(60000, 256)
    np.save(tmp_path / "values.npy", values)
    command = [sys.executable, "-c", PEAK, str(tmp_path / "values.npy")]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    # Beside twice the vectors, what blocks in work and their allocator hold, whatever their number: a
    # copy more, of 61 MB, would be seen.
    assert 0.9 * values.nbytes < int(ran.stdout) <= 2 * values.nbytes + 30e6
