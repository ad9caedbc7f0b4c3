"""The recall that is said of approximate neighbors is the one they have, and what is said stands in
the data and on the page."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from conftest import Built

from atlas.engine.stage import Work
from atlas.maps.records import Neighbors
from atlas.maps.stages import neighbors as stage
from atlas.numeric import neighbors as kernel
from atlas.numeric.approximate import Recall, approximate
from atlas.spaces.records import Selection, Vectors


def falling(n: int, d: int, fall: float) -> Any:
    """Vectors whose variance falls along the axes, as that of real ones does."""
    values = np.random.default_rng(0).normal(size=(n, d)) * np.arange(1, d + 1) ** -fall
    return values.astype(np.float32)


def share(near: Any, true: Any, rows: Any) -> float:
    """Of the neighbors of some rows, how many are as near as the last true one."""
    return float(np.mean(near.similarities[rows] >= true.similarities[rows, -1:]))


def hidden(n: int) -> Any:
    """Groups on some axes, and what tells the rows of one apart on others, which hold little."""
    draw = np.random.default_rng(0)
    values = 0.15 * draw.normal(size=(n, 160)).astype(np.float32)
    values[:, :32] = 3 * draw.normal(size=(10, 32))[draw.integers(0, 10, n)]
    return values


@pytest.mark.parametrize(("fall", "seed"), [(0.3, 0), (0.6, 1), (1.0, 2)])
@pytest.mark.parametrize("product", ["bfloat16", "tf32"])
def test_the_recall_said_is_the_recall_measured(fall: float, seed: int, product: Any) -> None:
    values = falling(3000, 96, fall)
    way = kernel.Plan(product, 256, 2**15, 2**18, 2)
    near, said = approximate(values, 15, seed=seed, way=way)
    true = kernel.neighbors(values, 15)
    drawn = np.random.default_rng(seed).choice(3000, 1000, replace=False)
    assert said is not None
    assert said.share == pytest.approx(share(near, true, drawn), abs=1e-12)
    assert abs(said.share - share(near, true, np.arange(3000))) < 4 * said.error + 1e-9
    assert said.sampled == 1000 and said.dimensions < 96
    assert said.share > 0.9


def test_what_is_found_has_its_exact_cosine() -> None:
    values = falling(2500, 64, 0.5)
    near, _ = approximate(values, 10)
    true = kernel.neighbors(values, 40)
    for row in range(0, 2500, 83):
        cosines = dict(zip(true.rows[row].tolist(), true.similarities[row].tolist(), strict=True))
        for other, cosine in zip(near.rows[row].tolist(), near.similarities[row], strict=True):
            assert cosines.get(other, cosine) == cosine
    assert (np.diff(near.similarities, axis=1) <= 0).all()
    assert not (near.rows == np.arange(2500)[:, None]).any()
    assert all(len(set(row)) == 10 for row in near.rows.tolist())


@pytest.mark.parametrize("equal", [1.0, np.linspace(0.1, 9, 2500)[:, None]])
def test_of_equal_rows_any_is_as_near(equal: Any) -> None:
    values = falling(3000, 96, 0.6)
    values[500:] = values[0] * equal
    near, said = approximate(values, 15)
    assert said is not None and said.share > 0.99
    true = kernel.neighbors(values, 15)
    assert said.share == pytest.approx(share(near, true, np.arange(3000)), abs=1e-3)


def test_more_axes_are_taken_where_few_find_too_little() -> None:
    values = hidden(4000)
    near, said = approximate(values, 15)
    assert said is not None and said.dimensions == 128 and said.share > 0.9
    true = kernel.neighbors(values, 15)
    assert abs(said.share - share(near, true, np.arange(4000))) < 4 * said.error


@pytest.mark.parametrize("values", [falling(3000, 60, 0), hidden(9000)[:, :64]])
def test_all_rows_are_searched_exactly_where_nothing_less_finds_enough(values: Any) -> None:
    near, said = approximate(values, 15)
    true = kernel.neighbors(values, 15)
    assert said is None
    assert near.rows.tobytes() == true.rows.tobytes()
    assert near.similarities.tobytes() == true.similarities.tobytes()


def test_rows_off_the_axes_have_their_neighbors_all_the_same() -> None:
    values = falling(4000, 96, 0)
    values[:, 32:] = 0
    few = np.arange(7, 4000, 100)  # too few to have axes, or to be seen in the mean
    values[few] = np.roll(falling(4000, 96, 0), 64, axis=1)[few]
    values[few, :64] = 0
    near, said = approximate(values, 15)
    true = kernel.neighbors(values, 15)
    assert said is not None and said.dimensions == 32
    assert near.rows[few].tolist() == true.rows[few].tolist()


def test_threads_do_not_matter() -> None:
    values = np.round(falling(5000, 48, 0.5), 1)  # with many equal products
    results = [approximate(values, 15, threads=count) for count in (1, 2, 5)]
    assert len({near.rows.tobytes() + near.similarities.tobytes() for near, _ in results}) == 1
    assert len({recall for _, recall in results}) == 1


def found(values: Any, **options: Any) -> Neighbors:
    selection = Selection(np.arange(len(values), dtype=np.int32))
    return stage.neighbors(Vectors(values, "test"), selection, k=15, work=Work(), **options)


def test_size_decides_and_exact_overrules(monkeypatch: pytest.MonkeyPatch) -> None:
    values = falling(2000, 64, 0.6)
    true = found(values)
    assert true.recall is None
    monkeypatch.setattr(stage, "_MUCH", 2000 * 2000 * 64)
    near = found(values)
    assert near.recall is not None and set(near.recall) == set(Recall._fields)
    assert found(values, exact=True).rows.tobytes() == true.rows.tobytes()
    assert found(values[:-1]).recall is None
    monkeypatch.setattr(stage, "_MUCH", 1)
    assert found(falling(2000, 30, 0)).recall is None  # which nothing but an exact search finds


def test_the_page_says_what_the_data_say(frozen_copy: Built) -> None:
    path = frozen_copy.root / "data" / "minilm-words.json"
    facts = json.loads(path.read_text("utf-8"))
    page = "maps/minilm-words/index.html"
    for folder, word in (("", "approximate"), ("ja/", "近似")):
        assert word not in (frozen_copy.public / folder / page).read_text("utf-8")
    facts["map"]["recall"] = {"share": 0.973, "error": 0.0021, "sampled": 1000, "dimensions": 192}
    facts["faithfulness"][facts["map"]["clustered_on"]] |= {
        "sampled": 777,
        "trustworthiness_error": 0.0031,
        "continuity_error": 0.0017,
    }
    path.write_text(json.dumps(facts), "utf-8")
    frozen_copy.build(frozen=True)
    for folder, word in (("", "approximate"), ("ja/", "近似")):
        shown = (frozen_copy.public / folder / page).read_text("utf-8")
        assert word in shown
        for figure in ("97.3", "0.4", "1,000", "777", "0.0031", "0.0017"):
            assert figure in shown
