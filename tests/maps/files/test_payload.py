"""The files that a map page fetches, as they are packed; tests/js reads them as pages do."""

from __future__ import annotations

import gzip
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import Built
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from atlas.maps import colours
from atlas.maps import frame as frame_
from atlas.maps.data import Dataset
from atlas.maps.files import bytes as bytes_
from atlas.maps.files import payload
from atlas.maps.files.bytes import pack
from atlas.maps.names import page_of
from atlas.numeric import curves
from atlas.web.palette import PALETTE, differences

MAPS = ["minilm-words", "ja-aozora-words"]
words16 = arrays.arrays(np.uint16, st.integers(0, 300), elements=st.integers(0, 65535))


def join16(raw: np.ndarray) -> np.ndarray:
    """Values from low bytes, then high bytes, as the page reads them."""
    low, high = raw.reshape(2, -1).astype(np.uint16)
    return low | (high << 8)


def summed(raw: np.ndarray) -> np.ndarray:
    return np.cumsum(join16(raw).astype(np.int64)) % 65536


@given(words16)
def test_differences_come_back_as_values(values: np.ndarray) -> None:
    raw = np.frombuffer(bytes_.split16(bytes_.differences(values)), np.uint8)
    assert len(raw) == 2 * len(values)
    assert summed(raw).tolist() == values.tolist()


@given(st.binary(max_size=2000))
def test_packing_is_gzip_without_a_time(raw: bytes) -> None:
    assert bytes_.pack(raw) == bytes_.pack(raw)
    assert gzip.decompress(bytes_.pack(raw)) == raw
    assert bytes_.pack(raw)[4:8] == bytes(4)  # the field of the modification time


@given(arrays.arrays(np.uint16, st.tuples(st.integers(1, 200), st.just(2))))
def test_morton_is_a_permutation_and_ends_where_both_axes_do(points: np.ndarray) -> None:
    order = curves.morton(points)
    assert sorted(order.tolist()) == list(range(len(points)))

    def code(point: Any) -> int:
        return sum(
            ((int(point[axis]) >> bit) & 1) << (2 * bit + axis)
            for bit in range(16)
            for axis in (0, 1)
        )

    codes = [code(points[row]) for row in order]
    assert codes == sorted(codes)


def test_morton_keeps_near_points_near() -> None:
    points = np.random.default_rng(0).integers(0, 65536, (5000, 2)).astype(np.uint16)
    steps = np.linalg.norm(
        np.diff(points[curves.morton(points)].astype(float), axis=0), axis=1
    ).mean()
    random = np.linalg.norm(np.diff(points.astype(float), axis=0), axis=1).mean()
    assert steps < random / 20


@given(st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "c", "d"]))))
def test_codes_are_by_frequency_and_grey_without_a_value(values: list[str | None]) -> None:
    names, index = payload.codes(values, most=3)
    counts = [values.count(name) for name in names]
    assert counts == sorted(counts, reverse=True)
    for value, number in zip(values, index.tolist(), strict=True):
        assert (names[number] == value) if number != payload.GREY else (value not in names)
    left = {value for value in values if value} - set(names)
    assert len(names) == min(len({value for value in values if value}), 3)
    assert all(values.count(value) <= min(counts) for value in left)


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 50), st.just(2)),
        elements=st.floats(-1e4, 1e4, width=32),
    )
)
def test_a_frame_holds_every_point_and_has_the_shape_of_pictures(xy: np.ndarray) -> None:
    unit = frame_.Frame.around(xy).unit(xy)
    assert unit[:, 0].min() > 0
    assert unit[:, 0].max() < 1
    assert unit[:, 1].min() > -1e-9
    assert unit[:, 1].max() < frame_.ASPECT + 1e-9


@pytest.fixture(scope="module", params=MAPS)
def data(request: pytest.FixtureRequest, tiny_atlas: Built) -> Dataset:
    return tiny_atlas.data(request.param)


