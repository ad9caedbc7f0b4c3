"""The languages a site can be written in, one row each.

A new language is a row here, its catalogue `templates/locale/<code>/LC_MESSAGES/atlas.po` and its
prose `templates/inputs_embeds/prose.<code>.html`. Messages that a catalogue lacks are shown in
English; prose that is missing, in the first language of the site that has it.
"""

from __future__ import annotations

from dataclasses import dataclass


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


LANGUAGES: dict[str, Language] = {
    row.code: row
    for row in (
        Language("en", "English", "en_US"),
        Language("ja", "日本語", "ja_JP", comma="、", gap=""),
    )
}

USUAL = ("en", "ja")  # editions of a site whose [site] names none
