"""MeCab with UniDic."""

from __future__ import annotations

from typing import Any


def tagger() -> Any:
    """MeCab with unidic-lite: a function from a text to its words."""
    from fugashi import Tagger  # type: ignore[attr-defined, unused-ignore]  # a Cython module without types
    from unidic_lite import DICDIR

    # Told by name: left alone, fugashi takes the large `unidic` wherever that is installed, even
    # without its dictionary.
    return Tagger(f'-r "{DICDIR}/mecabrc" -d "{DICDIR}"')
