"""The languages a site can be written in, one row each.

A language of the theme is a row here, its catalogue `templates/locale/<code>/LC_MESSAGES/atlas.po`
and its prose `templates/inputs_embeds/prose.<code>.html`. An atlas brings one more by a catalogue
beside its atlas.toml, `locale/<code>/LC_MESSAGES/atlas.po`. Messages that a catalogue lacks are
shown in English; prose that is missing, in the first language of the site that has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global


@dataclass(frozen=True)
class Language:
    """The names of a language, and the punctuation between its words and sentences."""

    code: str
    """The language tag (BCP 47): the name of its folders, and the value of `lang`."""
    name: str
    """Its own name, as links to its pages say it."""
    og_locale: str
    """Its locale for Open Graph, with a territory."""
    comma: str = ", "
    """Separates the items of a list."""
    gap: str = " "
    """Separates two sentences."""
    direction: str = "ltr"
    """The direction of its script: ltr or rtl."""

    @property
    def locale(self) -> str:
        """Its name in Babel, which formats the numbers."""
        return self.code.replace("-", "_")


class Languages(dict[str, Language]):
    """The languages of the theme by code. Any other that Babel knows can be looked up as well."""

    def __missing__(self, code: str) -> Language:
        made = looked_up(code)
        if made is None:
            raise KeyError(code)
        return made


def written(code: str) -> str:
    """A language's code as it is usually written: `pt-BR` of `pt_br`."""
    first, *more = code.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in more)])


def looked_up(code: str) -> Language | None:
    """A language as the CLDR tells of it; None where it does not know it."""
    try:
        locale = Locale.parse(code, sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    plain = code.replace("-", "_")
    likely = get_global("likely_subtags").get(plain) or get_global("likely_subtags").get(
        locale.language, plain
    )
    territory = locale.territory or likely.rpartition("_")[2]
    name = locale.get_display_name(plain) or code
    close = locale.language in ("zh", "yue")
    return Language(
        code,
        name[:1].upper() + name[1:],
        f"{locale.language}_{territory}",
        comma="、" if close else "، " if locale.character_order == "right-to-left" else ", ",
        gap="" if close else " ",
        direction="rtl" if locale.character_order == "right-to-left" else "ltr",
    )


def beside(root: Path) -> tuple[str, ...]:
    """The codes of languages that have a catalogue beside an atlas.toml and that Babel knows."""
    found = sorted(root.glob("locale/*/LC_MESSAGES/atlas.po"))
    return tuple(
        code for path in found if looked_up(code := path.parent.parent.name.replace("_", "-"))
    )


LANGUAGES = Languages(
    {
        row.code: row
        for row in (
            Language("en", "English", "en_US"),
            Language("ja", "日本語", "ja_JP", comma="、", gap=""),
        )
    }
)

USUAL = ("en", "ja")  # editions of a site whose [site] names none
