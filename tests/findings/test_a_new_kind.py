"""A new kind of finding is a folder with its templates, a line in SECTIONS and a field of Config.

The toy stands in tests/toys; no file of the atlas knows it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from chrome import MARKS, Watched, serving
from conftest import CHECKOUT, Built, Silent
from toys.config import ToyConfig
from toys.section import Toys

from atlas import atlas_toml
from atlas.errors import ConfigError, DataError
from atlas.pipeline.build import build
from atlas.pipeline.options import Options, Summary
from atlas.pipeline.sections import SECTIONS
from atlas.web.check import check


@pytest.fixture
def toys(atlas_copy: Built) -> Iterator[Built]:
    """The small atlas with two toys."""
    with atlas_copy.toml.open("a", encoding="utf-8") as file:
        file.write('\n[[toys]]\nname = "first"\nmodel = "minilm"\n')
        file.write('\n[[toys]]\nname = "second"\nmodel = "ja-aozora"\n')
    shutil.copytree(CHECKOUT / "tests" / "toys" / "templates", atlas_copy.root / "templates")
    SECTIONS.append(Toys())
    yield atlas_copy
    SECTIONS.pop()


def made(atlas: Built, *, frozen: bool = False) -> tuple[Summary, list[str]]:
    """Build with the toy's Config; what was done, and the labels of what ran."""
    config, report = atlas_toml.load(atlas.toml, ToyConfig), Silent()
    options = Options(offline=True, executor="serial", frozen=frozen)
    return build(config, options, report), report.ran


def page(atlas: Built, name: str) -> str:
    return (atlas.public / name / "index.html").read_text(encoding="utf-8")


def test_a_folder_a_line_and_a_field_make_a_new_kind(toys: Built) -> None:
    summary, ran = made(toys)
    assert ran == ["first: toys", "second: toys"], "all else is in the store"

    for prefix, title, question in (
        ("", "Toys", "Which letters begin words?"),
        ("ja/", "おもちゃ", "語はどの文字で始まるか"),
    ):
        home = page(toys, prefix)
        assert re.search(rf'<nav.*<a href="toys/">{title}</a>.*</nav>', home, re.DOTALL)
        assert f'<a href="toys/">{question}</a>' in home
        own = page(toys, f"{prefix}toys/first")
        assert 'aria-current="page"' in own and own.count("<tr>") == 5
    assert check(toys.public) == []

    data = json.loads((toys.public / "data" / "first.toy.json").read_text(encoding="utf-8"))
    assert len(data["letters"]) == 5 and data["recipe"]
    headers = (toys.public / "_headers").read_text(encoding="utf-8")
    assert "/toys/*" in headers and "/ja/toys/*" in headers

    again, ran = made(toys)
    assert ran == [] and again.written == 0
    assert summary.pages == again.pages


def test_its_data_file_is_in_the_site_s_key_and_a_frozen_build_needs_it(toys: Built) -> None:
    made(toys)
    path = toys.root / "data" / "first.toy.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"letters":{', '"letters":{"☃":7,'))
    changed, _ = made(toys, frozen=True)
    assert changed.written and "☃" in page(toys, "toys/first")
    path.unlink()
    with pytest.raises(DataError, match=r"first\.toy\.json: missing") as told:
        made(toys, frozen=True)
    assert "take the toy first out of atlas.toml" in told.value.hint


def test_it_is_in_the_sitemap_and_its_table_is_checked(toys: Built) -> None:
    toys.edit('title = { en = "Tiny atlas"', 'base_url = "https://x.org"\ntitle = { en = "Tiny"')
    made(toys)
    sitemap = (toys.public / "sitemap.xml").read_text(encoding="utf-8")
    assert "https://x.org/toys/first/" in sitemap and "https://x.org/ja/toys/" in sitemap
    toys.edit('name = "second"', 'nam = "second"')
    with pytest.raises(ConfigError) as told:
        made(toys)
    assert any(
        "toys[1].nam: unknown key (did you mean name?)" in line for line in told.value.problems
    )


class TestInTheBrowser:
    """Its script, of which no bundle is made, is published as modules."""

    pytestmark = MARKS

    def test_its_script_runs(self, toys: Built, chromium: Any) -> None:
        made(toys)
        with serving(toys.public) as address:
            page = Watched(chromium.new_page(), address)
            page.open("toys/first/", "h1.toy[data-letters='5']")
            page.open("ja/toys/second/", "h1.toy[data-letters='5']")
            page.fine()