def test_clusters_are_told_in_the_order_of_their_keys(data: Dataset) -> None:
    # The page finds a cluster by its key's place in the list of its level.
    meta = payload.payload(data, len(PALETTE)).meta
    chosen = colours.colours(data, len(PALETTE))
    coarse = [one for one in data.about.clusters if one.level == "coarse"]
    for level, told in (("coarse", meta.clusters.coarse), ("fine", meta.clusters.fine)):
        about = [one for one in data.about.clusters if one.level == level]
        assert [one.key for one in about] == list(range(len(told)))
        for one, cluster in zip(told, about, strict=True):
            own = cluster.key if level == "coarse" else cluster.parent
            page = page_of(cluster, coarse, "coarse")
            assert (one.name, one.page, one.size) == (cluster.name, page, cluster.size)
            assert (one.title or {}) == cluster.title
            assert one.colour == (payload.GREY if own is None else chosen[own])
        for name, projection in meta.projections.items():
            places = getattr(projection.names, level)
            assert places.zoom == [cluster.zooms[name] for cluster in about]


def test_clusters_side_by_side_differ_in_colour(data: Dataset) -> None:
    """Each clustered token and the nearest one of another cluster, where no farther than a cell."""
    chosen = colours.colours(data, len(PALETTE))
    assert set(chosen.values()) <= set(range(len(PALETTE)))
    keys = data.column("cluster_coarse")
    xy = frame_.layout(data, data.about.map.clustered_on)[keys >= 0]
    keys = keys[keys >= 0]
    cell = np.ptp(xy, axis=0).max() / colours.GRID
    assert chosen
    for key in chosen:
        gaps = np.linalg.norm(xy[keys == key][:, None] - xy[keys != key], axis=2)
        others = keys[keys != key][(gaps.min(axis=0) < cell)]
        assert chosen[key] not in {chosen[other] for other in others.tolist()}


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 9))
def test_borders_are_mutual_and_between_what_lies_side_by_side(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    keys = np.repeat(np.arange(count, dtype=np.int32), 40)
    row = np.stack([keys * 10 + rng.uniform(0, 9, len(keys)), rng.uniform(0, 9, len(keys))], axis=1)
    near = colours.borders(row, keys, count)
    assert (near == near.T).all() and not near.diagonal().any()
    steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    assert near[steps == 1].all() and not near[steps > 3].any()
    assert not colours.borders(row, np.full_like(keys, -1), count).any()


def test_colours_differ_to_every_eye() -> None:
    gaps = differences([*PALETTE, PALETTE[0]])
    assert (gaps == gaps.T).all() and gaps[0, -1] == 0
    # To those without red cones, these two look much alike, to others not at all.
    assert differences(["#d55e00", "#7a9a01"])[0, 1] < 0.05
    assert differences(["#000000", "#ffffff"])[0, 1] == pytest.approx(1, abs=1e-6)


def test_names_follow_the_content(data: Dataset, tiny_atlas: Built) -> None:
    folder = tiny_atlas.public / "assets" / "maps"
    again = payload.payload(data, len(PALETTE))
    assert again.files.keys() == payload.payload(data, len(PALETTE)).files.keys()
    for name, content in again.files.items():
        assert re.search(r"\.[0-9a-f]{10}\.(bin|json)$", name)
        assert (folder / name).read_bytes() == content
    assert {again.head, again.points} <= again.files.keys()


def test_packed_bytes_say_nothing_of_the_machine() -> None:
    """Python 3.11 and 3.13 name different systems in the head of a gzip file."""
    assert pack(b"x" * 99)[:10] == bytes([31, 139, 8, 0, 0, 0, 0, 0, 2, 255])


def test_a_map_laid_out_anew_shares_what_is_the_same(data: Dataset) -> None:
    main = data.about.map.clustered_on
    table = data.table
    for name, other, sign in ((f"x_{main}", f"y_{main}", -1), (f"y_{main}", f"x_{main}", 1)):
        turned = pa.array(sign * data.column(other), pa.float32())
        table = table.set_column(table.column_names.index(name), name, turned)
    own = data.about.map.model_copy(update={"id": "turned"})
    anew = Dataset(data.about.model_copy(update={"map": own}), table)
    before = payload.payload(data, len(PALETTE))
    after = payload.payload(anew, len(PALETTE), like=data)
    files, others = before.meta.files, after.meta.files
    assert files and others
    assert (others.texts, others.near) == (files.texts, files.near)
    assert others.readings == files.readings
    assert others.facts != files.facts and after.points.startswith("turned.points.")
    raw = np.frombuffer(gzip.decompress(after.files[after.points]), np.uint8)
    read = np.stack([summed(raw[: 2 * len(table)]), summed(raw[2 * len(table) : 4 * len(table)])])
    order = curves.morton(payload.quantised(data, main))
    assert (payload.quantised(anew, main)[order] == read.T).all()
