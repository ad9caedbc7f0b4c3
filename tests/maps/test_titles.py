"""Titles of clusters: true of most of their tokens, and of no two."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.maps.names import cluster_name
from atlas.maps.records import Clusters, Lexicon
from atlas.maps.stages.titles import cluster_titles, number_range, rare, single_sign
from atlas.maps.wording import wording
from atlas.spaces.readable import script
from atlas.spaces.records import Selection, Vocabulary

LANGUAGES = ("en", "ja")
MONTHS = ["january", "february", "march", "april", "may"]
OTHERS = ["hair", "roof", "engine", "door", "window", "stove", "chimney", "lamp"]
SETS = {"months": {"en": "Months", "ja": "月の名前"}}


def titles(
    *groups: list[str],
    fine: list[list[str]] | None = None,
    rest: int = 60,
    language: str = "en",
    kinds: dict[str, str] | None = None,
) -> list[dict[str, str]]:
    """The titles of coarse clusters of these texts, and of fine ones, on a map with as many more
    English words in none."""
    words = [f"{word}{number}" for number, word in enumerate(OTHERS * rest)][:rest]
    told = [text for group in (*groups, *(fine or ())) for text in group]
    texts = list(dict.fromkeys(told + words))
    coarse, inner = np.full((2, len(texts)), -1, np.int32)
    entries: list[dict[str, Any]] = []
    for level, keys, members in (("coarse", coarse, groups), ("fine", inner, fine or ())):
        for key, group in enumerate(members):
            rows = [texts.index(text) for text in group]
            keys[rows] = key
            above = set(coarse[rows].tolist()) if level == "fine" else {-1}
            parent = above.pop() if len(above) == 1 and -1 not in above else None
            name = cluster_name(group)
            entries.append({"level": level, "name": name, "central": rows, "parent": parent})
    vocabulary = Vocabulary(
        tuple(texts),
        tuple(texts),
        tuple((kinds or {}).get(text, "word") for text in texts),
        tuple(script(text) for text in texts),
        "wordpiece",
    )
    ids = [row for row, text in enumerate(texts) if text in MONTHS]
    found = cluster_titles(
        Clusters(coarse, inner, tuple(entries), {}),
        vocabulary,
        Selection(np.arange(len(texts), dtype=np.int32)),
        Lexicon(({"name": "months", "ids": ids},), {}),
        language=language,
        wording=wording(Path(), LANGUAGES),
    )
    assert not any(map(all, zip(found.titles, found.landmarks, strict=True)))
    pairs = zip(found.titles, found.landmarks, strict=True)
    return [SETS.get(name, title) for title, name in pairs]


@pytest.mark.parametrize(
    ("texts", "ends"),
    [
        (["1990", "1985", "wartime", "2001"], (1985, 2001)),
        (["##12", "7", "300"], (7, 300)),
        ([*map(str, range(100, 200)), "9999"], (105, 195)),
        (["one", "2", "3"], None),
        (["7", "7"], None),
        (["²", "½"], None),
    ],
)
def test_a_range_of_numbers(texts: list[str], ends: tuple[int, int] | None) -> None:
    assert number_range(texts) == ends


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=60, unique=True))
def test_a_range_holds_nine_tenths_of_its_numbers(numbers: list[int]) -> None:
    low, high = number_range([str(number) for number in numbers]) or (1, 0)
    assert sum(low <= number <= high for number in numbers) >= 0.9 * len(numbers)


def test_what_one_property_covers_goes_by_it_in_every_language() -> None:
    unused = [f"[unused{number}]" for number in range(9)]
    found = titles(
        ["1990", "1985", "2001"],
        [*MONTHS, "hair"],
        ["ㄱ", "ㄴ", "ㄷ", "ㄹ"],
        [*unused, "roof", "engine"],
        ["hair2", "roof2"],
        ["→", "。", "…"],
        ["ა", "к", "ф", "ه"],
        kinds=dict.fromkeys(unused, "unused"),
    )
    assert [one.get("en") for one in found] == [
        "Numbers 1985–2001",
        "Months",
        "Hangul letters",
        "Unused rows 13–21",
        None,
        "Punctuation and symbols",
        "Signs of many scripts",
    ]
    assert [one.get("ja") for one in found] == [
        "数 1985–2001",
        "月の名前",
        "ハングル",
        "未使用の行 13–21",
        None,
        "約物と記号",
        "さまざまな文字と記号",
    ]


def test_leftovers_of_a_vocabulary_go_by_what_they_are() -> None:
    unused = [f"[unused{number}]" for number in range(4)]
    signs = ["ˢ", "ರ", "##州", "##彳", "→", "ა"]
    names = [f"name{number}" for number in range(3)]
    kinds = dict.fromkeys(unused, "unused")
    mixed, bare, worded = titles(
        unused + signs, ["a", "b", "##c", "ʳ", "2"], [*unused[:1], *names, "é"], kinds=kinds
    )
    assert mixed == {"en": "Unused rows and rare characters", "ja": "未使用の行とまれな文字"}
    assert bare == {"en": "Single letters and signs", "ja": "単独の文字と記号"}
    assert worded == {}
    both = titles(["pre", "q", "##r", "##s", "ʳ"], ["logo", "g", "##h", "##k", "##ˢ"])
    assert [one["en"].partition(": ")[2] for one in both] == ["q · ##r · ##s", "g · ##h · ##k"]
    assert single_sign("##ˢ") and single_sign("␣a") and single_sign("が")
    assert not any(map(single_sign, ("山", "##川", "ab", "")))


@given(st.lists(st.sampled_from([*MONTHS, *OTHERS]), min_size=2, max_size=13, unique=True))
def test_words_are_no_leftovers(words: list[str]) -> None:
    assert titles(words, ["hair9", "roof9"])[0].get("en", "Months") == "Months"


def test_runs_of_spaces_go_by_their_lengths() -> None:
    runs = ["␣" * length for length in range(2, 40)]
    long, mixed, fine = titles(
        [*runs, "⏎", "hair"], ["⏎", "⏎⏎", "⇥", "⇥⇥", "␣"], fine=[runs[20:30]]
    )
    assert long == {"en": "Runs of 2–39 spaces", "ja": "空白 2–39 個の連なり"}
    assert mixed == {"en": "Spaces and line breaks", "ja": "空白と改行"}
    assert fine["en"] == "Runs of 22–31 spaces"
    assert titles(["──", "--", "␣␣"])[0]["en"] == "Punctuation and symbols"


def test_bytes_and_rare_characters() -> None:
    signs = ["<0xE3>", "<0xA1>", "<0x0A>"]
    assert titles(signs, kinds=dict.fromkeys(signs, "byte"))[0]["en"] == "Single bytes"
    kanji = ["籟", "癡", "##纓", "山"]
    assert titles(kanji, language="ja")[0]["ja"] == "まれな漢字"
    assert titles(kanji)[0]["en"] == "Chinese characters"
    assert titles(["山", "川", "##海"], language="ja")[0]["en"] == "Chinese characters"
    assert rare("籟") and rare("##癡") and rare("𠮷")
    assert not any(map(rare, ("山", "##川", "C", "籟籟", "あ", "", "é")))


def test_what_several_are_is_told_beside_the_tokens_or_not_at_all() -> None:
    first, second = titles(["籟", "癡", "纓"], ["俛", "榜", "悸"], language="ja")
    assert first == {"en": "Rare characters: 籟 · 癡 · 纓", "ja": "まれな漢字：籟 · 癡 · 纓"}
    assert second == {"en": "Rare characters: 俛 · 榜 · 悸", "ja": "まれな漢字：俛 · 榜 · 悸"}
    assert titles(MONTHS[:3], MONTHS[3:]) == [{}, {}]
    coarse, fine = titles(MONTHS, fine=[MONTHS[:4]])
    assert coarse["en"] == "Months" and fine == {}


def test_what_the_cluster_around_has_told_is_not_told_again() -> None:
    rare_ones = ["籟", "癡", "纓", "俛", "榜", "悸"]
    around, *inner, alone = titles(
        rare_ones, fine=[rare_ones[:3], rare_ones[3:], ["歸", "殘", "對"]], language="ja"
    )
    assert around["en"].startswith("Rare characters")
    assert inner == [{}, {}]
    assert alone["en"] == "Rare characters: 歸 · 殘 · 對"


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [*MONTHS, *OTHERS, "1990", "1985", "2001", "籟", "癡", "к", "。", "ㄱ"]
            ),
            min_size=1,
            max_size=5,
            unique=True,
        ),
        max_size=5,
    ),
    st.sampled_from(LANGUAGES),
)
def test_no_two_of_a_level_have_one_title(groups: list[list[str]], language: str) -> None:
    seen: set[str] = set()
    apart = []
    for group in groups:  # a token is in one cluster
        apart.append([text for text in group if text not in seen])
        seen |= {*group}
    found = titles(*filter(None, apart), language=language)
    for code in LANGUAGES:
        counts = Counter(one[code] for one in found if one)
        assert not counts or max(counts.values()) == 1
    assert all(one.keys() in ({}.keys(), {"en": 0, "ja": 0}.keys()) for one in found)


def test_words_are_said_in_every_language() -> None:
    english, japanese = (
        {name: said[code] for name, said in wording(Path(), LANGUAGES).items()}
        for code in LANGUAGES
    )
    same = [name for name, text in english.items() if japanese[name] == text]
    assert same == []
    assert all(
        text.count("%(first)s") == japanese[name].count("%(first)s")
        for name, text in english.items()
    )


def test_an_own_catalogue_says_it_and_is_read_anew(tmp_path: Path) -> None:
    own = tmp_path / "locale" / "fr" / "LC_MESSAGES" / "atlas.po"
    own.parent.mkdir(parents=True)
    for told in ("Octets isolés", "Octets seuls"):
        text = f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Single bytes"\nmsgstr "{told}"\n'
        own.write_text(text, encoding="utf-8")
        said = wording(tmp_path, ("fr", "en"))
        assert said["bytes"] == {"fr": told, "en": "Single bytes"}
        assert said["rare"]["fr"] == "Rare characters"  # which it lacks
