from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from atlas.engine.stage import Work
from atlas.spaces.records import Vocabulary
from atlas.spaces.stages.annotate import annotate
from atlas.spaces.stages.vocabulary import vocabulary

AOZORA = Path(__file__).resolve().parents[2] / "site" / "models" / "ja-aozora"


def words(*texts: str, kind: str = "word") -> Vocabulary:
    return Vocabulary(texts, texts, (kind,) * len(texts), ("",) * len(texts), "wordpiece")


def test_classes_and_readings() -> None:
    found = annotate(
        words("三", "フランス", "昭和", "食べる", "美しい", "は", "夏目", "。", "東京"),
        language="ja",
    )
    pos = [
        "数詞",
        "固有名詞・地名",
        "固有名詞",
        "動詞",
        "形容詞",
        "助詞",
        "固有名詞・人名",
        "補助記号",
        "固有名詞・地名",
    ]
    assert list(found.pos) == pos
    assert (
        found.readings[:5] == ("サン", "フランス", "ショウワ", "タベル", "ウツクシイ")
        and found.readings[8] == "トウキョウ"
    )
    assert found.dictionary.startswith("UniDic")


def test_marks_of_the_tokenizer_are_not_looked_up() -> None:
    plain = annotate(words("フランス", "東京"), language="ja")
    assert (
        annotate(words("##フランス", "##東京", kind="continuation"), language="ja").pos == plain.pos
    )
    assert annotate(words("␣フランス", "␣東京"), language="ja").readings == plain.readings


def test_nothing_is_said_of_other_kinds_and_unknown_words() -> None:
    for kind in ("special", "byte", "unused"):
        found = annotate(words("東京", "三", kind=kind), language="ja")
        assert found.pos == found.readings == (None, None)
    found = annotate(words("##", "␣", "", "ヷヸヹヺ", "zxqvk"), language="ja")
    assert found.readings == (None,) * 5 and found.pos[1:] == (None,) * 4


def test_english_has_no_annotations() -> None:
    for language in ("en", "de", "", "jam"):
        found = annotate(words("victory", "三"), language=language)
        assert found.pos == found.readings == (None, None) and found.dictionary == ""
    assert annotate(words("三"), language="ja-JP").pos == ("数詞",)


def test_embedded_vocabulary() -> None:
    seen: list[float] = []
    tokens = vocabulary(work=Work(f"path:{AOZORA}"))
    found = annotate(tokens, language="ja", work=Work(progress=seen.append))
    assert len(found.pos) == len(tokens) and seen == sorted(seen) and len(seen) > 10
    row = tokens.tokens.index("フランス")
    assert (found.pos[row], found.readings[row]) == ("固有名詞・地名", "フランス")
    named = sum(entry is not None for entry in found.pos)
    assert named > 0.85 * len(tokens)
    assert all(
        entry is None or all("ァ" <= sign <= "ヿ" for sign in entry) for entry in found.readings
    )


def test_another_dictionary_that_is_installed_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    large = ModuleType("unidic")
    large.DICDIR = "/nowhere"  # type: ignore[attr-defined]  # as the package is before its dictionary is downloaded
    monkeypatch.setitem(sys.modules, "unidic", large)
    assert annotate(words("三"), language="ja").pos == ("数詞",)
