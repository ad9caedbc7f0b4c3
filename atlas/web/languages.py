"""Message catalogues. The languages themselves are rows in config/languages.py, which checks
`[site].languages` and may import nothing."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.pofile import read_po
from babel.support import Translations

from atlas.config.languages import LANGUAGES
from atlas.web.theme import folders

UNIDIC = "ja"  # the language of UniDic's words, which data say as they are


def catalogue(root: Path, language: str) -> Translations:
    """The messages of a language; those it lacks are in English.

    Messages are in English, so English needs only words for what data say in Japanese, and
    Japanese needs none for these.
    """
    from babel.messages.mofile import write_mo

    found = Translations()
    for folder in reversed(folders(root)):
        path = folder / "locale" / language / "LC_MESSAGES" / "atlas.po"
        if path.is_file():
            compiled = io.BytesIO()
            with path.open("rb") as file:
                write_mo(compiled, read_po(file, locale=LANGUAGES[language].locale))
            compiled.seek(0)
            found.merge(Translations(compiled))
    if language not in ("en", UNIDIC):
        found.add_fallback(catalogue(root, "en"))
    return found
