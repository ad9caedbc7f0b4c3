"""A sense map in a browser: the sentence of each mark, by pointer, finger and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, WIDE, Watched

pytestmark = MARKS

URL = "senses/tiny/"


def texts(page: Any, word: int = 0) -> list[str]:
    """The sentences of a word's list with their senses, in the order of its marks."""
    found = page.evaluate(
        f"""() => [...document.querySelectorAll('.word')[{word}].querySelectorAll('details li')]
          .sort((a, b) => a.dataset.at - b.dataset.at)
          .map((item) => [...item.childNodes].filter((one) => one.nodeName !== 'SMALL').map((one) => one.textContent).join('').trim()
            + ' ' + item.closest('ul').previousElementSibling.textContent)"""
    )
    return [str(text) for text in found]


@pytest.mark.parametrize("url", [URL, f"ja/{URL}"])
def test_pointing_at_a_mark_shows_its_sentence(watch: Callable[..., Watched], url: str) -> None:
    watched = watch()
    page = watched.open(url, ".word")
    every = texts(page)
    said = page.locator(".occurrence").first
    marks = page.locator(".word").first.locator("svg.senses path")
    assert marks.count() == len(every) > 10 and said.inner_text() == ""
    seen = set()
    for _ in range(
        4
    ):  # marks move to the end of the picture when shown, so the first is another each time
        mark = marks.first
        at = int(mark.get_attribute("data-at"))
        mark.scroll_into_view_if_needed()
        box = mark.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_function("() => document.querySelector('.occurrence').textContent")
        assert said.inner_text() in every
        seen.add((at, said.inner_text()))
    assert all(every[at] == text for at, text in seen) or len(seen) > 1
    assert (
        said.locator("b").inner_text().lower()
        == page.locator(".word h2").first.inner_text().lower()
    )
    watched.fine()


def test_arrow_keys_walk_through_all(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open(URL, ".word")
    every = texts(page, 1)
    picture, said = page.locator("svg.senses").nth(1), page.locator(".occurrence").nth(1)
    picture.focus()
    page.keyboard.press("Alt+ArrowDown")  # the browser's own
    assert said.inner_text() == ""
    walked = []
    for _ in every:
        page.keyboard.press("ArrowRight")
        walked.append(said.inner_text())
    assert walked == every
    page.keyboard.press("Home")
    assert said.inner_text() == every[0]
    page.keyboard.press("ArrowLeft")
    assert said.inner_text() == every[-1]
    watched.fine()


def test_a_finger_meets_a_mark_nearby(watch: Callable[..., Watched]) -> None:
    watched = watch(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = watched.open(URL, ".word")
    assert page.evaluate(WIDE) == []
    mark = page.locator("svg.senses path").first
    mark.evaluate(
        "(node) => node.scrollIntoView({ block: 'center' })"
    )  # at the screen's edge the finger would miss it
    said = page.locator(".occurrence").first
    for _ in range(10):  # a finger meets what is drawn, which scrolls a little later
        box = mark.bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] / 2 + 6, box["y"] + box["height"] / 2 + 6)
        page.wait_for_timeout(200)
        if said.inner_text():
            break
    assert said.inner_text() in texts(page)
    watched.fine()


def test_without_javascript_every_sentence_is_there(watch: Callable[..., Watched]) -> None:
    page = watch(java_script_enabled=False).open(URL, ".word")
    assert (
        page.locator("svg.senses path title").count()
        == page.locator(".word details li").count()
        > 20
    )
    assert not page.locator(".hint").is_visible()
