"""The files a map page fetches, decoded here as templates/assets/map/data.js decodes them, and
compared with the atlas data."""

from __future__ import annotations

import gzip
import re
from typing import Any

import numpy as np
import pytest
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from atlas.maps import colours
from atlas.maps import frame as frame_
from atlas.maps.data import Dataset
from atlas.maps.files import bytes as bytes_
from atlas.maps.files import payload
from atlas.numeric import curves
from atlas.web.palette import PALETTE

MAPS = ["minilm-words", "ja-aozora-words"]
words16 = arrays.arrays(np.uint16, st.integers(0, 300), elements=st.integers(0, 65535))


def join16(raw: np.ndarray) -> np.ndarray:
    """Values from low bytes, then high bytes, as Atlas.split16 of the page."""
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


class Page:
    """A map's files as the page reads them."""

    def __init__(self, atlas: Built, map_id: str) -> None:
        self.data: Dataset = atlas.data(map_id)
        self.meta = atlas.meta(map_id)
        self.folder = atlas.public / "assets" / "maps"
        self.n = n = self.meta["tokens"]
        points = self.bytes(self.meta["projections"][self.meta["main"]])
        self.planes = points[4 * n :].reshape(-1, n)
        self.texts = self.bytes(self.meta["texts"]).tobytes().decode().split("\n")
        facts = self.bytes(self.meta["facts"])
        self.ids = self.wide(facts[: 3 * n].reshape(3, n))
        self.fine = join16(facts[3 * n : 5 * n])
        self.kept = dict(zip(self.meta["projections"], facts[5 * n :].reshape(-1, n), strict=True))
        k = self.meta["neighbors"]
        blocks = self.bytes(self.meta["near"]).reshape(4, k, n)
        self.near, self.similar = self.wide(blocks[:3]).T, blocks[3].T / 255
        self.row = {token: row for row, token in enumerate(self.data.column("token_id").tolist())}
        self.order = np.array(
            [self.row[token] for token in self.ids.tolist()]
        )  # rows of the data, in the page's order

    @staticmethod
    def wide(planes: np.ndarray) -> np.ndarray:
        low, middle, high = planes.astype(np.int64)
        return low | (middle << 8) | (high << 16)

    def bytes(self, name: str) -> np.ndarray:
        return np.frombuffer(gzip.decompress((self.folder / name).read_bytes()), np.uint8)

    def layout(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        raw = self.bytes(self.meta["projections"][name])
        xy = np.stack([summed(raw[: 2 * self.n]), summed(raw[2 * self.n : 4 * self.n])], axis=1)
        return xy, raw[4 * self.n : 5 * self.n]


@pytest.fixture(scope="module", params=MAPS)
def page(request: pytest.FixtureRequest, tiny_atlas: Built) -> Page:
    return Page(tiny_atlas, request.param)


def test_every_token_is_there_once_with_its_text(page: Page) -> None:
    texts = page.data.strings("text")
    assert sorted(page.ids.tolist()) == page.data.column("token_id").tolist()
    assert page.texts == [str(texts[row]).replace("\n", "⏎") for row in page.order]


def test_places_are_right_to_one_step(page: Page) -> None:
    for name in page.meta["projections"]:
        found, zooms = page.layout(name)
        frame = frame_.whole(page.data, name)
        step = frame.width / 65535
        true = frame_.layout(page.data, name)[page.order]
        assert np.abs(found * step + [frame.left, frame.bottom] - true).max() <= step * 0.51 + 1e-6
        assert zooms.tolist() == page.data.column(f"label_{name}")[page.order].tolist()
        left, bottom, width = page.meta["views"][name]
        x, y = found.T
        shown = (
            (x > left) & (x < left + width) & (y > bottom) & (y < bottom + width * frame_.ASPECT)
        )
        assert shown.mean() > 0.97  # the first view leaves out a few strays at most


def test_colours_and_properties_are_those_of_the_data(page: Page) -> None:
    chosen = colours.colours(page.data, len(PALETTE))
    coarse = page.data.column("cluster_coarse")[page.order]
    assert page.planes[1].tolist() == [payload.GREY if key < 0 else key for key in coarse.tolist()]
    told = [one for one in page.meta["clusters"] if one[0] == "coarse"]
    assert [one[4] for one in told] == [chosen[key] for key in range(len(told))]
    for name, counts in page.kept.items():
        assert (
            counts.tolist()
            == np.round(page.data.column(f"overlap_{name}")[page.order] * page.meta["k"])
            .astype(int)
            .tolist()
        )


def test_readings_stand_beside_their_tokens_where_there_are_any(page: Page) -> None:
    readings = page.data.strings("reading")
    if not any(readings):
        assert page.meta["readings"] is None
        return
    found = page.bytes(page.meta["readings"]).tobytes().decode().split("\n")
    assert found == [readings[row] or "" for row in page.order]
    assert (
        page.fine.astype(np.int16).tolist() == page.data.column("cluster_fine")[page.order].tolist()
    )
    for plane, what in ((2, "kind"), (3, "script"), (4, "pos")):
        names, values = page.meta["groups"][what], page.data.strings(what)
        found = [
            names[code] if code != payload.GREY else None for code in page.planes[plane].tolist()
        ]
        assert found == [values[row] if values[row] in names else None for row in page.order]


def test_neighbors_are_the_true_ones(page: Page) -> None:
    near, similar = page.data.lists("neighbor_ids"), page.data.lists("neighbor_similarities")
    assert page.near.shape == (page.n, payload.NEAR)
    assert np.array_equal(page.ids[page.near], near[page.order, : payload.NEAR])
    assert np.abs(page.similar - similar[page.order, : payload.NEAR]).max() <= 0.5 / 255 + 1e-6


def test_clusters_are_told_in_the_order_of_their_keys(page: Page) -> None:
    # The page finds a fine cluster by its key's place in this list.
    about = page.data.about.clusters
    for level in ("coarse", "fine"):
        assert [one.key for one in about if one.level == level] == list(
            range(sum(one.level == level for one in about))
        )
    for told, cluster in zip(page.meta["clusters"], about, strict=True):
        assert told[:4] == [cluster.level, cluster.name, cluster.slug, cluster.size]
        assert set(told[5]) == set(page.meta["projections"])


def test_near_clusters_differ_in_colour(page: Page) -> None:
    chosen = colours.colours(page.data, len(PALETTE))
    coarse = [one for one in page.data.about.clusters if one.level == "coarse"]
    assert set(chosen.values()) <= set(range(len(PALETTE)))
    main = page.data.about.map.clustered_on
    places = np.array([one.anchors[main] for one in coarse])
    if len(coarse) <= len(PALETTE):
        assert len(set(chosen.values())) == len(coarse)
        return
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    same = [
        chosen[one.key] == chosen[coarse[int(gaps[number].argmin())].key]
        for number, one in enumerate(coarse)
    ]
    assert np.mean(same) < 0.05


def test_names_follow_the_content(page: Page) -> None:
    again = payload.payload(page.data, len(PALETTE))
    assert again.files.keys() == payload.payload(page.data, len(PALETTE)).files.keys()
    for name, content in again.files.items():
        assert re.search(r"\.[0-9a-f]{10}\.(bin|json)$", name)
        assert (page.folder / name).read_bytes() == content
