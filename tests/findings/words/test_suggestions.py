"""Suggested words: every word is found by any part of its text and reading, in one small file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence

import pytest
from conftest import Built
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.findings.words import suggestions
from atlas.findings.words.suggestions import DEPTH, SOUNDING, TOP, Word
from atlas.maps.files.tiles import fold

SIGNS = "aabbehyouｂカかユゆうしょ優勝😀"
texts = st.text(SIGNS, min_size=1, max_size=9)
words = st.builds(
    Word,
    texts,
    st.just((0,)),
    st.integers(0, 99),
    st.none() | st.text("カユゆうしょー", max_size=6),
)


def chosen(files: dict[str, bytes], query: str) -> tuple[bool, list[str]]:
    """Whether a query has a file of its own, and the texts in its file."""
    index = json.loads(files["index.json"])
    start = query[:DEPTH]
    own = start in index["tops"]
    bound = start if own else [one for one in index["pages"] if one <= start][-1]
    name = f"{'top-' if own else ''}{bound.encode().hex() or '_'}.json"
    return own, [text for text, _, _ in json.loads(files[name])["words"]]


def holds(word: Word, query: str) -> bool:
    """Whether a word is to be found."""
    forms = (fold(word.text), fold(word.reading or ""))
    return any(query in form for form in forms)


@settings(max_examples=60)
@given(st.lists(words, min_size=1, max_size=60, unique_by=lambda word: word.text))
def test_every_part_of_a_word_finds_it(found: list[Word]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suggestions, "PAGE", 300)
        files = suggestions.suggestions(found, [{"id": "m", "title": "M"}])
    for query in queries(found):
        own, shown = chosen(files, query)
        expected = {word.text for word in found if holds(word, query)}
        if own:
            best = [text for text in shown if text in expected]
            assert len(best) >= min(TOP, len(expected)), query
            assert len(shown) <= TOP + SOUNDING
            begun = [word for word in found if fold(word.text).startswith(query)]
            most = sorted(begun, key=lambda word: (word.rank, word.text))[:TOP]
            exact = {word.text for word in found if fold(word.text) == query}
            assert exact <= set(shown) or len(exact) > TOP
            assert len({word.text for word in most} & set(shown)) >= min(
                TOP - len(exact) - len(read(found, query)), len(most)
            )
        else:
            assert expected <= set(shown), query


def read(found: Sequence[Word], query: str) -> list[Word]:
    """The words whose reading is the query."""
    return [word for word in found if fold(word.reading or "") == query]


def queries(found: Sequence[Word]) -> set[str]:
    """Every part of every form of some words."""
    forms = {form for word in found for form in (fold(word.text), fold(word.reading or ""))}
    return {
        form[begin:end]
        for form in forms
        for begin in range(len(form))
        for end in range(begin + 1, len(form) + 1)
    }


@settings(max_examples=60)
@given(st.lists(words, min_size=1, max_size=40, unique_by=lambda word: word.text))
def test_the_sound_of_a_reading_finds_it(found: list[Word]) -> None:
    files = suggestions.suggestions(found, [])
    for word in found:
        sound = suggestions.sound(fold(word.reading or ""))
        for end in range(1, len(sound) + 1):
            assert word.text in chosen(files, sound[:end])[1]


@pytest.mark.parametrize(
    ("reading", "typed"),
    [
        ("ゆうしょう", ["yuushou", "yuusyou", "yūshō", "yusho", "yuusyo"]),
        ("しんぶん", ["shinbun", "shimbun", "sinbun"]),
        ("ちゃくじつ", ["chakujitsu", "tyakuzitu", "chakujitu"]),
        ("がっこう", ["gakkou", "gakkō", "gakko"]),
        ("ふじさん", ["fujisan", "huzisan"]),
    ],
)
def test_every_way_of_writing_a_sound_is_one(reading: str, typed: list[str]) -> None:
    assert {suggestions.plain(one) for one in typed} == {suggestions.sound(reading)}


def test_the_more_frequent_stand_first() -> None:
    found = [Word("abc", (0,), 7), Word("abd", (0, 1), 3), Word("xab", (1,), 1)]
    files = suggestions.suggestions(found, [])
    [page] = [json.loads(files[name]) for name in files if name != "index.json"]
    assert page["words"] == [["xab", "", [1]], ["abd", "", [0, 1]], ["abc", "", [0]]]


def test_files_of_a_site_are_small(tiny_atlas: Built) -> None:
    folder = tiny_atlas.public / "data" / "words" / "suggest"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert [model["id"] for model in index["models"]] == ["minilm", "ja-aozora"]
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in folder.iterdir()}
    assert len(sizes) == 1 + len(index["pages"]) + len(index["tops"])
    assert max(sizes.values()) <= 12_500, max(sizes.items(), key=lambda item: item[1])
    assert sum(sizes.values()) < 1_200_000
