"""A map in one file: it opens without a network, answers, and asks for nothing."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import jinja2.meta
import pytest
from awkward import NAME, SCRIPT, TEXTS
from chrome import MARKS, READY, drawn, offline
from conftest import CHECKOUT, Built
from exporting import run

from atlas import atlas_toml
from atlas.export.page import SinglePage, frame, page
from atlas.web.render import Renderer

SIZE = {"width": 916, "height": 900}  # a frame of 900 pixels between the body's margins


def test_no_token_becomes_markup(awkward: Path) -> None:
    (written,) = run(awkward, "html", awkward / "out.html")
    text = written.read_text(encoding="utf-8")
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in text
    assert SCRIPT not in text
    assert NAME not in text
    markup = re.sub(r"<script[^>]*>.*?</script>|<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", markup)


def test_the_file_is_the_same_each_time_and_small(tiny_atlas: Built) -> None:
    config = atlas_toml.load(tiny_atlas.toml)
    data = tiny_atlas.data("minilm-words")
    document = page(config, data)
    assert document == page(config, data)
    # So that 30,000 tokens on three projections are less than 1.2 MB.
    assert len(document.encode()) < 110_000 + 36 * len(data.table)
    assert '<html lang="en">' in document
    assert '<html lang="ja">' in page(config, data, "ja")


def test_every_name_the_page_is_told_is_used() -> None:
    environment = Renderer(CHECKOUT, ("en",)).environments["en"]
    source = "".join(
        (CHECKOUT / "templates" / name).read_text(encoding="utf-8")
        for name in ("export/page.html", "maps/stage.html")
    )
    used = jinja2.meta.find_undeclared_variables(environment.parse(source))
    assert {field.name for field in dataclasses.fields(SinglePage)} <= used
    assert SinglePage.__doc__
    assert all(field.name in SinglePage.__doc__ for field in dataclasses.fields(SinglePage))


def test_a_frame_holds_the_document_as_it_is() -> None:
    import html5lib

    document = '<!doctype html><p title="a &amp; b">&lt;"x" & y'
    tree = html5lib.parse(frame(document, '"T" & <b>'), namespaceHTMLElements=False)
    (element,) = tree.iter("iframe")
    assert element.get("srcdoc") == document
    assert element.get("title") == '"T" & <b>'
    assert "allow-same-origin" not in element.get("sandbox")
    assert "height:300px" in frame(document, "", 300)


class TestInChromium:
    pytestmark = MARKS

    @pytest.mark.parametrize("bundled", [True, False])
    def test_it_answers_and_asks_for_nothing(
        self,
        chromium: Any,
        tiny_atlas: Built,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        bundled: bool,
    ) -> None:
        if not bundled:  # then its modules stand in the page
            monkeypatch.setattr("atlas.web.assets._bundle", lambda *_: None)
        data = tiny_atlas.data("minilm-words")
        word = max((str(text) for text in data.strings("text")), key=len)
        document = page(atlas_toml.load(tiny_atlas.toml), data)
        assert bundled or 'type="importmap"' in document
        with offline(chromium, document, tmp_path / "map.html") as tab:
            tab.wait_for_selector(READY)
            assert drawn(tab) > 300
            assert tab.locator("button[name=share]").count() == 0
            tab.fill("input[name=find]", word)
            tab.wait_for_selector(".found li")
            tab.press("input[name=find]", "Enter")
            tab.wait_for_selector(".panel ol li")
            assert tab.locator(".panel h2").inner_text() == word
            near = [str(text) for text in tab.locator(".panel ol bdi").all_inner_texts()]
            row = data.strings("text").index(word)
            ids = data.column("token_id").tolist()
            nearest = data.lists("neighbor_ids")[row][: len(near)].tolist()
            assert near and near == [data.strings("text")[ids.index(other)] for other in nearest]
            tab.locator(".panel dd a").first.click()  # a page of the site, which is not there
            tab.locator("label:has(input[value=pca])").click()
            tab.select_option("select[name=colour]", "overlap")
            tab.wait_for_selector(".legend li")
            assert tab.locator(".plainly").is_hidden()
            fits = "document.documentElement.scrollHeight <= innerHeight"
            assert tab.evaluate(fits)

    def test_a_map_of_tiles_carries_them_all(
        self, chromium: Any, tiny_atlas: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("atlas.maps.files.tiles.LIMIT", 100)
        monkeypatch.setattr("atlas.maps.files.tiles.CAP", 200)
        monkeypatch.setattr("atlas.maps.view.LIMIT", 100)
        data = tiny_atlas.data("minilm-words")
        document = page(atlas_toml.load(tiny_atlas.toml), data)
        with offline(chromium, document, tmp_path / "map.html") as tab:
            tab.wait_for_selector(READY)
            for _ in range(8):
                tab.click("button[name=nearer]")
            word = str(data.strings("text")[900])
            tab.fill("input[name=find]", word)
            tab.wait_for_selector(".found li")
            tab.press("input[name=find]", "Enter")
            tab.wait_for_selector(".panel ol li")
            assert tab.locator(".panel h2").inner_text() == word

    def test_awkward_tokens_in_a_frame(self, chromium: Any, awkward: Path, tmp_path: Path) -> None:
        (written,) = run(awkward, "html", awkward / "out.html")
        around = frame(written.read_text(encoding="utf-8"), "map")
        body = f'<!doctype html><link rel="icon" href="data:,"><body>{around}'
        with offline(chromium, body, tmp_path / "frame.html", viewport=SIZE) as tab:
            inner = tab.frames[1]
            inner.wait_for_selector(READY)
            inner.fill("input[name=find]", "<script>")
            inner.wait_for_selector(".found li")
            inner.press("input[name=find]", "Enter")
            inner.wait_for_selector(".panel ol li")
            assert inner.locator(".panel h2").inner_text() == TEXTS[1]
            box = tab.locator("iframe").bounding_box()
            assert box["height"] == pytest.approx(600)
            assert inner.evaluate("document.documentElement.scrollHeight <= innerHeight")
            assert inner.locator(".legend").is_visible()
