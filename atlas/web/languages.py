"""Message catalogues of the languages in config/languages.py."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.pofile import read_po
from babel.support import Translations

from atlas.config.languages import LANGUAGES
from atlas.errors import AtlasError
from atlas.web.theme import folders

UNIDIC = "ja"  # the language of UniDic's terms, which atlas data hold untranslated


def catalogue(root: Path, language: str) -> Translations:
    """The messages of a language; English where it lacks one.

    Message ids are English, so the English catalogue holds translations of UniDic's Japanese terms
    alone, which the Japanese catalogue does not need.
    """
    from babel.messages.mofile import write_mo

    messages = Translations()
    for folder in reversed(folders(root)):
        path = folder / "locale" / language / "LC_MESSAGES" / "atlas.po"
        if path.is_file():
            compiled = io.BytesIO()
            try:
                with path.open("rb") as file:
                    write_mo(compiled, read_po(file, locale=LANGUAGES[language].locale))
                compiled.seek(0)
                messages.merge(Translations(compiled))
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
                what = "not UTF-8" if isinstance(problem, UnicodeDecodeError) else problem
                raise AtlasError(
                    f"{path}: no catalogue of messages ({what})",
                    "Mend it, or take it away: messages are then in English.",
                ) from problem
    if language not in ("en", UNIDIC):
        messages.add_fallback(catalogue(root, "en"))
    return messages
