"""Message catalogues of the languages in config/languages.py."""

from __future__ import annotations

import codecs
import io
import re
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po
from babel.support import Translations

from atlas.config.languages import LANGUAGES
from atlas.errors import AtlasError
from atlas.web.theme import folders, theme

_PLACE = re.compile(r"%\(\w+\)\w")
UNIDIC = "ja"  # the language of UniDic's terms, which atlas data hold untranslated


COMPLETE = "ja"  # the theme's catalogue that holds every message; its tests see to that


def lacking(root: Path, language: str) -> list[str]:
    """The messages of the theme that the catalogues of a language beside an atlas.toml, or in its
    templates, do not have; none for languages of the theme."""
    if (theme() / "locale" / language).is_dir():
        return []
    there = catalogue(root, language)._catalog  # of gettext
    return [message for message in messages() if message not in there]


def messages() -> list[str]:
    """The ids of all messages of the theme."""
    with (theme() / "locale" / COMPLETE / "LC_MESSAGES" / "atlas.po").open("rb") as file:
        return [str(message.id) for message in read_po(file) if message.id]


def begin_catalogue(root: Path, language: str) -> tuple[Path, int]:
    """Write the messages that a language lacks, untranslated, into its catalogue beside an
    atlas.toml. Returns its path, and how many they are. What it has stays. Raises AtlasError."""
    path = root / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "atlas.po"
    found = Catalog(locale=LANGUAGES[language].locale, fuzzy=False, charset="utf-8")
    if path.is_file():
        with path.open("rb") as file:
            found = read_po(file, locale=LANGUAGES[language].locale)
    told = [message for message in messages() if (one := found.get(message)) and one.string]
    for message in messages():
        if message not in found:
            found.add(message)
    out = io.BytesIO()
    write_po(out, found, width=100, omit_header=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue())
    except OSError as problem:
        raise AtlasError(
            f"{path}: cannot be written ({problem.strerror})", "Check the permissions."
        ) from problem
    return path, len(messages()) - len(told)


def _check_places(path: Path, read: Catalog) -> None:
    """Raise AtlasError for a message that names what its English does not, as `%(m)s` for
    `%(n)s`."""
    for message in read:
        unknown = set(_PLACE.findall(str(message.string))) - set(_PLACE.findall(str(message.id)))
        if message.id and unknown:
            raise AtlasError(
                f"{path}: line {message.lineno}: the message of {str(message.id)!r} has "
                f"{min(unknown)}, which its English has not",
                "Write each %(name)s as it stands in the English.",
            )


def catalogue(root: Path, language: str) -> Translations:
    """The messages of a language; English where it lacks one.

    Message ids are English, so the English catalogue holds translations of UniDic's Japanese terms
    alone, which the Japanese catalogue does not need.
    """
    messages = Translations()
    for folder in (*reversed(folders(root)), root):
        path = folder / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "atlas.po"
        if not path.is_file():
            path = folder / "locale" / language / "LC_MESSAGES" / "atlas.po"
        if path.is_file():
            try:
                messages.merge(_read(path, path.read_bytes(), language))
            except PoFileError as problem:
                fault = str(problem).rpartition(" on ")[0]
                raise AtlasError(
                    f"{path}: line {problem.lineno + 1}: no message of a catalogue ({fault})",
                    "Mend it, or take the file away: messages are then in English.",
                ) from problem
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
                what = "not UTF-8" if isinstance(problem, UnicodeDecodeError) else problem
                raise AtlasError(
                    f"{path}: no catalogue of messages ({what})",
                    "Mend it, or take it away: messages are then in English.",
                ) from problem
    if language not in ("en", UNIDIC):
        messages.add_fallback(catalogue(root, "en"))
    return messages


@lru_cache(maxsize=16)  # what renders is made ready ahead, and made anew
def _read(path: Path, content: bytes, language: str) -> Translations:
    """The messages of a file. Raises as Babel does, AtlasError for places that do not fit."""
    from babel.messages.mofile import write_mo

    source = io.BytesIO(content.removeprefix(codecs.BOM_UTF8))
    read = read_po(source, locale=LANGUAGES[language].locale, abort_invalid=True)
    _check_places(path, read)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)
