"""Lexicons of the Unicode CLDR, through Babel."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Literal

from atlas.errors import ConfigError

if TYPE_CHECKING:
    from babel import Locale
    from babel.localedata import LocaleDataDict

Cldr = Literal["countries", "languages", "currencies", "months", "weekdays", "units"]


# The class of UniDic that a Japanese word of these is of before all else.
FIRST = {"countries": "place", "currencies": "counter", "units": "counter"}

# Names of currencies, units and languages that are better known as something else: `won`, `light`.
_OTHERWISE: dict[tuple[str, str], str] = {
    ("currencies", "en"): """ariary birr bolivar colon cordoba dong florin gold gourde guarani kip
        lek leone leu lev lilangeni mark pula rand real sol som vatu won""",
    ("units", "en"): """atmosphere atmospheres bar barrel barrels bars bit bits cup cups dot dots
        drop drops em ems foot grain grains item items light mole moles newton part parts pinch
        point points portion portions quarter quarters revolution revolutions second stone
        stones""",
    (
        "languages",
        "en",
    ): """alabama cornish creek crow dakota delaware fang fox ga gothic hare luxury
        mon prussian slave southern yao""",
}


@cache
def cldr(lexicon: Cldr, language: str) -> tuple[str, ...]:
    """A lexicon of CLDR in a language.

    Countries are the territories with a two-letter code; languages are named without region or
    script; of the names of current currencies the last word is taken, which is the unit (`Japanese
    yen` → `yen`); units are in all their forms, without the number. In English, words that are
    better known as something else are left out.

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
    otherwise = _OTHERWISE.get((lexicon, locale.language), "").split()
    names = dict.fromkeys(_LEXICONS[lexicon](locale))
    return tuple(name for name in names if name and name.lower() not in otherwise)


def _countries(locale: Locale) -> Iterable[str]:
    no_country = "AC AQ BV CP CQ DG EA EU EZ GS HM IC IO QO TA TF UM UN XA XB ZZ"
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


def own(locale: Locale, key: str) -> LocaleDataDict:
    """A table of a locale, such as `months`, in a copy of its own: Babel 2.18 writes what it looks
    up in one locale into tables that others inherit, so that German months were Japanese ones after
    these."""
    from babel import localedata

    table = copy.deepcopy(localedata.load(str(locale))[key])
    found: LocaleDataDict = localedata.LocaleDataDict({key: table})[key]
    return found


def _months(locale: Locale) -> Iterable[str]:
    yield from own(locale, "months")["stand-alone"]["wide"].values()


def _weekdays(locale: Locale) -> Iterable[str]:
    yield from own(locale, "days")["stand-alone"]["wide"].values()


def _units(locale: Locale) -> Iterable[str]:
    for _, forms in sorted(own(locale, "unit_patterns").items()):
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
