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
    pairs = zip(near.rows[rows].tolist(), true.rows[rows].tolist(), strict=True)
    return float(np.mean([len(set(one) & set(other)) / len(one) for one, other in pairs]))


@pytest.mark.parametrize(("fall", "seed"), [(0.3, 0), (0.6, 1), (1.0, 2)])
@pytest.mark.parametrize("product", ["bfloat16", "tf32"])
def test_the_recall_said_is_the_recall_measured(fall: float, seed: int, product: Any) -> None:
    values = falling(3000, 96, fall)
    way = kernel.Plan(product, 256, 2**15, 2**18, 2)
    near, said = approximate(values, 15, seed=seed, way=way)
    true = kernel.neighbors(values, 15)
    drawn = np.random.default_rng(seed).choice(3000, 1000, replace=False)
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


def test_all_are_found_where_candidates_are_all_rows() -> None:
    values = falling(60, 8, 0.5)
    near, said = approximate(values, 15)
    assert near.rows.tolist() == kernel.neighbors(values, 15).rows.tolist()
    assert said[:2] == (1.0, 0.0) and said.sampled == 60


def test_threads_do_not_matter() -> None:
    values = np.round(falling(5000, 48, 0.5), 1)  # with many equal products
    results = [approximate(values, 15, threads=count) for count in (1, 2, 5)]
    assert len({near.rows.tobytes() + near.similarities.tobytes() for near, _ in results}) == 1
    assert len({recall for _, recall in results}) == 1


def found(values: Any, **options: Any) -> Neighbors:
    selection = Selection(np.arange(len(values), dtype=np.int32))
    return stage.neighbors(Vectors(values, "test"), selection, k=15, work=Work(), **options)


def test_size_decides_and_exact_overrules(monkeypatch: pytest.MonkeyPatch) -> None:
    values = falling(2000, 64, 0.3)
    true = found(values)
    assert true.recall is None
    monkeypatch.setattr(stage, "_MUCH", 2000 * 2000 * 64)
    near = found(values)
    assert near.recall is not None and set(near.recall) == set(Recall._fields)
    assert found(values, exact=True).rows.tobytes() == true.rows.tobytes()
    assert found(values[:-1]).recall is None


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
