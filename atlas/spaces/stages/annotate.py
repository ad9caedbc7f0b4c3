"""Part of speech and reading of Japanese tokens, by UniDic through MeCab (fugashi)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from atlas.engine.stage import Work, stage
from atlas.models.unidic import UNIDIC, Feature, Word, tagger
from atlas.spaces.records import Annotations, Vocabulary

# UniDic's first two levels make more classes than colours can tell apart. These second levels are
# worth a class of their own.
_FINER = {
    ("名詞", "固有名詞"): "固有名詞",
    ("名詞", "数詞"): "数詞",
}


_PLACES = {"地名": "固有名詞・地名", "人名": "固有名詞・人名"}


@stage("annotate", version=2, weight=0.5, uses=(UNIDIC,))
def annotate(vocabulary: Vocabulary, *, language: str, work: Work = Work()) -> Annotations:
    """Part of speech (UniDic's own words, proper nouns and numerals told apart) and reading in
    katakana of each token.

    A continuation is looked up without its `##`. A token that MeCab splits takes the class of its
    last word, the head of a Japanese compound, and the readings of all its words. None for special,
    byte and unused tokens, for words not in the dictionary, and for languages other than Japanese,
    where `dictionary` is empty.
    """
    nothing: tuple[str | None, ...] = (None,) * len(vocabulary)
    if language.split("-")[0] != "ja":
        return Annotations(nothing, nothing, "")
    look_up = tagger()
    pos: list[str | None] = []
    readings: list[str | None] = []
    for row, (text, kind) in enumerate(zip(vocabulary.texts, vocabulary.kinds, strict=True)):
        if row % 1000 == 0:
            work.progress(row / len(vocabulary))
        plain = text.removeprefix("##").removeprefix("␣")
        words = look_up(plain) if kind in ("word", "continuation") and plain else []
        pos.append(_class(words[-1].feature) if words and not words[-1].is_unk else None)
        readings.append(_reading(words))
    return Annotations(
        tuple(pos), tuple(readings), f"UniDic (unidic-lite {version('unidic-lite')})"
    )


def _class(feature: Feature) -> str | None:
    first, second, third = feature.pos1, feature.pos2, feature.pos3
    if (first, second) == ("名詞", "固有名詞"):
        return _PLACES.get(third, _FINER[first, second])
    return _FINER.get((first, second), first) if first and first != "*" else None


def _reading(words: Sequence[Word]) -> str | None:
    kana = []
    for word in words:
        reading = None if word.is_unk else (getattr(word.feature, "kana", None) or None)
        if not reading or reading == "*":
            return None
        kana.append(reading)
    return "".join(kana) or None
