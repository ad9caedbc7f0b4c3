"""Words of landmarks become tokens as a reader would find them, and lexicons are those of CLDR and
UniDic."""

from __future__ import annotations

from typing import Any

import pytest

from atlas.errors import ConfigError
from atlas.maps.cldr import cldr
from atlas.maps.landmarks import Claim, Landmark
from atlas.maps.stages.lexicon import lexicon
from atlas.spaces.readable import script
from atlas.spaces.records import Vocabulary


def vocabulary(*texts: str, family: str = "wordpiece") -> Vocabulary:
    kinds = tuple(
        "continuation" if text.startswith("##") else "special" if text.startswith("[") else "word"
        for text in texts
    )
    if family != "wordpiece":
        kinds = tuple("word" if text.startswith("␣") else "continuation" for text in texts)
    return Vocabulary(texts, texts, kinds, tuple(script(text) for text in texts), family)


def ids(known: Vocabulary, language: str = "en", **one: Any) -> list[int]:
    return list(
        lexicon(known, language=language, sets=[{"name": "x", **one}], words=()).sets[0]["ids"]
    )


def test_words_are_found_as_they_read() -> None:
    known = vocabulary("[CLS]", "japan", "##japan", "turkiye", "curacao", "united")
    tokens = ["Japan", "Türkiye", "United States", "[CLS]"]
    found = lexicon(
        known,
        language="en",
        words=["Japan", "United States"],
        sets=[{"name": "x", "tokens": tokens}],
    )
    assert found.sets[0] == {"name": "x", "ids": [1, 3], "missing": ["United States", "[CLS]"]}
    assert found.words == {"Japan": 1, "United States": None}


def test_a_cased_vocabulary_is_taken_at_its_word() -> None:
    known = vocabulary("turkey", "Turkey", "march")
    assert ids(known, tokens=["Turkey"]) == [1]
    assert ids(known, tokens=["March"]) == []


def test_width_does_not_matter() -> None:
    assert ids(vocabulary("ab", "メートル"), tokens=["ａｂ", "ﾒｰﾄﾙ"]) == [0, 1]


def test_a_word_goes_before_a_continuation_that_reads_the_same() -> None:
    known = vocabulary("lap", "␣lap", "top", family="byte-level-bpe")
    assert ids(known, tokens=["lap", "top"]) == [1, 2]


def test_scripts_and_patterns_take_words_only() -> None:
    known = vocabulary("[PAD]", "12", "3", "##4", "+", "!", "a1")
    assert ids(known, pattern="^[0-9]+$") == [1, 2]
    assert ids(known, scripts=["Punctuation", "Symbols"]) == [4, 5]
    assert ids(known, scripts=["Digits"], pattern="^..$") == [1]


def test_the_keys_of_a_landmark_add_up() -> None:
    known = vocabulary("12", "one", "two")
    assert ids(known, tokens=["one"], pattern="^[0-9]+$") == [0, 1]


@pytest.mark.parametrize(
    ("unidic", "members"),
    [
        ("place", {"大阪", "フランス"}),
        ("country", {"フランス"}),
        ("person", {"太郎"}),
        ("numeral", {"三"}),
        ("counter", {"匹"}),
    ],
)
def test_classes_of_unidic(unidic: str, members: set[str]) -> None:
    texts = (
        "大阪",
        "フランス",
        "太郎",
        "三",
        "匹",
        "走る",
        "##大阪",
        "大阪城",
        "所",
        "漢",
        "みえ",
        "ルー",
    )
    found = ids(vocabulary(*texts), "ja", unidic=unidic)
    assert {texts[row] for row in found} == members


def test_japanese_words_of_cldr_are_first_of_all_that() -> None:
    texts = ("ドル", "コロン", "ブル", "円", "メートル", "光", "フランス", "タイ", "アルバ")
    for first, members in (
        ("counter", ["ドル", "メートル"]),
        ("place", ["フランス", "タイ"]),
        (None, list(texts)),
    ):
        found = ids(vocabulary(*texts), "ja", cldr=list(texts), first=first)
        assert [texts[row] for row in found] == members
    assert ids(vocabulary("アメリカ合衆国"), "ja", cldr=["アメリカ合衆国"], first="place") == [0]
    assert ids(vocabulary("ブル"), "ja", tokens=["ブル"], first="counter") == [0]


def test_words_may_be_left_out() -> None:
    known = vocabulary("one", "two", "12")
    assert ids(known, tokens=["one", "two"], pattern="^[0-9]+$", without=["two", "x"]) == [0, 2]


def test_english_words_of_cldr_are_first_of_all_that() -> None:
    assert not {"Won", "Real", "Gold", "Mark"} & set(cldr("currencies", "en"))
    assert not {"second", "light", "cup", "points"} & set(cldr("units", "en"))
    assert {"seconds", "minute", "inch"} <= set(cldr("units", "en"))


def test_unidic_is_japanese() -> None:
    assert ids(vocabulary("大阪"), "zh", unidic="place") == []


@pytest.mark.parametrize(
    ("lexicon", "language", "some"),
    [
        ("countries", "en", {"Japan", "France", "South Korea"}),
        ("countries", "ja", {"日本", "フランス", "韓国"}),
        ("languages", "en", {"Japanese", "Finnish"}),
        ("languages", "ja", {"日本語", "英語"}),
        ("currencies", "en", {"Yen", "Dollar", "Euro"}),
        ("currencies", "ja", {"ユーロ", "ドル"}),
        ("months", "en", {"January", "May"}),
        ("months", "ja", {"1月", "12月"}),
        ("weekdays", "de", {"Montag", "Sonntag"}),
        ("weekdays", "ja", {"月曜日"}),
        ("units", "en", {"meter", "meters", "kilograms"}),
        ("units", "ja", {"メートル", "キログラム"}),
    ],
)
def test_lexicons_of_cldr(lexicon: Any, language: str, some: set[str]) -> None:
    found = cldr(lexicon, language)
    assert some <= set(found)
    assert len(set(found)) == len(found)


def test_cldr_leaves_out_what_is_none_of_the_kind() -> None:
    assert not {"European Union", "World", "Unknown Region", "Europe"} & set(
        cldr("countries", "en")
    )
    assert not {"Silver", "Palladium", "Rights"} & set(cldr("currencies", "en"))
    assert cldr("months", "ja")[0] == "1月" and cldr("months", "de")[0] == "Januar"
    assert len(cldr("months", "en")) == 12 and len(cldr("weekdays", "en")) == 7


def test_a_language_unknown_to_cldr_is_told() -> None:
    with pytest.raises(ConfigError, match="CLDR has no months in the language 'xx'"):
        cldr("months", "xx")


def test_whom_a_landmark_is_for() -> None:
    assert Landmark(name="x", tokens=("a",)).applies("m", "ja")
    assert Claim(words=("a", "b"), languages=("zh",)).applies("m", "zh-Hant")
    assert not Claim(words=("a", "b"), languages=("zh",), models=("n",)).applies("m", "zh-Hant")
    assert not Claim(words=("a", "b"), languages=("en",)).applies("m", "ja")
