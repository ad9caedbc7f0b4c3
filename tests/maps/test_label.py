"""Labels that show together never overlap, stay while a reader zooms in, and give way only to more
important ones."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from atlas.maps import names as names_
from atlas.maps.records import Clusters, ClusterTitles, Labels, Layout
from atlas.maps.stages import label
from atlas.numeric import boxes
from atlas.numeric.boxes import NEVER
from atlas.numeric.density import NOISE
from atlas.spaces.records import KINDS, Selection, Vocabulary
from atlas.web import lettering

TEXTS = st.text("abcdefgh_##あ語カ゚ｱé", min_size=1, max_size=12)


class Case:
    """A layout with its clusters, its labels, and the boxes and ranges that these are for."""

    def __init__(self, xy: Any, texts: list[str], kinds: list[str], coarse: Any, fine: Any) -> None:
        self.xy = np.asarray(xy, np.float32).reshape(-1, 2)
        n = len(self.xy)
        self.vocabulary = Vocabulary(
            tuple(texts), tuple(texts), tuple(kinds), ("",) * n, "wordpiece"
        )
        self.groups = clusters(coarse, fine, texts)
        # Some go by titles, which are wider in one language or the other.
        titles = ({}, {"en": "Numbers 1–2", "ja": "数"}, {"en": "one", "ja": "まれな漢字：籟 · 癡"})
        count = len(self.groups.entries)
        self.titles = ClusterTitles(
            tuple(titles[number % 3] for number in range(count)), ("",) * count
        )
        self.labels = self.placed()
        entries = self.groups.entries
        names = [
            [names_.map_name(entry["level"], name) for name in title.values() or [entry["name"]]]
            for entry, title in zip(entries, self.titles.titles, strict=True)
        ]
        fine_ones = np.array([entry["level"] == "fine" for entry in entries], bool)
        sizes = label.name_sizes(self.groups, self.titles, fine_ones).tolist()
        widths = [
            max(lettering.text_width(name, size) * 1.08 for name in told)
            for told, size in zip(names, sizes, strict=True)
        ]
        widths += [lettering.text_width(text, label.TOKEN_PX) for text in texts]
        self.boxes = np.array(
            [(w, size * 1.25) for w, size in zip(widths, sizes + [label.TOKEN_PX] * n, strict=True)]
        ).reshape(-1, 2)
        self.places = np.concatenate([self.labels.anchors, self.xy]).astype(np.float64)
        self.zooms = np.concatenate([self.labels.cluster_zooms, self.labels.zooms]).astype(int)
        self.until = np.array(
            [
                names_.COARSE_UNTIL if entry["level"] == "coarse" else names_.FINE_UNTIL
                for entry in entries
            ]
            + [label.LEVELS - 1] * n
        )
        self.rank = [
            (0, -entry["size"], number)
            if entry["level"] == "coarse"
            else (1, -entry["size"], number)
            for number, entry in enumerate(entries)
        ]
        self.rank += [(2 + min(KINDS.index(kind), 2), 0, row) for row, kind in enumerate(kinds)]

    def placed(self) -> Labels:
        selection = Selection(np.arange(len(self.xy), dtype=np.int32))
        return label.label(
            Layout(self.xy, {}), self.groups, self.titles, self.vocabulary, selection
        )

    def gathered(self) -> Any:
        """Which clusters (c,) have their tokens about their names, counted one by one."""
        told = []
        for entry, anchor in zip(self.groups.entries, self.labels.anchors, strict=True):
            keys = self.groups.coarse if entry["level"] == "coarse" else self.groups.fine
            near = cKDTree(self.xy).query(anchor, k=[*range(1, max(entry["size"] // 2, 1) + 1)])[1]
            told.append(3 * int((keys[near] == entry["key"]).sum()) >= len(near))
        return np.array(told, bool)

    def least(self, row: int) -> int:
        """The first zoom at which a label may show."""
        token = row - len(self.groups.entries)
        lone = token >= 0 and self.groups.coarse[token] == self.groups.fine[token] == NOISE
        return label.ALONE_FROM if lone and self.groups.entries else 0

    def hits(self, zoom: int, room: Any = 0.0) -> Any:
        """Which boxes (m, m) overlap at a zoom, all of them shown, with some room (across, up)
        between them."""
        span = float(np.ptp(self.xy.astype(np.float64), axis=0).max()) if len(self.xy) else 0.0
        places = self.places * (label.VIEW / (span or 1.0) * 2 ** (zoom / 2))
        gaps = np.abs(places[:, None] - places)
        hits = (gaps < (self.boxes[:, None] + self.boxes) / 2 + np.asarray(room)).all(axis=2)
        np.fill_diagonal(hits, False)
        return hits

    def shown(self, zoom: int) -> Any:
        return (self.zooms <= zoom) & (zoom <= self.until)


def clusters(coarse: Any, fine: Any, texts: Any) -> Clusters:
    entries: list[dict[str, Any]] = []
    for level, keys in (("coarse", np.asarray(coarse)), ("fine", np.asarray(fine))):
        for key in range(int(keys.max(initial=NOISE)) + 1):
            rows = np.flatnonzero(keys == key)
            entries.append(
                {
                    "level": level,
                    "key": key,
                    "size": len(rows),
                    "name": names_.cluster_name([texts[row] for row in rows[:24]]),
                    "central": tuple(rows[:24].tolist()),
                    "parent": None,
                }
            )
    return Clusters(np.asarray(coarse, np.int32), np.asarray(fine, np.int32), tuple(entries), {})


def grouped(keys: list[int]) -> list[int]:
    """Keys numbered without gaps."""
    known = sorted(set(keys) - {NOISE})
    return [known.index(key) if key != NOISE else NOISE for key in keys]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n = draw(st.integers(0, 60))
    place = st.integers(0, draw(st.sampled_from([1, 20, 400])))
    some = {"min_size": n, "max_size": n}
    xy = draw(st.lists(st.tuples(place, place), **some))
    kinds = draw(st.lists(st.sampled_from(KINDS), **some))
    coarse, fine = (grouped(draw(st.lists(st.integers(NOISE, most), **some))) for most in (2, 6))
    return Case(xy, draw(st.lists(TEXTS, **some)), kinds, coarse, fine)


@settings(max_examples=80)
@given(case=cases())
def test_no_two_labels_shown_together_overlap(case: Case) -> None:
    assert ((case.zooms <= case.until) | (case.zooms == NEVER)).all()
    for zoom in range(label.LEVELS):
        shown = case.shown(zoom)
        assert not case.hits(zoom)[np.ix_(shown, shown)].any()


@settings(max_examples=80)
@given(case=cases())
def test_a_label_is_left_out_only_for_one_of_higher_priority(case: Case) -> None:
    """One zoom before it appears, a label would hit another that shows there, or where it appears
    further in; but for tokens in no cluster, and names of scattered ones."""
    scattered = ~case.gathered()
    hits = [
        case.hits(zoom, room=(boxes._PAD + 1e-6, boxes._PAD / 2 + 1e-6))
        for zoom in range(label.LEVELS)
    ]
    for row, zoom in enumerate(case.zooms.tolist()):
        before = min(zoom - 1, int(case.until[row]))
        if row < len(scattered) and scattered[row]:
            assert zoom == NEVER
        elif zoom > case.least(row):
            assert any(
                case.rank[other] < case.rank[row]
                and case.zooms[other] != NEVER
                and before <= case.until[other]
                and hits[max(before, case.zooms[other])][row, other]
                for other in range(len(case.zooms))
            )


@settings(max_examples=30)
@given(case=cases())
def test_the_same_every_time_and_however_memory_is_bounded(case: Case) -> None:
    pairs, boxes._PAIRS = boxes._PAIRS, 7
    try:
        again = case.placed()
    finally:
        boxes._PAIRS = pairs
    assert (again.zooms == case.labels.zooms).all() and (
        again.cluster_zooms == case.labels.cluster_zooms
    ).all()


@settings(max_examples=30)
@given(case=cases(), scale=st.sampled_from([0.25, 8.0]))
def test_the_unit_of_the_layout_does_not_matter(case: Case, scale: float) -> None:
    zooms = case.labels.zooms
    case.xy = case.xy * np.float32(scale)
    assert (case.placed().zooms == zooms).all()


@settings(max_examples=30)
@given(case=cases())
def test_a_name_stands_on_one_of_its_tokens(case: Case) -> None:
    for entry, anchor in zip(case.groups.entries, case.labels.anchors.tolist(), strict=True):
        keys = case.groups.coarse if entry["level"] == "coarse" else case.groups.fine
        assert anchor in case.xy[keys == entry["key"]].tolist()


def test_a_name_stands_in_the_larger_part_of_a_torn_cluster() -> None:
    rng = np.random.default_rng(0)
    xy = np.concatenate([rng.normal(size=(60, 2)), rng.normal(size=(40, 2)) + 100]).astype(
        np.float32
    )
    anchor = label._anchors(xy, clusters([0] * 100, [NOISE] * 100, ["a"] * 100))[0]
    assert np.hypot(*anchor) < 2


def test_a_name_of_a_scattered_cluster_is_not_shown() -> None:
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 8, 400)
    mixed = Case(rng.normal(size=(400, 2)), ["word"] * 400, ["word"] * 400, keys, [NOISE] * 400)
    assert (mixed.labels.cluster_zooms == NEVER).all()
    apart = rng.normal(size=(400, 2)) + 10 * keys[:, None]
    parted = Case(apart, ["word"] * 400, ["word"] * 400, keys, [NOISE] * 400)
    assert (parted.labels.cluster_zooms != NEVER).all()


def test_the_first_view_tells_of_no_stray_token() -> None:
    texts, xy = ["a", "b", "c", "far"], [[0, 0], [0.01, 0], [0.02, 0], [100, 0]]
    stray = Case(xy, texts, ["word"] * 4, [NOISE] * 4, [0, 0, 0, NOISE])
    assert stray.labels.zooms[3] == label.ALONE_FROM
    nothing = Case(xy, texts, ["word"] * 4, [NOISE] * 4, [NOISE] * 4)
    assert nothing.labels.zooms[3] == 0


def test_the_first_view_of_a_large_map_tells_of_no_token() -> None:
    rng = np.random.default_rng(0)
    for count, zoom in ((900, 0), (3000, 2), (16_000, label.TOKENS_FROM)):
        xy = rng.uniform(size=(count, 2)).astype(np.float32)
        texts = ["a"] * count
        keys = np.zeros(count, np.int32)
        vocabulary = Vocabulary(tuple(texts), tuple(texts), ("word",) * count, ("",) * count, "")
        labels = label.label(
            Layout(xy, {}),
            clusters(keys, keys - 1, texts),
            ClusterTitles(({},), ("",)),
            vocabulary,
            Selection(np.arange(count, dtype=np.int32)),
        )
        assert labels.cluster_zooms.tolist() == [0]
        assert labels.zooms.min() == zoom == label.tokens_from(count)


def test_names_grow_with_what_is_in_their_clusters_but_titles_do_not() -> None:
    keys = np.repeat([0, 1, 2, 3], [100, 50, 5, 90])
    texts = ["a"] * len(keys)
    groups = clusters(keys, np.full(len(keys), NOISE), texts)
    titles = ClusterTitles(({}, {}, {}, {"en": "Numbers 1–2"}), ("",) * 4)
    sizes = label.name_sizes(groups, titles, np.zeros(4, bool)).tolist()
    least, most = label.COARSE_PX
    assert sizes[0] == most > sizes[1] > sizes[2] >= sizes[3] == least > label.FINE_PX


def test_names_keep_their_room_and_give_it_up_further_in() -> None:
    """A short word fits in where a long name does not yet, and must not take its place."""
    texts = ["long-winded-name", "a", "b", "another-long-name", "c", "far"]
    xy = [[0, 0], [0.001, 0], [0.002, 0], [3, 0], [3.001, 0], [100, 0]]
    case = Case(xy, texts, ["word"] * 6, [NOISE] * 6, [0, 0, 0, 1, 1, NOISE])
    first, second = case.labels.cluster_zooms.tolist()
    assert first == 0 and 0 < second <= names_.FINE_UNTIL
    assert (
        min(case.labels.zooms[:5]) == names_.FINE_UNTIL + 1
    )  # the tokens under the names show once these have gone


def test_common_words_come_before_rare_ones_and_words_before_others() -> None:
    def first(kinds: list[str]) -> int:
        xy = [[0, 0]] * len(kinds) + [[100, 0]]
        nothing = [NOISE] * (len(kinds) + 1)
        zooms = Case(
            xy, ["word"] * (len(kinds) + 1), [*kinds, "word"], nothing, nothing
        ).labels.zooms[:-1]
        assert (zooms == NEVER).sum() == len(kinds) - 1
        return int(zooms.argmin())

    assert first(["word", "word"]) == 0
    assert first(["special", "unused", "continuation", "word", "word"]) == 3
    assert first(["byte", "special", "continuation"]) == 2
    assert first(["unused", "special", "byte"]) == 0


def test_widths_follow_the_script() -> None:
    assert lettering.text_width("", 12) == 0
    assert lettering.text_width("昭和", 12) == 24
    assert lettering.text_width("フランス", 10) == 40
    assert lettering.text_width("abc", 10) == pytest.approx(18)
    assert lettering.text_width("ｱｲ", 10) == pytest.approx(12)  # half-width katakana
    assert lettering.text_width("か\u3099", 10) == 10  # marks add nothing
    assert (
        lettering.text_width("e\u0301", 10)
        == lettering.text_width("\u00e9", 10)
        == lettering.text_width("e", 10)
    )
    assert lettering.text_width("กั", 10) == lettering.text_width("ก", 10)


@pytest.mark.parametrize(("text", "zoom"), [("昭", 0), ("昭和時代", 3), ("abcd", 2)])
def test_a_label_shows_when_the_map_gives_it_room(text: str, zoom: int) -> None:
    """Two labels 20 px apart on the whole map: 18, 54 and 34.8 px wide, they need 0, 2.9 and 1.6
    half-octaves more."""
    nothing = [NOISE] * 3
    zooms = Case(
        [[0, 0], [20, 0], [400, 0]], [text] * 3, ["word"] * 3, nothing, nothing
    ).labels.zooms
    assert zooms.tolist() == [0, zoom, 0]


def test_names() -> None:
    assert names_.cluster_name(["a", "b", "c", "d"]) == "a · b · c"
    assert names_.cluster_name(["a"]) == "a" and names_.cluster_name([]) == ""
    assert names_.cluster_name(["␣said", "told␣", "␣␣", "##s"]) == "said · told · ␣␣"
    assert names_.cluster_name(["-" * 99, "a"]) == "-" * 23 + "… · a"
    told = [["␣said", "␣told"], ["␣may", "␣june"], ["May", "June"], ["may", "##j"], []]
    assert names_.cluster_names(told) == [
        "said · told",
        "␣may · ␣june",
        "May · June",
        "may · ##j",
        "",
    ]
    assert names_.map_name("coarse", "a · b") == "a" and names_.map_name("fine", "a · b") == "a · b"


def test_many_tokens_at_one_place_do_not_exhaust_memory() -> None:
    """Reserved tokens of a vocabulary, never trained, come to lie on one another."""
    import tracemalloc

    n = 20_000
    xy = np.random.default_rng(0).normal(size=(n, 2)) * 1e-5
    xy[-1] = 1.0
    tracemalloc.start()
    labels = _plain(xy)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert labels.zooms[0] != NEVER and peak < 5e8


def _plain(xy: Any) -> Labels:
    n = len(xy)
    texts = ("[unused]",) * n
    nothing = np.full(n, NOISE, np.int32)
    return label.label(
        Layout(np.asarray(xy, np.float32), {}),
        Clusters(nothing, nothing, (), {}),
        ClusterTitles((), ()),
        Vocabulary(texts, texts, ("unused",) * n, ("",) * n, "wordpiece"),
        Selection(np.arange(n, dtype=np.int32)),
    )


def test_a_vocabulary_takes_a_moment() -> None:
    start = time.perf_counter()
    _plain(np.random.default_rng(0).normal(size=(30_522, 2)))
    assert time.perf_counter() - start < 60  # 0.7 s where this was written
