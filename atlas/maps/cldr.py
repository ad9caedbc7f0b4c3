"""Lexicons of the Unicode CLDR, through Babel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from atlas.errors import ConfigError

if TYPE_CHECKING:
    from babel import Locale

Cldr = Literal["countries", "languages", "currencies", "months", "weekdays", "units"]


def cldr(lexicon: Cldr, language: str) -> list[str]:
    """A lexicon of CLDR in a language.

    Countries are the territories with a two-letter code; languages are named without region or
    script; of the names of current currencies the last word is taken, which is the unit (`Japanese
    yen` → `yen`); units are in all their forms, without the number.

    Raises ConfigError when CLDR does not have the language.
    """
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError) as problem:
        hint = "Give it `tokens`, or `languages` for which it is meant."
        raise ConfigError(
            f"landmarks: CLDR has no {lexicon} in the language {language!r}", hint
        ) from problem
    return [name for name in dict.fromkeys(_LEXICONS[lexicon](locale)) if name]


def _countries(locale: Locale) -> Iterable[str]:
    no_country = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
    return (
        name
        for code, name in sorted(locale.territories.items())
        if re.fullmatch("[A-Z]{2}", code) and code not in no_country
    )


def _languages(locale: Locale) -> Iterable[str]:
    no_language = {"mis", "mul", "und", "zxx", "root"}
    return (
        name
        for code, name in sorted(locale.languages.items())
        if re.fullmatch("[a-z]{2,3}", code) and code not in no_language
    )


# Metals, rights and units of account.
_NO_MONEY = {"XAG", "XAU", "XBA", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}


def _currencies(locale: Locale) -> Iterable[str]:
    from babel.core import get_global

    histories = get_global("territory_currencies").values()
    spans = (span for history in histories for span in history)
    used = {
        code
        for code, _, until, tender in spans
        if until is None and tender and code not in _NO_MONEY
    }
    for code in sorted(used):
        yield re.sub(r" ?[(（].*", "", locale.currencies.get(code, "")).split(" ")[-1]


def _months(locale: Locale) -> Iterable[str]:
    yield from locale.months["stand-alone"]["wide"].values()


def _weekdays(locale: Locale) -> Iterable[str]:
    yield from locale.days["stand-alone"]["wide"].values()


def _units(locale: Locale) -> Iterable[str]:
    for _, forms in sorted(locale._data["unit_patterns"].items()):
        long = forms.get("long", {})
        yield from (
            str(long[count]).replace("{0}", "").strip()
            for count in ("one", "other")
            if count in long
        )


_LEXICONS = {
    "countries": _countries,
    "languages": _languages,
    "currencies": _currencies,
    "months": _months,
    "weekdays": _weekdays,
    "units": _units,
}
