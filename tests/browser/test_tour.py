"""The tour of a map: fetched when it is asked for, it does what it tells of, and leaves the map as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, Watched, broken_rules, until

pytestmark = MARKS

MAP = "document.querySelector('.stage').map"
CARD = ".guided"
STEPS = 6
# What each step leaves to be seen.
DONE = (
    f"Number({MAP}.only.size === 1 && {MAP}.colour === 'cluster')",
    f"Number({MAP}.only.size === 1 && {MAP}.colour === 'landmark')",
    "document.querySelectorAll('.found:not([hidden]) li').length",
    "document.querySelectorAll('.panel:not([hidden]) ol li').length",
    f"{MAP}.picked?.length * {MAP}.lasso.kept?.path.length",
    f"Number({MAP}.colour === 'overlap' && {MAP}.picked === null)",
)
SIZES = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "tablet": {"viewport": {"width": 820, "height": 1180}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}
# Whether the card lies over what the step is about, or beyond the screen.
HIDES = """() => {
  const card = document.querySelector('.guided').getBoundingClientRect()
  const over = [...document.querySelectorAll('.toured:not(.canvas)')].filter((node) => {
    const { left, right, top, bottom } = node.getBoundingClientRect()
    return left < card.right - 1 && right > card.left + 1 && top < card.bottom - 1 && bottom > card.top + 1
  })
  if (card.bottom > innerHeight + 1 || card.right > innerWidth + 1) over.push(document.body)
  return over.map((node) => node.className)
}"""


def seen(page: Any) -> Any:
    page.wait_for_timeout(400)  # a view rests before the address names it
    return page.evaluate(
        f"[{MAP}.colour, [...{MAP}.only], {MAP}.selected?.row ?? null, {MAP}.picked, {MAP}.view(), location.hash]"
    )


def tours(watched: Watched) -> list[str]:
    return [url for url in watched.asked if "/tour." in url]


@pytest.mark.parametrize("language", ["", "ja/"])
@pytest.mark.parametrize("size", SIZES)
def test_a_tour_does_what_it_tells_of(
    watch: Callable[..., Watched], size: str, language: str
) -> None:
    watched = watch(**SIZES[size])
    page = watched.open(f"{language}maps/minilm-words/")
    before = seen(page)
    assert tours(watched) == [] and page.locator(CARD).count() == 0
    page.focus("button[name=tour]")
    page.keyboard.press("Enter")
    page.locator(CARD).wait_for()
    assert len(tours(watched)) == 2
    told = []
    for step, done in enumerate(DONE):
        page.locator(f"{CARD} small").filter(has_text=f"{step + 1}/{STEPS}").wait_for()
        until(page, done, lambda value: value)
        page.locator(".toured").first.wait_for()
        told.append(page.locator(f"{CARD} [role=status]").text_content())
        assert "%" not in told[-1] and "undefined" not in told[-1]
        until(page, f"({HIDES})()", lambda over: over == [])
        if step == 3:
            assert broken_rules(page) == []
        assert page.evaluate("document.activeElement.className") == "next"
        page.keyboard.press("Enter")
    page.locator(CARD).wait_for(state="detached")
    assert len(set(told)) == STEPS and page.locator(".toured").count() == 0
    assert page.evaluate("document.activeElement.name") == "tour"
    until(page, f"{MAP}.colour", lambda colour: colour == "cluster")
    after = seen(page)
    assert after[:4] == before[:4] and after[5] == before[5]
    assert after[4] == pytest.approx(before[4], rel=0.01)
    watched.fine()


def test_escape_ends_a_tour_and_what_was_there_comes_back(watch: Callable[..., Watched]) -> None:
    watched = watch(**SIZES["wide"])
    page = watched.open("maps/minilm-words/#c=kind")
    page.evaluate(f"{MAP}.select(2)")
    page.wait_for_selector(".panel ol li")
    page.evaluate(f"{MAP}.choose([3, 4, 5])")
    before = seen(page)
    steps = page.evaluate("history.length")
    page.click("button[name=tour]")
    for step in range(1, 4):
        page.locator(f"{CARD} small").filter(has_text=f"{step}/{STEPS}").wait_for()
        page.locator(f"{CARD} .next").click()
    page.locator(f"{CARD} .back").click()
    page.locator(f"{CARD} small").filter(has_text=f"3/{STEPS}").wait_for()
    page.focus("input[name=find]")
    page.keyboard.press("Escape")
    page.locator(CARD).wait_for(state="detached")
    until(page, f"{MAP}.picked?.length", lambda n: n == 3)
    page.wait_for_selector(".panel ol li")
    until(page, f"{MAP}.view().span", lambda span: span == pytest.approx(before[4]["span"]))
    after = seen(page)
    assert after[:4] == before[:4] and after[5] == before[5]
    assert page.input_value("input[name=find]") == ""
    assert page.evaluate("history.length") == steps
    page.click("button[name=tour]")  # again, without fetching it again
    page.locator(CARD).wait_for()
    assert len(tours(watched)) == 2
    watched.fine()


def test_frames_and_comparisons_have_no_tour(watch: Callable[..., Watched]) -> None:
    page = watch().open("embed/minilm-words/")
    assert page.locator("button[name=tour], template.guide").count() == 0
