"""Which tokens of a vocabulary the words of landmarks and claims are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from atlas.engine.stage import Progress, Work, stage
from atlas.maps.records import Lexicon
from atlas.models.unidic import UNIDIC, tagger
from atlas.spaces.patterns import found
from atlas.spaces.records import Vocabulary

# UniDic's levels of parts of speech, as they begin.
_CLASSES = {
    "place": (("名詞", "固有名詞", "地名"),),
    "country": (("名詞", "固有名詞", "地名", "国"),),
    "person": (("名詞", "固有名詞", "人名"),),
    "numeral": (("名詞", "数詞"),),
    "counter": (("接尾辞", "名詞的", "助数詞"), ("名詞", "普通名詞", "助数詞可能")),
}


_HIRAGANA, _SHORT_KATAKANA = re.compile("[ぁ-ゖー]+"), re.compile("[ァ-ヺー]{1,2}")


@stage("lexicon", version=2, weight=0.5, uses=(UNIDIC,))
def lexicon(
    vocabulary: Vocabulary,
    *,
    language: str,
    sets: Sequence[Mapping[str, Any]],
    words: Sequence[str],
    work: Work = Work(),
) -> Lexicon:
    """The tokens of each set and of each word.

    Every set has a `name` and, each if wanted, `tokens`, `cldr` (words, of which Japanese ones must
    be of UniDic's class `first` before all else), `unidic` (such a class), `scripts` and `pattern`
    (both must hold), and `without`, which are no members.

    A word is a token when that reads just so without its marks of a word's start and end; else when
    it does after NFKC; else, in an uncased vocabulary (one without capital letters), when it does
    in lower case, and without accents. Where two tokens read the same, a word goes before a
    continuation, and a lower id before a higher one. Raises StageError for a pattern that takes too
    long.
    """
    index = _index(vocabulary)
    uncased = _uncased(vocabulary)
    looked_up = any(row.get("unidic") or row.get("first") for row in sets)
    of = _class_of() if looked_up and language.split("-")[0] == "ja" else None
    classes = _classes(vocabulary, of, work.progress) if of else {}

    def token(word: str) -> int | None:
        return next((index[form] for form in _forms(word, uncased) if form in index), None)

    members = []
    for asked in sets:
        lexical = asked.get("cldr", ())
        if of and (first := asked.get("first")):
            # One of several words is what it is said to be.
            lexical = [word for word in lexical if (told := of(word)) is None or first in told]
        tokens = {word: token(word) for word in (*asked.get("tokens", ()), *lexical)}
        ids = {row for row in tokens.values() if row is not None}
        ids |= classes.get(asked.get("unidic") or "", set())
        ids |= _matching(vocabulary, asked.get("scripts"), asked.get("pattern"))
        ids -= {row for word in asked.get("without", ()) if (row := token(word)) is not None}
        missing = [word for word, row in tokens.items() if row is None]
        members.append({"name": asked["name"], "ids": sorted(ids), "missing": missing})
    return Lexicon(tuple(members), {word: token(word) for word in words})


def _index(vocabulary: Vocabulary) -> dict[str, int]:
    """The token that reads as a text: words first, then, where continuations have no mark of their
    own, these."""
    kinds = (
        ("word",) if vocabulary.family in ("wordpiece", "wordlevel") else ("word", "continuation")
    )
    rows: dict[str, int] = {}
    for kind in kinds:
        for row, text in enumerate(vocabulary.texts):
            if vocabulary.kinds[row] == kind:
                rows.setdefault(text.strip("␣") or text, row)
    return rows


def _uncased(vocabulary: Vocabulary) -> bool:
    return not any(
        text != text.lower()
        for text, kind in zip(vocabulary.texts, vocabulary.kinds, strict=True)
        if kind == "word"
    )


def _forms(word: str, uncased: bool) -> Iterator[str]:
    yield word
    plain = unicodedata.normalize("NFKC", word)
    yield plain
    if uncased:
        yield plain.lower()
        yield "".join(
            letter
            for letter in unicodedata.normalize("NFD", plain.lower())
            if unicodedata.category(letter) != "Mn"
        )


def _matching(
    vocabulary: Vocabulary, scripts: Sequence[str] | None, pattern: str | None
) -> set[int]:
    """Words in these scripts in which the pattern is found."""
    if not scripts and not pattern:
        return set()
    rows = [
        row
        for row, kind in enumerate(vocabulary.kinds)
        if kind == "word" and (not scripts or vocabulary.scripts[row] in scripts)
    ]
    if not pattern:
        return set(rows)
    texts = [vocabulary.texts[row].strip("␣") or vocabulary.texts[row] for row in rows]
    return {rows[place] for place in found(pattern, texts)}


def _classes(
    vocabulary: Vocabulary, of: Callable[[str], list[str] | None], progress: Progress
) -> dict[str, set[int]]:
    """The words of each class of UniDic."""
    found: dict[str, set[int]] = {name: set() for name in _CLASSES}
    for row, (text, kind) in enumerate(zip(vocabulary.texts, vocabulary.kinds, strict=True)):
        if row % 1000 == 0:
            progress(row / len(vocabulary))
        for name in (of(text.strip("␣")) or ()) if kind == "word" else ():
            found[name].add(row)
    return found


def _class_of() -> Callable[[str], list[str] | None]:
    """Tells the classes of a text that MeCab, seeing it alone, takes for one word; None for what it
    does not. A name of one sign, or in hiragana, is more often a common word, and a person's of two
    katakana a part of one: these are of none."""
    look_up = tagger()

    def of(text: str) -> list[str] | None:
        words = look_up(text)
        if len(words) != 1 or words[0].is_unk:
            return None
        feature = words[0].feature
        levels = (feature.pos1, feature.pos2, feature.pos3, feature.pos4)
        found = [
            name
            for name, beginnings in _CLASSES.items()
            if any(levels[: len(beginning)] == beginning for beginning in beginnings)
        ]
        if levels[1] == "固有名詞" and (len(text) < 2 or _HIRAGANA.fullmatch(text)):
            return []
        return [] if found == ["person"] and _SHORT_KATAKANA.fullmatch(text) else found

    return of
