"""How the titles of clusters say a property, in the languages of a site."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from atlas.spaces import readable
from atlas.web.languages import catalogue

NUMBERS, UNUSED, LEFTOVERS, BYTES, SPACES, BLANK, SIGNS, SCRIPTS, SINGLE, RARE = (
    "numbers",
    "unused",
    "leftovers",
    "bytes",
    "spaces",
    "blank",
    "signs",
    "scripts",
    "single",
    "rare",
)
Wording = dict[str, dict[str, str]]  # by property and language

COLON = "colon"  # between a property and the tokens that have it


def wording(root: Path, languages: Iterable[str]) -> Wording:
    """The words for each property, and for letters of each script, by language; `root` is the
    folder of atlas.toml. A range has `%(first)s` and `%(last)s`."""
    said = {language: _said(catalogue(root, language).gettext) for language in languages}
    names = next(iter(said.values()))
    return {name: {language: said[language][name] for language in languages} for name in names}


def _said(_: Callable[[str], str]) -> dict[str, str]:
    said = {
        NUMBERS: _("Numbers %(first)s–%(last)s"),
        UNUSED: _("Unused rows %(first)s–%(last)s"),
        LEFTOVERS: _("Unused rows and rare characters"),
        BYTES: _("Single bytes"),
        SPACES: _("Runs of %(first)s–%(last)s spaces"),
        BLANK: _("Spaces and line breaks"),
        SIGNS: _("Punctuation and symbols"),
        SCRIPTS: _("Signs of many scripts"),
        SINGLE: _("Single letters and signs"),
        RARE: _("Rare characters"),
        COLON: _(": "),
        "Han": _("Chinese characters"),
        "Hiragana": _("Hiragana"),
        "Katakana": _("Katakana"),
    }
    letters = _("%(script)s letters")
    others = [name for name in readable.SCRIPTS if name not in said]
    return said | {name: letters % {"script": _(name)} for name in others}
