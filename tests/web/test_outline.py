"""What the check reads of a page is what a browser's parser finds in it."""

from __future__ import annotations

from pathlib import Path

import html5lib
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st

from atlas.web.check import Outline


def parsed(html: str) -> tuple[list[str], list[str], int, str]:
    """Links, ids, images without a text and the language, by html5lib."""
    links, ids, bare, language = [], [], 0, ""
    for node in html5lib.parse(html, namespaceHTMLElements=False).iter():
        if not isinstance(node.tag, str):
            continue
        if node.tag == "html":
            language = node.get("lang", "")
        bare += node.tag == "img" and "alt" not in node.attrib
        ids += [node.attrib["id"]] if node.get("id") else []
        links += [node.attrib[name] for name in ("href", "src", "data-meta") if node.get(name)]
    return sorted(links), sorted(ids), bare, language


def read(html: str) -> tuple[list[str], list[str], int, str]:
    found = Outline(html)
    return sorted(found.links), sorted(found.ids), found.images_without_text, found.language


values = st.text("ab/#?=<>&;é'\" .-", max_size=8)


@st.composite
def attribute(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(["href", "src", "id", "ID", "alt", "title", "data-meta", "hidden"]))
    value = draw(values).replace("&", "&amp;")
    form = draw(st.integers(0, 3))
    space = draw(st.sampled_from(["", " ", "\n"]))
    if form == 0:
        return f'{name}{space}={space}"{value.replace(chr(34), "&quot;")}"'
    if form == 1:
        return f"{name}{space}={space}'{value.replace(chr(39), '&#39;')}'"
    bare = "".join(sign for sign in value if sign not in " <>'\"=`/")
    return f"{name}={bare}" if form == 2 and bare else name


@st.composite
def piece(draw: st.DrawFn) -> str:
    form = draw(st.integers(0, 6))
    if form == 0:
        return "<!--" + draw(values).replace("--", "") + "<a href=no id=no>-->"
    if form == 1:
        return f"<{draw(st.sampled_from(['script', 'STYLE']))}>'<a href=no>\"</SCRIPT ></style>"
    if form == 2:
        return draw(st.text("ab é'\".&;", max_size=6)) + "1 < 2 "
    tag = draw(st.sampled_from(["p", "a", "IMG", "span", "b", "h2"]))
    own = " ".join(draw(st.lists(attribute(), max_size=4)))
    end = draw(st.sampled_from(["", " ", " /"]))
    return f"<{tag} {own}{end}>" + ("" if tag == "IMG" else f"</{tag}>")


@given(st.lists(piece(), max_size=8), st.sampled_from(["", "en", "ja"]))
def test_any_markup_is_read_as_a_browser_reads_it(pieces: list[str], language: str) -> None:
    html = (
        f'<!doctype html><html lang="{language}"><head><title>a<b href=no></title></head>'
        f"<body>{''.join(pieces)}</body></html>"
    )
    assert read(html) == parsed(html)


def test_pages_are_read_as_a_browser_reads_them(tiny_atlas: Built) -> None:
    kinds: dict[tuple[str, ...], Path] = {}
    for path in sorted(tiny_atlas.public.rglob("*.html")):  # one of each kind and language
        parts = path.relative_to(tiny_atlas.public).parts
        kinds[*[part for part in parts if part in ("ja", "clusters", "table")], str(len(parts))] = (
            path
        )
    assert len(kinds) > 8
    for path in kinds.values():
        html = path.read_text(encoding="utf-8")
        assert read(html) == parsed(html), path
