"""Two maps side by side in a browser: what is done on one is seen on the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, WAKE, WIDE, Watched, coloured, until

pytestmark = MARKS

URL = "compare/minilm-words--ja-aozora-words/"
LINKED = ".pair[data-linked]"
MAP = "[...document.querySelectorAll('.stage')][{}].map"
FIRST, SECOND = (MAP.format(side) for side in (0, 1))


@pytest.fixture
def open_pair(watch: Callable[..., Watched]) -> Callable[..., tuple[Watched, Any]]:
    def opened(url: str = URL, **options: Any) -> tuple[Watched, Any]:
        watched = watch(**options)
        page = watched.open(url, LINKED)
        page.wait_for_function("() => document.querySelectorAll('.stage[data-drawn]').length === 2")
        page.evaluate(WAKE)
        return watched, page

    return opened


def chosen(page: Any, map_: str) -> str | None:
    """The text of the token chosen on a map."""
    found = page.evaluate(f"() => {map_}.selected?.text ?? null")
    return None if found is None else str(found)


def shared(page: Any) -> tuple[int, int, str]:
    """A token that both maps show: its row on either, and its text."""
    found = page.evaluate(f"""async () => {{
      const pairs = await (await fetch(document.querySelector('.pair').dataset.pairs)).json()
      const at = Math.floor(pairs[0].length / 2)
      const rows = [await {FIRST}.source.rowOf(pairs[0][at]), await {SECOND}.source.rowOf(pairs[1][at])]
      await {FIRST}.source.texts(rows)
      return [...rows, {FIRST}.source.text(rows[0])]
    }}""")
    return found[0], found[1], found[2]


def test_choosing_on_either_map_chooses_on_both(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair()
    assert (
        coloured(page, ".pair > div:nth-child(1) .canvas") > 500
        and coloured(page, ".pair > div:nth-child(2) .canvas") > 100
    )
    one, two, text = shared(page)
    page.evaluate(f"() => {FIRST}.select({one}, true)")
    page.wait_for_function(f"() => {SECOND}.selected?.row === {two} && {SECOND}.selected.near")
    assert chosen(page, FIRST) == chosen(page, SECOND) == text
    until(page, "location.hash.startsWith('#t=') ? 1 : 0", lambda found: found == 1)
    page.evaluate(f"() => {FIRST}.select(null)")
    page.wait_for_function(f"() => {SECOND}.selected === null")
    page.evaluate(f"() => {SECOND}.select({two}, true)")
    page.wait_for_function(f"() => {FIRST}.selected?.row === {one}")
    until(page, "location.hash.startsWith('#t=') ? 1 : 0", lambda found: found == 1)
    watched.fine()


def test_a_token_that_the_other_map_lacks_is_chosen_on_one(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair()
    one, two, _ = shared(page)
    page.evaluate(f"() => {FIRST}.select({one}, true)")
    page.wait_for_function(f"() => {SECOND}.selected?.row === {two}")
    page.evaluate(f"""async () => {{
      const pairs = new Set((await (await fetch(document.querySelector('.pair').dataset.pairs)).json())[0])
      const ids = await {FIRST}.source.ids(Array.from({{ length: {FIRST}.source.total }}, (_, i) => i))
      await {FIRST}.select(ids.findIndex((id) => !pairs.has(id)), false)
    }}""")
    page.wait_for_function(f"() => {SECOND}.selected === null")
    assert chosen(page, FIRST)
    watched.fine()


def test_pointing_shows_the_place_on_the_other_map(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair()
    one, two, _ = shared(page)
    page.evaluate(f"""() => {{
      const map = {FIRST}, p = map.source.points(map.projection)
      map.setView({{ x: p.x[{one}], y: p.y[{one}], span: map.view().span / 60 }}, false)
    }}""")
    box = page.locator(".canvas").first.bounding_box()
    for step in range(100):  # a hand is seldom still; the map may not have drawn the view yet
        page.mouse.move(box["x"] + box["width"] / 2 + step % 2, box["y"] + box["height"] / 2)
        if page.evaluate(f"Boolean({FIRST}.hovered)"):
            break
        page.wait_for_timeout(100)
    if page.evaluate(f"() => {FIRST}.hovered.row") == one:
        page.wait_for_function(f"() => {SECOND}.hovered?.row === {two}")
    page.mouse.move(2, 2)
    page.wait_for_function(f"() => !{SECOND}.hovered")
    watched.fine()


def test_both_move_together_until_told_not_to(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair()
    spans = f"() => [{FIRST}.view().span, {SECOND}.view().span]"
    before = page.evaluate(spans)
    box = page.locator(".canvas").first.bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.wheel(0, -240)
    after = until(
        page,
        spans,
        lambda now: (
            now[0] < 0.8 * before[0]
            and now[1] / before[1] == pytest.approx(now[0] / before[0], rel=1e-3)
        ),
    )
    page.locator("input[name=together]").uncheck()
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.wheel(0, -240)
    until(page, spans, lambda now: now[0] < 0.8 * after[0] and now[1] == after[1])
    watched.fine()


def test_one_legend_colours_both(open_pair: Callable[..., tuple[Watched, Any]]) -> None:
    watched, page = open_pair()
    page.locator("select[name=colour]").first.select_option("kind")
    page.wait_for_function(f"() => {SECOND}.colour === 'kind'")
    page.locator("select[name=colour]").first.select_option("cluster")
    page.wait_for_function(f"() => {SECOND}.colour === 'cluster'")
    page.locator(".legend summary").first.click()  # folded on maps so narrow
    page.locator(".legend button[data-key]").first.click()
    page.wait_for_function(f"() => {SECOND}.only.size === 1 && {FIRST}.only.size === 1")
    assert page.evaluate(f"() => [...{SECOND}.only][0] === [...{FIRST}.only][0]")
    watched.fine()


def test_a_word_of_the_lists_is_shown_on_both(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair(f"ja/{URL}")
    link = page.locator(".moved a").first
    link.click()
    page.wait_for_function(f"() => {FIRST}.selected?.near && {SECOND}.selected?.near")
    assert chosen(page, FIRST) == link.inner_text() == chosen(page, SECOND)
    watched.fine()


def test_a_link_opens_with_its_token_on_both(open_pair: Callable[..., tuple[Watched, Any]]) -> None:
    _, page = open_pair()
    token = page.locator(".moved a").first.get_attribute("data-token")
    text = page.locator(".moved a").first.text_content()  # which is not laid out yet
    watched, page = open_pair(f"{URL}#t={token}")
    page.wait_for_function(f"() => {SECOND}.selected?.text === {text!r}")
    assert chosen(page, FIRST) == text
    watched.fine()


LISTS = """() => [...document.querySelectorAll('.beside ol')].map((list) =>
  [...list.querySelectorAll('li')].map((item) => [item.className, item.querySelector('bdi').textContent]))"""


def test_the_neighbors_in_both_spaces_stand_beside_each_other(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair(viewport={"width": 1280, "height": 800})
    one, _, text = shared(page)
    page.evaluate(f"() => {FIRST}.select({one}, true)")
    page.wait_for_function(
        f"() => document.querySelector('.beside .word').textContent === {text!r}"
    )
    first, second = page.evaluate(LISTS)
    near = page.evaluate(
        f"() => [{FIRST}, {SECOND}].map((map) => map.selected.near.slice(0, 15).map((o) => o.text))"
    )
    kept = []
    for side, texts in zip((first, second), near, strict=True):
        marked = list(zip(side, texts, strict=True))
        assert all(name.startswith(text) for (_, name), text in marked)  # its script may follow
        kept.append({text for (mark, _), text in marked if mark == "kept"})
    assert kept[0] == kept[1] == set(near[0]) & set(near[1])  # one text is one token here
    assert {mark for mark, _ in first} <= {"kept", "lost", "absent"}
    assert {mark for mark, _ in second} <= {"kept", "gained", "absent"}
    lists = page.locator(".beside .lists").bounding_box()
    assert lists["y"] + lists["height"] <= 800  # above the fold
    columns = [page.locator(".beside ol").nth(side).bounding_box() for side in (0, 1)]
    assert columns[0]["y"] == columns[1]["y"] and columns[0]["x"] < columns[1]["x"]
    page.locator(".beside button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        f"() => document.querySelector('.beside .word').textContent === {near[0][0]!r}"
    )
    watched.fine()


def test_a_link_to_a_token_tells_no_figures_but_its_own(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    watched, page = open_pair(viewport={"width": 1280, "height": 800})
    page.evaluate(
        """() => {
  const count = document.querySelector('.beside .count');
  const note = () => { (window.told ??= []).push(count.textContent); };
  new MutationObserver(note).observe(count, { childList: true });
}"""
    )
    link = page.locator(".moved a").nth(1)
    text = link.text_content()
    link.click()
    page.wait_for_function(
        f"() => {FIRST}.selected?.text === {text!r} && {SECOND}.selected?.near && window.told"
    )
    page.wait_for_timeout(300)
    told = page.evaluate("() => [...new Set(window.told)]")
    marks = [mark for side in page.evaluate(LISTS) for mark, _ in side]
    assert len(told) == 1
    assert [int(number) for number in re.findall(r"\d+", told[0])] == [
        marks.count("kept") // 2,
        marks.count("lost"),
        marks.count("gained"),
    ]
    watched.fine()


def test_no_strip_stands_empty_above_the_maps_of_a_tablet(
    open_pair: Callable[..., tuple[Watched, Any]],
) -> None:
    _, page = open_pair(viewport={"width": 820, "height": 1180})
    above = page.locator(".beside .ask").bounding_box()
    heads = [page.locator(".pair > div > h2").nth(side).bounding_box() for side in (0, 1)]
    room = min(head["y"] for head in heads) - above["y"] - above["height"]
    assert 0 <= room < 30


@pytest.mark.parametrize("url", [URL, f"ja/{URL}", "compare/", "ja/compare/"])
def test_it_fits_a_phone(watch: Callable[..., Watched], url: str) -> None:
    watched = watch(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = watched.open(url, LINKED if "--" in url else ".gallery")
    assert page.evaluate(WIDE) == []
    watched.fine()


def test_without_javascript_there_are_two_pictures_and_all_figures(
    watch: Callable[..., Watched],
) -> None:
    watched = watch(java_script_enabled=False)
    page = watched.open(URL, ".pair")
    assert page.locator(".pair .poster img").count() == 2 and page.locator(".bars").count() == 2
    assert page.locator(".beside .word").inner_text()
    assert all(page.locator(".beside ol").nth(side).locator("li").count() for side in (0, 1))
    assert page.locator(".moved a").count() > 10 and not page.locator(".together").is_visible()
