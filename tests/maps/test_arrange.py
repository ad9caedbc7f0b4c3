"""What a map shows: the most faithful projection first, arranged so that it fills its frame."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from atlas.engine.stage import AnyStage, Work
from atlas.maps.config import Map
from atlas.maps.frame import ASPECT, Frame
from atlas.maps.records import Faithfulness, Layout, Neighbors
from atlas.maps.stages.arrange import arrange, arrange_axes
from atlas.maps.stages.foremost import foremost
from atlas.maps.stages.measure import measure
from atlas.maps.stages.neighbors import neighbors
from atlas.maps.stages.project import project
from atlas.numeric.cartogram import FEWEST, crowding
from atlas.spaces.records import Selection, Vectors


def vectors(n: int, seed: int = 0) -> tuple[Vectors, Selection, Neighbors]:
    """Vectors in twelve groups, all of them selected, and their neighbors."""
    generator = np.random.default_rng(seed)
    middles = generator.normal(size=(12, 20)) * 2
    values = middles[generator.integers(0, 12, n)] + generator.normal(size=(n, 20))
    space = Vectors(values.astype(np.float32), "test")
    selection = Selection(np.arange(n, dtype=np.int32))
    return space, selection, neighbors(space, selection, k=15)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_map_fills_its_frame_and_keeps_no_fewer_neighbors(method: str) -> None:
    space, selection, near = vectors(1500)
    drawn = project(space, selection, near, method=method)
    shown = arrange(near, drawn, aspect=ASPECT)
    before, after = measure(space, selection, near, drawn, shown).figures
    assert after["overlap"] >= before["overlap"]
    assert after["trustworthiness"] > before["trustworthiness"] - 0.03
    assert shown.parameters["overlap_as_drawn"] == pytest.approx(before["overlap"], abs=1e-6)
    assert shown.parameters.items() > drawn.parameters.items()

    assert taken(shown) > max(3 * taken(drawn), 0.07)
    assert np.allclose(shown.xy.mean(axis=0), 0, atol=1e-5)
    again = arrange(near, drawn, aspect=ASPECT, work=Work(threads=2))
    assert again.xy.tobytes() == shown.xy.tobytes()


def test_axes_that_mean_something_keep_their_order() -> None:
    space, selection, near = vectors(1500)
    lengths = np.random.default_rng(1).lognormal(0, 0.7, (1500, 1))  # some lie far off
    values = space.values * lengths
    space = Vectors(values.astype(np.float32), "test")
    drawn = project(space, selection, near, method="pca")
    shown = arrange_axes(near, drawn, aspect=ASPECT)
    before, after = measure(space, selection, near, drawn, shown).figures
    assert after["overlap"] >= before["overlap"] - 1e-4
    assert shown.parameters["overlap_as_drawn"] == pytest.approx(before["overlap"], abs=1e-6)
    assert shown.parameters["variance"] == drawn.parameters["variance"]
    for axis in (0, 1):
        assert (np.diff(shown.xy[np.argsort(drawn.xy[:, axis]), axis]) > -1e-6).all()
    assert taken(shown) > 1.2 * taken(drawn)


def taken(layout: Layout) -> float:
    unit = Frame.around(layout.xy, 0.003).unit(layout.xy)
    return crowding(np.clip(unit, 0, [1, ASPECT]), 1.0, ASPECT)


@pytest.mark.parametrize("arranged", [arrange, arrange_axes])
@pytest.mark.parametrize("n", [0, 1, 5, FEWEST - 1])
def test_a_few_points_stay_as_they_are(n: int, arranged: AnyStage) -> None:
    xy = np.random.default_rng(n).normal(size=(n, 2)).astype(np.float32)
    layout = Layout(xy, {"method": "umap"})
    near = Neighbors(np.zeros((n, 0), np.int32), np.zeros((n, 0), np.float32))
    assert arranged(near, layout, aspect=ASPECT) is layout


def test_the_most_faithful_comes_first() -> None:
    layouts = [Layout(np.zeros((1, 2), np.float32), {"method": name}) for name in "abc"]

    def first(*overlaps: float) -> str:
        figures = tuple({"overlap": kept} for kept in (*overlaps, 0.9))  # another, never shown
        truth = Faithfulness(np.zeros((4, 1), np.float32), figures)
        return str(foremost(truth, *layouts).parameters["method"])

    assert (first(0.1, 0.3, 0.2), first(0.2, 0.2, 0.1)) == ("b", "a")


def test_another_may_be_named() -> None:
    assert Map(projections=("umap", "pca"), first="pca").first == "pca"
    with pytest.raises(ValidationError, match="tsne is none of its projections"):
        Map(projections=("umap", "pca"), first="tsne")
