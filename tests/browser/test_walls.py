"""The lists of a wall by keyboard: one stop each, arrows within, all of it without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, Watched

pytestmark = MARKS

NUMBERS = "vocabularies/wall/numbers/"
HIRAGANA = "ja/vocabularies/wall/hiragana/"
STOPS = "() => [...document.querySelectorAll('.cells a')].filter(a => a.tabIndex === 0).length"
HERE = "() => [...document.querySelectorAll('.cells a')].indexOf(document.activeElement)"


def columns(page: Any) -> int:
    found = page.evaluate(
        "() => getComputedStyle(document.querySelector('.cells')).gridTemplateColumns"
    )
    return len(str(found).split(" "))


@pytest.mark.parametrize("url", [NUMBERS, HIRAGANA])
def test_arrows_lead_from_one_to_the_next(watch: Callable[..., Watched], url: str) -> None:
    watched = watch()
    page = watched.open(url, ".keys:not([hidden])")
    groups, links = page.locator(".cells").count(), page.locator(".cells a").count()
    assert page.evaluate(STOPS) == groups < links
    wide = columns(page)
    page.locator(".cells a").first.focus()
    size = page.locator(".cells").first.locator("a").count()
    place = 0
    for key, step in (
        ("ArrowLeft", 0),  # there is none before the first
        ("ArrowRight", 1),
        ("ArrowDown", wide),
        ("ArrowRight", 1),
        ("ArrowUp", -wide),
        ("ArrowLeft", -1),
    ):
        page.keyboard.press(key)
        place += step
        assert page.evaluate(HERE) == place, key
    page.keyboard.press("End")
    assert page.evaluate(HERE) == size - 1
    page.keyboard.press("ArrowRight")
    assert page.evaluate(HERE) == size - 1
    page.keyboard.press("Tab")
    assert page.evaluate(HERE) in (-1, size)  # the next list, or what follows
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(HERE) == size - 1  # where one was
    assert page.evaluate(STOPS) == groups
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_url("**/words/?w=**")
    watched.fine()


def test_a_wall_is_whole_without_scripts(watch: Callable[..., Watched]) -> None:
    watched = watch(java_script_enabled=False)
    page = watched.open(NUMBERS, ".cells a")
    assert page.locator(".keys").is_hidden()
    skip = page.locator(".vocabularies .skip")
    skip.focus()
    before = page.locator(".cells").first.bounding_box()
    box = skip.bounding_box()
    assert box["x"] >= 0 and abs(box["y"] - before["y"]) < 120  # where the list begins
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('.cells') === null")
