from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.maps.files import tiles


def points(seed: int, n: int, equal: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    unit = np.clip(rng.normal(0.4, 0.1, (n, 2)) if seed % 2 else rng.random((n, 2)), 0, 1)
    if equal:
        unit[: n // 2] = unit[0]
    zooms = np.where(rng.random(n) < 0.7, rng.integers(0, 22, n), 255).astype(np.uint8)
    return unit, zooms


class Read:
    """A map's files as the page reads them."""

    def __init__(self, found: dict[str, bytes]) -> None:
        self.files = found
        raw = np.frombuffer(found["index"], np.uint8)
        self.count = len(raw) // 5
        self.mask, self.counts = raw[: self.count], self.wide(raw[self.count :], 4)
        self.tiles: list[tuple[int, int, int, int]] = []  # level, column, row, start
        self._start = 0
        if self.count:
            self._grow(0, 0, 0)

    def _grow(self, level: int, column: int, row: int) -> None:
        tile = len(self.tiles)
        self.tiles.append((level, column, row, self._start))
        self._start += int(self.counts[tile])
        for quarter in range(4):
            if self.mask[tile] & (1 << quarter):
                self._grow(level + 1, column * 2 + (quarter & 1), row * 2 + (quarter >> 1))

    @staticmethod
    def wide(raw: np.ndarray, planes: int) -> np.ndarray:
        return sum(
            plane.astype(np.int64) << (8 * k) for k, plane in enumerate(raw.reshape(planes, -1))
        )

    def part(self, name: str) -> np.ndarray:
        return np.frombuffer(self.files[name], np.uint8)

    def points(self, tile: int) -> tuple[np.ndarray, np.ndarray]:
        """Places (n, 2) and label zooms."""
        n = int(self.counts[tile])
        raw = self.part(f"{tile}.p")
        level, column, row, _ = self.tiles[tile]
        axes = [
            np.cumsum(self.wide(raw[2 * n * axis : 2 * n * (axis + 1)], 2)) & 0xFFFF
            for axis in (0, 1)
        ]
        return (np.stack(axes, axis=1) + 0.5) / 65536 / 2**level + np.array(
            [column, row]
        ) / 2**level, raw[4 * n : 5 * n]


def made(
    seed: int, n: int, cap: int, equal: bool = False
) -> tuple[Read, tiles.Tree, np.ndarray, np.ndarray, list[str], list[str | None]]:
    unit, zooms = points(seed, n, equal)
    rng = np.random.default_rng(seed + 1)
    texts = [
        f"{'Ｔoken' if row % 7 else 'new york'} {row}" if row % 3 else f"語{row}"
        for row in range(n)
    ]
    readings = [f"ゴ{row}" if row % 3 == 0 else None for row in range(n)]
    tree = tiles.tree(unit, zooms, cap, seed)
    ids = np.sort(rng.choice(3 * n, n, replace=False))
    near = ids[rng.integers(0, n, (n, 10))]
    groups = [zooms, *(rng.integers(0, 255, n) for _ in range(4))]
    layout = tiles.Layout("umap", unit, tree, groups, rng.integers(0, 15, n))
    there = np.clip(unit[:, ::-1] ** 2, 0, 1)
    other = tiles.Layout("pca", there, tiles.tree(there, zooms, cap, seed), groups, layout.kept)
    fine = rng.integers(-1, 500, n)
    steps = [(np.arange(n) % 8).astype(np.uint8), np.full(n, 255, np.uint8)]
    tokens = tiles.Tokens(
        texts, readings, ids, fine, near, rng.random((n, 10)), [np.arange(0, n, 7)], steps
    )
    read = Read(dict(tiles.files([layout, other], tokens)))
    read.ids, read.near = ids, near  # type: ignore[attr-defined]
    return read, tree, unit, zooms, texts, readings


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 3000), st.integers(5, 200), st.booleans())
def test_tiles_hold_every_point_once_where_it_is(seed: int, n: int, cap: int, equal: bool) -> None:
    read, tree, unit, zooms, _, _ = made(seed, n, cap, equal)
    assert sorted(tree.order.tolist()) == list(range(n))
    assert int(read.counts.sum()) == n and len(read.tiles) == read.count == len(tree)
    for tile, (level, column, row, start) in enumerate(read.tiles):
        rows = tree.order[start : start + int(read.counts[tile])]
        places, shown = read.points(tile)
        assert np.abs(places - unit[rows]).max(initial=0) <= 1 / 65536 / 2**level + 1e-12
        assert shown.tolist() == zooms[rows].tolist()
        inside = (unit[rows] >= np.array([column, row]) / 2**level) & (
            unit[rows] <= np.array([column + 1, row + 1]) / 2**level
        )
        assert inside.all()


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(50, 3000), st.integers(5, 200))
def test_labels_never_wait_for_deeper_tiles(seed: int, n: int, cap: int) -> None:
    read, tree, _, zooms, _, _ = made(seed, n, cap)
    level_of = np.empty(n, int)
    for tile, (level, _, _, start) in enumerate(read.tiles):
        level_of[tree.order[start : start + int(read.counts[tile])]] = level
    for zoom in range(22):
        assert level_of[zooms == zoom].max(initial=0) <= tiles.deepest(zoom)
    # A tile is filled before another is made below it.
    for tile in range(read.count):
        if read.mask[tile]:
            assert read.counts[tile] >= cap


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(300, 3000), st.tuples(*[st.floats(0, 1)] * 4))
def test_all_tiles_that_meet_a_view_hold_all_its_points(
    seed: int, n: int, corners: tuple[float, ...]
) -> None:
    read, _, unit, _, _, _ = made(seed, n, 20)
    (left, right), (low, high) = sorted(corners[:2]), sorted(corners[2:])
    found = 0
    for tile, (level, column, row, _) in enumerate(read.tiles):
        width = 2.0**-level
        if (
            column * width <= right
            and (column + 1) * width >= left
            and row * width <= high
            and (row + 1) * width >= low
        ):
            places, _ = read.points(tile)
            found += int(((places > [left, low]) & (places < [right, high])).all(axis=1).sum())
    true = int(((unit > [left, low]) & (unit < [right, high])).all(axis=1).sum())
    assert abs(found - true) <= 3  # a point may lie within half a step of an edge


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(10, 3000))
def test_facts_texts_and_neighbors_stand_beside_their_points(seed: int, n: int) -> None:
    read, tree, _, _, texts, readings = made(seed, n, 40)
    place = np.empty(n, int)
    place[tree.order] = np.arange(n)
    for tile, (_, _, _, start) in enumerate(read.tiles):
        count = int(read.counts[tile])
        rows = tree.order[start : start + count]
        told = read.files[f"{tile}.t"]
        assert list(told[:count]) == (rows * 8 // n).tolist()
        assert list(told[2 * count : 3 * count]) == (rows % 8).tolist()
        assert set(told[3 * count : 4 * count]) == {255}
        assert told[4 * count :].decode().split("\n") == [
            f"{texts[row]}\t{readings[row]}" if readings[row] else texts[row]
            for row in rows.tolist()
        ]
    for number, at in enumerate(range(0, n, tiles.CHUNK_FACTS)):
        rows = tree.order[at : at + tiles.CHUNK_FACTS]
        raw = read.part(f"facts.{number}").reshape(-1, len(rows))
        assert read.wide(raw[:4].ravel(), 4).tolist() == read.ids[rows].tolist()
        assert np.array_equal(raw[6], raw[7])  # of both projections
        elsewhere = read.wide(raw[8:12].ravel(), 4)
        assert len(raw) == 12 and len(set(elsewhere.tolist())) == len(rows)
    for number, at in enumerate(range(0, n, tiles.CHUNK_NEAR)):
        rows = tree.order[at : at + tiles.CHUNK_NEAR]
        near = read.wide(read.part(f"near.{number}")[: 40 * len(rows)], 4).reshape(10, -1).T
        assert np.array_equal(read.ids[tree.order[near]], read.near[rows])
    for number, at in enumerate(range(0, n, tiles.CHUNK_IDS)):
        raw = read.part(f"ids.{number}").reshape(8, -1)
        assert (
            read.wide(raw[:4].ravel(), 4).tolist() == read.ids[at : at + tiles.CHUNK_IDS].tolist()
        )
        assert read.wide(raw[4:].ravel(), 4).tolist() == place[at : at + tiles.CHUNK_IDS].tolist()


@pytest.fixture(scope="module")
def index() -> tuple[
    list[tuple[str, int, str]], list[str], list[str], tiles.Tree, list[str | None]
]:
    read, tree, _, _, texts, readings = made(3, 6000, 400)
    keys = read.files["keys"].decode().split("\n")
    entries = []
    for number, first in enumerate(keys):
        lines = [line.split("\t") for line in read.files[f"words.{number}"].decode().split("\n")]
        assert lines[0][0] == first and len(lines) <= tiles.CHUNK_WORDS
        entries += [(key, int(row), text or key) for key, row, text in lines]
    return entries, keys, texts, tree, readings


def test_every_beginning_is_found(index: tuple) -> None:
    entries, _, texts, tree, readings = index
    assert entries == sorted(entries, key=lambda one: one[:2])
    found: dict[int, set[str]] = {}
    for key, row, text in entries:
        found.setdefault(row, set()).add(key)
        assert text == texts[tree.order[row]]
    for row, at in enumerate(tree.order.tolist()):
        assert tiles.fold(texts[at]) in found[row]
        if readings[at]:
            assert tiles.fold(readings[at]) in found[row]
        if "york" in texts[at]:
            assert any(key.startswith("york") for key in found[row])


def test_text_is_folded_as_the_page_folds_it() -> None:
    assert (
        tiles.fold("Ｔokyo") == "tokyo"
        and tiles.fold("ユウショウ") == "ゆうしょう"
        and tiles.fold("ｶﾞ") == "が"
    )
    assert tiles.fold("ー・ヷ") == "ー・ヷ"


def test_the_folder_is_named_by_all_its_contents() -> None:
    one = tiles.folder("m", {"a": b"1", "b": b"2"})
    assert one.startswith("m.tiles.")
    others = [{"a": b"1", "b": b"3"}, {"a": b"12", "b": b""}, {"a": b"1"}]
    assert len({one, *(tiles.folder("m", other) for other in others)}) == 4


@settings(max_examples=30)
@given(st.lists(st.text(st.sampled_from("abcé かんカﾝ優🎌"), min_size=1, max_size=6), min_size=1))
def test_grams_lead_to_every_chunk_that_holds_them(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "CHUNK_WORDS", 3)
        patch.setattr(tiles, "GRAMS", 10)
        chunks, _ = tiles.words(texts, [None] * len(texts))
        files = tiles.grams(chunks)
    found: dict[str, list[int]] = {}
    for number, file in enumerate(files):
        for line in file.split("\n") if file else []:
            gram, steps = line.split("\t")
            assert tiles.bucket(gram, len(files)) == number
            found[gram] = np.cumsum([int(step) for step in steps.split()]).tolist()
    for number, chunk in enumerate(chunks):
        for line in chunk.split("\n"):
            key, _, text = line.split("\t")
            for held in (key, tiles.fold(text)):
                for size in (1, 2, 3):
                    for at in range(len(held) - size + 1):
                        assert number in found[held[at : at + size]]


def test_thin_regions_need_no_tiles_of_their_own() -> None:
    rng = np.random.default_rng(0)
    crowd, ground = rng.normal(0.5, 0.02, (40_000, 2)), rng.random((10_000, 2))
    unit = np.clip(np.r_[crowd, ground], 0, 1)
    zooms = np.full(len(unit), 255, np.uint8)
    tree = tiles.tree(unit, zooms, 400)
    counts = np.diff(tree.start)
    assert len(tree) <= len(unit) / 400
    assert counts.max() <= 4 * 400 and counts[0] == 400
