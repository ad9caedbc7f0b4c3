"""MeCab with UniDic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from atlas.engine.stage import helper

UNIDIC = helper("unidic", version=1)


class Feature(Protocol):
    """What UniDic says of a word: four levels of its part of speech, `*` where there are fewer. Its
    reading, `kana`, is not always there."""

    pos1: str
    pos2: str
    pos3: str
    pos4: str


class Word(Protocol):
    """A word that MeCab found; `is_unk` where it is not in the dictionary."""

    is_unk: bool
    feature: Feature


def tagger() -> Callable[[str], list[Word]]:
    """MeCab with unidic-lite: a function from a text to its words."""
    from fugashi import Tagger  # type: ignore[attr-defined, unused-ignore]  # a Cython module without types
    from unidic_lite import DICDIR

    # Told by name: left alone, fugashi takes the large `unidic` wherever that is installed, even
    # without its dictionary.
    look_up = Tagger(f'-r "{DICDIR}/mecabrc" -d "{DICDIR}"')
    return cast(Callable[[str], list[Word]], look_up)
