"""What is done for every page is done in a short way, with the result of the long one."""

from __future__ import annotations

import os.path

from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup, escape

from atlas.config.characters import numbered, unfit
from atlas.web.compiling import Escaping, shown
from atlas.web.links import relative

_names = st.sampled_from(["a", "b", "ja", "maps", "x.html"])
_folders = st.lists(_names, max_size=4).map(lambda parts: "".join(f"{part}/" for part in parts))
_addresses = st.tuples(_folders, st.one_of(st.just(""), _names)).map("".join)


@given(_addresses, _addresses)
@example("", "")
def test_links_are_those_of_relpath(url: str, page: str) -> None:
    link = os.path.relpath(url.rstrip("/") or ".", page.rpartition("/")[0] or ".")
    wanted = link.replace(os.sep, "/") + ("/" if url == "" or url.endswith("/") else "")
    assert relative(url, page) == wanted


@given(st.text(st.characters(), max_size=60))
@example("\ud800 \ufffe \x07 \t\n")
def test_every_unfit_character_is_numbered_and_no_other_is(text: str) -> None:
    wanted = "".join(f"<U+{ord(sign):04X}>" if unfit(sign) else sign for sign in text)
    assert numbered(text) == wanted


class _Marked:
    def __html__(self) -> str:
        return "<i>so</i>"


class _Said(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "<said>"


_texts = st.text(st.sampled_from("a<>&\"' 語"), max_size=8)
_values = st.one_of(
    _texts,
    _texts.map(Markup),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(),
    st.lists(_texts),
    st.sampled_from([_Marked(), _Said("x"), 1, True, 1.0]),
)


@given(st.lists(_values))
def test_values_are_escaped_as_by_markupsafe(values: list[object]) -> None:
    """One after the other: what is kept of equal values of other kinds is not taken for theirs."""
    assert [str(shown(value)) for value in values] == [str(escape(value)) for value in values]
    source = (
        "{% for value in values %}{{ value }}{{ '<' ~ value }}{% set kept %}{{ value }}{% endset %}"
        "{{ kept }}{% autoescape false %}{{ value }}{% endautoescape %}{% endfor %}"
    )
    ours, theirs = Escaping(autoescape=True), Environment(autoescape=True)
    assert ours.from_string(source).render(values=values) == theirs.from_string(source).render(
        values=values
    )
