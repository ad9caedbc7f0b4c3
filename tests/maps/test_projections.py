"""A projection is a row: a function in a file of its own, a row of PROJECTIONS, and a field for its
options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from conftest import Silent

from atlas.config.fields import Part
from atlas.engine.executors import open_executor
from atlas.engine.run import run
from atlas.engine.store import Store
from atlas.engine.task import order
from atlas.errors import StageError
from atlas.maps import config, projections
from atlas.maps.config import ClusterOptions, Map, Model
from atlas.maps.gather import gather
from atlas.maps.plan import plan_map
from atlas.maps.projections import PROJECTIONS, RANDOM, Projection, named
from atlas.models.checkpoint import resolve
from atlas.models.lock import Lock

TOY = Projection("toy", "Toy", "toy_projection:project", weight=7, turned=True)


class ToyOptions(Part):
    """Options of the toy."""

    size: float = 2.0
    """How large it is."""


class ToyMap(Map):
    """A map with a field for them."""

    projections: tuple[str, ...] = ("toy", "pca")
    toy: ToyOptions = ToyOptions()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "PROJECTIONS", {**PROJECTIONS, "toy": TOY})


@pytest.mark.usefixtures("toy")
def test_a_projection_of_ones_own_becomes_a_map(
    models_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = models_folder("wordpiece")
    checkpoint = resolve(
        f"path:{folder}",
        tmp_path,
        lock=Lock(tmp_path / "atlas.lock"),
        offline=True,
        digests=tmp_path / "digests.json",
    )
    model = Model(id="m", source=f"path:{folder}")
    entry = ToyMap(toy=ToyOptions(size=3), clusters=ClusterOptions(coarse=4, fine=2))
    plan = plan_map(tmp_path, model, entry, checkpoint)
    task = plan.drawn["toy"]
    assert task.weight == 7 and task.label == "m-words: toy"
    assert task.params == {"method": "toy", "seed": 0, "size": 3.0}
    assert list(plan.labels) == ["toy", "pca"] and RANDOM.name in plan.layouts
    store = Store(tmp_path / "store")
    outcome = run(
        order(plan.tasks()),
        store,
        open_executor("serial", 1, 1, store.root),
        report=Silent(),
    )
    assert not outcome.failed
    data = gather(plan, store)
    assert data.about.map.projections["toy"] == {
        "method": "toy",
        "seed": 0,
        "size": 3.0,
        "neighbors": 15,
    }
    kept = {name: data.about.faithfulness[name].overlap for name in ("toy", "pca")}
    main = data.about.map.clustered_on
    assert kept[main] == max(kept.values()) and next(iter(data.about.map.projections)) == main
    points = np.stack([data.column("x_toy"), data.column("y_toy")], axis=1)
    assert np.ptp(points[:, 0]) >= np.ptp(points[:, 1])  # its longer axis lies flat
    assert {"overlap_toy", "label_toy"} <= set(data.table.column_names)


def test_what_atlas_toml_may_name_follows_from_the_rows() -> None:
    assert get_args(config.Method) == tuple(PROJECTIONS)
    assert Map().projections == tuple(PROJECTIONS)


@pytest.mark.parametrize("row", [*PROJECTIONS.values(), RANDOM], ids=lambda row: row.name)
def test_rows_are_whole(row: Projection) -> None:
    assert row.title and row.weight > 0 and callable(row.function)
    assert named(row.name) is row
    options = getattr(Map(), row.name, None)
    assert options is None or isinstance(options, Part)


def test_a_projection_that_is_not_known() -> None:
    with pytest.raises(StageError, match="'som'") as caught:
        named("som")
    assert "umap, tsne, pca" in caught.value.hint
