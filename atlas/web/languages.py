"""The languages of a site and their message catalogues."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.pofile import read_po
from babel.support import Translations

from atlas.web.theme import folders


def catalogue(root: Path, language: str) -> Translations:
    """The messages of a language. Messages are in English, so English needs only words for what
    data say in Japanese."""
    from babel.messages.mofile import write_mo

    found = Translations()
    for folder in reversed(folders(root)):
        path = folder / "locale" / language / "LC_MESSAGES" / "atlas.po"
        if path.is_file():
            compiled = io.BytesIO()
            with path.open("rb") as file:
                write_mo(compiled, read_po(file, locale=language))
            compiled.seek(0)
            found.merge(Translations(compiled))
    return found
