"""Filters of a language: titles and texts in it, sentences and lists put together."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import Markup

from atlas.errors import AtlasError
from atlas.web.render import Renderer


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of an atlas's own templates."""
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


def rendered(own: Path, source: str, language: str, **context: Any) -> str:
    (own / "t.html").write_text(source, encoding="utf-8")
    return Renderer(own.parent, ("en", "ja")).render(language, "t.html", context)


def test_sentences_are_joined_as_the_language_does(own: Path) -> None:
    source = '{{ [a, "", " b\n", c] | sentences }}'
    parts = {"a": "甲。", "c": Markup("<i>丙。</i>")}
    assert rendered(own, source, "en", **parts) == "甲。 b <i>丙。</i>"
    assert rendered(own, source, "ja", **parts) == "甲。b<i>丙。</i>"
    assert rendered(own, "{{ ['<', '&'] | join(tongue.comma) }}", "ja") == "&lt;、&amp;"


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        ("A", "A を地図に"),
        ("A（英語）", "A（英語）を地図に"),
        (Markup("<b>A（英語）</b>"), "<b>A（英語）</b>を地図に"),
        ("<）", "&lt;）を地図に"),
    ],
)
def test_no_space_follows_a_bracket_that_a_message_is_filled_with(
    own: Path, filled: str, said: str
) -> None:
    source = "{{ _('%(a)s を地図に', a=filled) }}"
    assert rendered(own, source, "ja", filled=filled) == said
    assert rendered(own, source, "en", filled=filled).endswith(" を地図に")


def test_what_is_no_sentence_of_the_page_keeps_its_spaces(own: Path) -> None:
    source = '<pre title="。 ）\nx">）\n  。 {{ token }}</pre>'
    assert rendered(own, source, "ja", token="。 x") == source.replace("{{ token }}", "。 x")


def test_titles_and_texts_are_in_the_language_of_the_page(own: Path) -> None:
    view = SimpleNamespace(
        title=lambda language: f"title in {language}",
        landmark_title=lambda name, language: f"{name} in {language}",
        text={"en": "map", "ja": "地図"},
    )
    source = "{{ view | title }}, {{ view | landmark_title('x') }}, {{ view.text | text }}"
    assert rendered(own, source, "ja", view=view) == "title in ja, x in ja, 地図"
    assert rendered(own, "{{ none | text('y') }}, {{ 'a b' | title }}", "en") == "y, A B"


def test_prose_is_taken_in_the_first_language_that_has_it(own: Path) -> None:
    for code in ("ja", "en"):
        (own / f"a.{code}.html").write_text("", encoding="utf-8")
    (own / "b.ja.html").write_text("", encoding="utf-8")
    source = '{% set p = translated("NAME.{}.html") %}{{ p.template }} {{ p.language }}'
    assert rendered(own, source.replace("NAME", "a"), "en") == "a.en.html en"
    assert rendered(own, source.replace("NAME", "b"), "en") == "b.ja.html ja"
    with pytest.raises(AtlasError, match=r"c\.en\.html"):
        rendered(own, source.replace("NAME", "c"), "en")


def test_contents_are_the_headings_that_have_an_id(own: Path) -> None:
    source = """{% set body %}<h2 id="a">One <code>{{ x }}</code></h2><h2>Two</h2>
<h2 id="b">Three</h2><h3 id="c">Four</h3>{% endset %}
{% for id, content in body | headings %}{{ id }}={{ content }};{% endfor %}"""
    assert rendered(own, source, "en", x="<&>") == "a=One <code>&lt;&amp;&gt;</code>;b=Three;"
