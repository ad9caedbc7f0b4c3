"""Scripts that a reader may have no font for are named."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.config.languages import LANGUAGES
from atlas.web.languages import catalogue
from atlas.web.lettering import RARE, rare_scripts
from atlas.web.render import filters, isolated
from atlas.web.theme import theme


@pytest.mark.parametrize(
    ("language", "text", "shown"),
    [
        ("en", "தமிழ்", "தமிழ் (Tamil)"),
        ("ja", "தமிழ்", "தமிழ் (タミル文字)"),
        ("en", "ক · क", "ক · क (Bengali, Devanagari)"),
        ("ja", "ក · ក", "ក · ក (クメール文字)"),
        ("en", "昭和 · été · ёж", "昭和 · été · ёж"),
    ],
)
def test_they_are_named_in_the_language_of_the_page(language: str, text: str, shown: str) -> None:
    words = catalogue(theme().parent, language).gettext
    assert filters(LANGUAGES[language], words)["cut"](text) == shown


@given(st.text(alphabet=st.characters(max_codepoint=0x8FF)))
def test_usual_scripts_are_left_alone(text: str) -> None:
    assert rare_scripts(text) == ()


def test_the_scripts_have_the_same_list() -> None:
    source = (theme() / "assets" / "shared" / "dom.js").read_text(encoding="utf-8")
    assert tuple(re.findall(r"\\p\{Script=(\w+)\}", source)) == RARE


@pytest.mark.parametrize("name", RARE)
def test_each_has_a_japanese_name(name: str) -> None:
    assert re.search("[\u30a0-\u30ff]", catalogue(theme().parent, "ja").gettext(name))


@given(st.text(max_size=12))
def test_what_runs_leftward_is_an_element_of_its_own(text: str) -> None:
    shown = str(isolated(text))
    leftward = ("R", "AL", "AN", "RLE", "RLO", "RLI")
    apart = any(one == " " or unicodedata.bidirectional(one) in leftward for one in text)
    assert shown.startswith("<bdi>") == shown.endswith("</bdi>") == apart
    plain = shown.removeprefix("<bdi>").removesuffix("</bdi>")
    assert "<" not in plain and html.unescape(plain) == text
