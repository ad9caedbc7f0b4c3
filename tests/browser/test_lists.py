"""Long pages in a browser: a filter, a table that sorts, contents that stay in sight."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, Watched, until

pytestmark = MARKS

CLUSTERS = "maps/ja-aozora-words/clusters/"
LONG = ["about/", "embedding/", "write-ups/inputs-embeds/", "ja/write-ups/inputs-embeds/"]
SHOWN = """() => [...document.querySelectorAll('.tree > li, .tree .chips > li')]
  .filter((item) => item.checkVisibility()).map((item) => item.querySelector('bdi').textContent)"""


def column(page: Any, place: int) -> list[str]:
    """The texts of a column of the sortable table."""
    found = page.evaluate(
        f"() => [...document.querySelectorAll('.sortable tbody tr')].map((row) => "
        f"row.cells[{place}].textContent)"
    )
    return [str(text) for text in found]


def test_the_clusters_are_filtered_and_the_way_back_stays(watch: Callable[..., Watched]) -> None:
    watched = watch(viewport={"width": 1280, "height": 300})
    page = watched.open(CLUSTERS, ".sift label:not([hidden])")
    every = page.evaluate(SHOWN)
    wanted = every[-1].split(" · ")[0]
    page.fill(".sift input", wanted)
    shown = page.evaluate(SHOWN)
    assert every[-1] in shown and len(shown) < len(every)
    inner = page.locator(".tree .chips bdi").first.text_content()  # of one that is folded
    assert not page.locator(".tree .chips").first.is_visible()
    page.fill(".sift input", inner)
    assert page.locator(".tree .chips bdi").first.is_visible()
    assert page.locator(".sift [role=status]").inner_text()
    page.fill(".sift input", "no cluster has this name")
    assert page.evaluate(SHOWN) == []
    page.fill(".sift input", "")
    assert page.evaluate(SHOWN) == every
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    back = page.locator(".sift a")
    assert 0 <= back.bounding_box()["y"] < 60
    back.click()
    page.wait_for_url(re.compile(r"maps/ja-aozora-words/$"))
    watched.fine()


ASKED = {
    "Qwen/Qwen2.5-7B-Instruct": {"qwen2"},
    "meta-llama/Llama-3.1-8B": {"llama"},
    "google/gemma-3n-E4B-it": {"gemma3n_text"},
    "BertForMaskedLM": {"bert"},
    "GPT2LMHeadModel": {"gpt2"},
    "google/flan-t5-base": {"t5"},
    "LongformerForMaskedLM": {"longformer"},
    "no such family": set(),
}


def test_a_family_is_found_by_the_names_of_its_models(watch: Callable[..., Watched]) -> None:
    """As people write them: of the hub, of a class with a head, with what follows the family."""
    watched = watch()
    for url, items in (("", ".verdict li"), ("families/", ".every tbody tr")):
        page = watched.open(f"write-ups/inputs-embeds/{url}", ".sift label:not([hidden])")
        shown = f"""() => [...document.querySelectorAll('{items}')].filter((one) => !one.hidden)
          .map((one) => one.id.replace('family-', ''))"""
        for query, wanted in ASKED.items():
            page.fill(".sift input", query)
            found = set(page.evaluate(shown))
            assert wanted <= found and len(found) <= max(3, len(wanted)), query
            assert bool(found) == bool(wanted), query
        page.fill(".sift input", "RobertaModel")
        assert "roberta" in page.evaluate(shown)
    watched.fine()


def test_the_table_of_all_maps_sorts_by_any_column(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("about/", ".sortable button")
    kept = page.locator(".sortable thead button").nth(2)
    before = column(page, 2)
    kept.focus()
    page.keyboard.press("Enter")
    assert column(page, 2) == sorted(before, key=float, reverse=True)
    page.keyboard.press("Enter")
    assert column(page, 2) == sorted(before, key=float)
    assert page.locator(".sortable [aria-sort=ascending]").count() == 1
    page.locator(".sortable thead button").first.click()
    assert sorted(column(page, 2)) == sorted(before)
    watched.fine()


@pytest.mark.parametrize("url", LONG)
def test_the_contents_stay_in_sight(watch: Callable[..., Watched], url: str) -> None:
    watched = watch()
    page = watched.open(url, "nav.contents")
    links = page.locator("nav.contents a")
    assert links.count() == page.locator("article h2[id]").count() > 2
    links.last.click()
    top = "(at) => document.querySelector(at).getBoundingClientRect().y"
    head = f"({top})('article {links.last.get_attribute('href')}')"
    until(page, head, lambda y: 0 <= y < 900)
    until(page, f"({top})('nav.contents')", lambda y: 0 <= y < 100)
    current = "document.querySelectorAll('nav.contents a[aria-current]').length"
    until(page, current, lambda count: count == 1)
    watched.fine()


@pytest.mark.parametrize("url", [*LONG, CLUSTERS])
def test_on_a_phone_they_are_folded(watch: Callable[..., Watched], url: str) -> None:
    watched = watch(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = watched.open(url, "main")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    if url != CLUSTERS:
        assert not page.locator("nav.contents").is_visible()
        assert not page.locator("details.contents a").first.is_visible()
        page.locator("details.contents summary").click()
        page.locator("details.contents a").last.click()
        assert not page.locator("details.contents a").first.is_visible()
    watched.fine()


def test_without_scripts_the_lists_are_whole(watch: Callable[..., Watched]) -> None:
    watched = watch(java_script_enabled=False)
    page = watched.open(CLUSTERS, ".sift")
    assert not page.locator(".sift input").is_visible()
    assert page.locator(".sift a").is_visible()
    page = watched.open("about/", ".sortable")
    assert page.locator("nav.contents a").count() > 2 and len(column(page, 2)) > 2
