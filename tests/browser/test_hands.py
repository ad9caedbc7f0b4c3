"""What readers' hands do on a map: keys, wheel, fingers, lasso, legend, links, pictures; and what
happens when WebGL goes away."""

from __future__ import annotations

import base64
import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chrome import MARKS, Watched, drawn, still, until
from conftest import Built
from PIL import Image

pytestmark = MARKS

MAP = "document.querySelector('.stage').map"
SPAN = f"{MAP}.view().span"


def open_map(
    watch: Callable[..., Watched], url: str = "maps/minilm-words/", **options: Any
) -> tuple[Watched, Any]:
    watched = watch(**options)
    return watched, watched.open(url)


def hash_of(page: Any, part: str) -> str:
    """The fragment of the address, once it holds a part."""
    for _ in range(600):
        found = str(page.evaluate("location.hash"))
        if part in found:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"{part} does not come into {found}")


def search(page: Any, word: str) -> None:
    page.fill("input[name=find]", word)
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")


def test_the_keys_move_zoom_and_choose(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    whole = page.evaluate(f"{MAP}.view()")
    page.focus(".canvas")
    page.keyboard.press("ArrowRight")
    until(page, f"{MAP}.view().x", lambda x: x > whole["x"])
    page.keyboard.press("+")
    page.keyboard.press("+")
    until(page, SPAN, lambda span: span < whole["span"] / 2)
    page.keyboard.press("Enter")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".said").text_content().startswith(page.locator(".panel h2").text_content())
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    until(page, SPAN, lambda span: abs(span - whole["span"]) < 1)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "find"
    watched.fine()


def test_back_returns_to_the_token_before(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    watched, page = open_map(watch)
    search(page, "april")
    hash_of(page, "v=")
    page.locator(".panel ol button").first.click()
    page.wait_for_function("() => document.querySelector('.panel h2').textContent !== 'april'")
    second = page.locator(".panel h2").text_content()
    hash_of(page, "v=")
    page.go_back()
    page.wait_for_function("() => document.querySelector('.panel h2').textContent === 'april'")
    page.go_forward()
    page.wait_for_function(
        "(word) => document.querySelector('.panel h2').textContent === word", arg=second
    )
    page.go_back()
    page.wait_for_function("() => document.querySelector('.panel h2').textContent === 'april'")
    page.go_back()
    page.wait_for_selector(".panel", state="hidden")
    search(page, "april")
    assert page.locator("input[name=find]").input_value() == "april"
    hash_of(page, "t=")
    page.go_back()
    page.wait_for_selector(".panel", state="hidden")
    page.wait_for_function("document.querySelector('input[name=find]').value === ''")
    watched.fine()


@pytest.mark.parametrize("kind", ["maps", "embed"])
def test_an_address_brings_back_the_view(watch: Callable[..., Watched], kind: str) -> None:
    _, page = open_map(watch, f"{kind}/ja-aozora-words/")
    page.evaluate(f"{MAP}.setView({{ x: 30000, y: 20000, span: 9000 }}, false)")
    address = hash_of(page, "v=")
    other = watch()
    page = other.open(f"{kind}/ja-aozora-words/{address}")
    view = page.evaluate(f"{MAP}.view()")
    assert (
        abs(view["x"] - 30000) < 20 and abs(view["y"] - 20000) < 20 and abs(view["span"] - 9000) < 9
    )
    other.fine()


def test_readings_find_words(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    data = tiny_atlas.data("ja-aozora-words")
    pairs = [
        (text, reading)
        for text, reading in zip(data.strings("text"), data.strings("reading"), strict=True)
        if reading
    ]
    text, reading = next(
        (text, reading)
        for text, reading in pairs
        if len(reading) > 2 and not any("ァ" <= sign <= "ヶ" for sign in text)
    )
    hiragana = "".join(chr(ord(sign) - 96) if "ァ" <= sign <= "ヶ" else sign for sign in reading)
    watched, page = open_map(watch, "ja/maps/ja-aozora-words/")
    page.fill("input[name=find]", hiragana)
    page.wait_for_selector(".found li[aria-selected=true]")
    assert text in page.locator(".found li bdi").all_text_contents()
    watched.fine()


def test_the_legend_filters(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    all_of_it = still(page)
    item = page.locator(".legend button[data-key]").first
    item.click()
    assert item.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.dataset.key") == "0"
    # Where few are left, their wash is as deep as that of many: pictures differ, but by no rule.
    left = page.evaluate(f"{MAP}.hidden.filter((out) => !out).length")
    assert left == int(item.locator("small").text_content().replace(",", ""))
    assert still(page) != all_of_it
    hash_of(page, "f=0")
    page.click(".legend .all:not([hidden])")
    assert page.locator(".legend button[aria-pressed=true]").count() == 0
    assert page.evaluate(f"{MAP}.hidden") is None
    assert still(page) == all_of_it
    for colour in ("rank", "overlap"):
        page.select_option("select[name=colour]", colour)
        hash_of(page, f"c={colour}")
        assert page.locator(".legend button[data-key]").count() > 3
        assert drawn(page) > 1500
    watched.fine()


def test_a_lasso_chooses_what_lies_within(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    data = tiny_atlas.data("minilm-words")
    texts = dict(zip(data.column("token_id").tolist(), data.strings("text"), strict=True))
    watched, page = open_map(watch, accept_downloads=True)
    box = page.locator(".canvas").bounding_box()
    left, top, right, low = box["x"] + 300, box["y"] + 100, box["x"] + 800, box["y"] + 500
    page.click("button[name=lasso]")
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (left, low)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.wait_for_selector(".chosen li")
    expected = page.evaluate(f"""() => {{
      const map = {MAP}, points = map.source.points(map.projection)
      const box = document.querySelector('.canvas').getBoundingClientRect()
      const a = map.camera.spot([{left} - box.left, {low} - box.top]), b = map.camera.spot([{right} - box.left, {top} - box.top])
      const rows = []
      for (let i = 0; i < points.n; i++) if (points.x[i] > a.x && points.x[i] < b.x && points.y[i] > a.y && points.y[i] < b.y) rows.push(i)
      return map.source.ids(rows)
    }}""")
    assert len(expected) > 20
    with page.expect_download() as found:
        page.get_by_text("Download CSV").click()
    rows = list(
        csv.DictReader(io.StringIO(Path(found.value.path()).read_text(encoding="utf-8-sig")))
    )
    ids = [int(row["id"]) for row in rows]
    assert (
        abs(len(ids) - len(expected)) <= 2 and len(set(ids) ^ set(expected)) <= 2
    )  # a point may lie on the line
    # One apostrophe stands before what a spreadsheet would take for a formula.
    assert all(row["token"].removeprefix("'") == texts[int(row["id"])] for row in rows)
    # The same by keyboard: what is in view, as a table and as a selection.
    page.locator(".inview summary").press("Enter")
    page.wait_for_selector(".inview tbody tr")
    page.locator("button[name=all-in-view]").press("Enter")
    page.wait_for_function("(n) => document.querySelectorAll('.chosen li').length > n", arg=300)
    page.get_by_role("button", name="Clear").click()
    assert page.locator(".chosen").is_hidden()
    watched.fine()


def test_dragging_with_shift_chooses_a_box(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    before = page.evaluate(f"{MAP}.view()")
    box = page.locator(".canvas").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 400, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 800, box["y"] + 450, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_selector(".chosen li")
    assert page.evaluate(f"{MAP}.view()") == before
    watched.fine()


def test_two_fingers_zoom_and_a_tap_chooses(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(
        watch, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page.locator(".canvas").scroll_into_view_if_needed()
    box = page.locator(".canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.evaluate(SPAN)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *gaps: float) -> None:
        points = [
            {"x": x + side * gap, "y": y, "id": number}
            for gap in gaps
            for number, side in ((0, -1), (1, 1))
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for gap in (45, 60, 90, 120):
        touch("touchMove", gap)
    touch("touchEnd")
    until(page, SPAN, lambda span: abs(before / span - 4) < 0.8)
    for _ in range(3):
        page.evaluate(f"{MAP}.camera.zoom(0.5)")
    row = page.evaluate(
        f"""() => {{ const map = {MAP}, p = map.source.points(map.projection); return [p.x[7], p.y[7]] }}"""
    )
    page.evaluate(f"([x, y]) => {MAP}.setView({{ x, y, span: 2000 }}, false)", row)
    page.wait_for_timeout(400)
    page.touchscreen.tap(x, y)
    page.wait_for_selector(".panel ol li")
    sheet = page.locator(".panel").bounding_box()  # at the lower end of the screen
    assert sheet["y"] > 844 / 2 and abs(sheet["y"] + sheet["height"] - 844) < 1
    watched.fine()


def test_a_lost_context_turns_the_map_into_a_canvas(watch: Callable[..., Watched]) -> None:
    _, page = open_map(watch)
    before = drawn(page)
    page.evaluate("""() => {
      for (const canvas of document.querySelectorAll('.plot canvas')) {
        const gl = canvas.getContext('webgl') || canvas.getContext('webgl2')
        gl?.getExtension('WEBGL_lose_context')?.loseContext()
      }
    }""")
    page.wait_for_selector(".plain:not([hidden])")
    assert page.locator(".plot").is_hidden()
    assert drawn(page) > before / 2
    search(page, "april")
    assert page.locator(".panel h2").text_content() == "april"


@pytest.mark.parametrize("reduced", ["reduce", "no-preference"])
def test_tokens_glide_to_another_projection_unless_motion_is_unwanted(
    watch: Callable[..., Watched], reduced: str
) -> None:
    watched, page = open_map(watch, reduced_motion=reduced)
    search(page, "april")
    page.evaluate("""() => {
      window.frames_seen = 0
      const update = Plotly.update
      Plotly.update = (...rest) => { window.frames_seen++; return update(...rest) }
    }""")
    other = page.locator("input.projection:not(:checked)").first
    name = other.get_attribute("value")
    other.check(force=True)
    hash_of(page, f"p={name}")
    frames = page.evaluate("window.frames_seen")
    assert (frames <= 1) if reduced == "reduce" else (frames >= 4), frames
    assert page.locator(".panel h2").text_content() == "april"
    here = page.evaluate(f"[{MAP}.selected.at, {MAP}.view()]")
    assert abs(here[0][0] - here[1]["x"]) < here[1]["span"] / 2
    assert drawn(page) > 500
    watched.fine()


def test_the_picture_holds_points_and_labels(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    page.wait_for_load_state("networkidle")
    raw = page.evaluate(f"""async () => {{
      const reader = new FileReader()
      reader.readAsDataURL(await {MAP}.image('png'))
      await new Promise((done) => reader.addEventListener('load', done))
      return reader.result
    }}""")
    picture = Image.open(io.BytesIO(base64.b64decode(raw.partition(",")[2]))).convert("RGB")
    box = page.locator(".canvas").bounding_box()
    assert abs(picture.width - 2 * box["width"]) < 6
    pixels = np.asarray(picture).astype(int)
    assert (pixels.max(axis=2) - pixels.min(axis=2) > 60).sum() > 6000
    svg = page.evaluate(f"async () => (await {MAP}.image('svg')).text()")
    root = ET.fromstring(svg)
    words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    shown = page.evaluate(f"{MAP}.found.names.map((one) => one.text)")
    assert shown and set(shown) <= set(words)
    assert (
        sum(node.get("d").count("M") for node in root.iter("{http://www.w3.org/2000/svg}path"))
        > 1000
    )
    watched.fine()


def test_labels_stay_while_zooming_in(watch: Callable[..., Watched]) -> None:
    _, page = open_map(watch)
    page.wait_for_load_state("networkidle")
    whole = page.evaluate(SPAN)
    # Towards the middle of a crowd, where labels come as one zooms in.
    points = f"{MAP}.source.points({MAP}.projection)"
    center = page.evaluate(
        f"(() => {{ const p = {points}; return {{ x: p.x[p.n >> 1], y: p.y[p.n >> 1] }} }})()"
    )
    before: set[int] = set()
    for step in range(12):
        span = whole / 2 ** (step / 2)
        page.evaluate(
            f"{MAP}.setView({{ x: {center['x']}, y: {center['y']}, span: {span} }}, false)"
        )
        page.wait_for_timeout(80)
        found = page.evaluate(f"""() => {{
          const map = {MAP}, p = map.source.points(map.projection), v = map.view()
          const inside = (row) => Math.abs(p.x[row] - v.x) < v.span / 2.2
          return [map.found.tokens.map((one) => one.row), map.found.tokens.map((one) => one.row).filter(inside)]
        }}""")
        still = page.evaluate(
            f"""(rows) => {{
          const map = {MAP}, p = map.source.points(map.projection), v = map.view(), box = document.querySelector('.canvas')
          const high = v.span * box.clientHeight / box.clientWidth
          // Away from the edges and from what stands on the stage, where labels make room.
          return rows.filter((row) => Math.abs(p.x[row] - v.x) < v.span / 4 && Math.abs(p.y[row] - v.y) < high / 3)
        }}""",
            sorted(before),
        )
        assert set(still) <= set(found[0])
        before = set(found[1])
    assert len(before) > 1


def test_in_a_frame_the_wheel_is_the_pages_until_a_click(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch, "embed/minilm-words/")
    before = page.evaluate(SPAN)
    page.mouse.move(500, 400)
    page.mouse.wheel(0, -300)
    page.wait_for_selector(".hint:not([hidden])")
    assert page.evaluate(SPAN) == before
    page.mouse.click(520, 400)
    page.mouse.wheel(0, -300)
    until(page, SPAN, lambda span: span < before * 0.9)
    watched.fine()


def test_landmarks_are_pinned_coloured_and_filtered(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    meta = tiny_atlas.meta("minilm-words")
    assert meta["landmarks"]
    watched, page = open_map(watch, "maps/minilm-words/#c=landmark")
    page.wait_for_load_state("networkidle")
    marks = page.evaluate(f"{MAP}.found.marks.map((one) => one.text)")
    assert any(one["title"]["en"] in marks for one in meta["landmarks"])
    for number, one in enumerate(meta["landmarks"]):
        page.locator(f".legend [data-key='{number}']").click()
        shown = f"[...{MAP}.hidden].map((out, i) => out ? -1 : i).filter((i) => i >= 0)"
        until(page, shown, lambda rows, wanted=set(one["rows"]): set(rows) == wanted)
        page.locator(".legend .all").click()
    watched.fine()


def labels(page: Any, kind: str) -> list[dict[str, Any]]:
    """Labels on the screen, within the canvas and away from its edges and buttons."""
    size = page.evaluate(f"({{ w: {MAP}.box.clientWidth, h: {MAP}.box.clientHeight }})")
    shown: list[dict[str, Any]] = page.evaluate(f"{MAP}.found.{kind}")
    return [
        label
        for label in shown
        if 120 < label["px"] < size["w"] - 120 and 60 < label["py"] < size["h"] - 60
    ]


def clear(label: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Whether no other label is near."""
    return all(
        abs(label["px"] - other["px"]) > 90 or abs(label["py"] - other["py"]) > 24
        for other in others
        if other != label
    )


def test_a_click_on_a_token_s_label_chooses_that_token(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    every = labels(page, "tokens") + labels(page, "names")
    tokens = [label for label in labels(page, "tokens") if clear(label, every)]
    assert len(tokens) > 2
    view = page.evaluate(f"{MAP}.view()")
    for label in tokens[:6]:
        page.evaluate(f"(to) => {MAP}.setView(to, false)", view)  # a choice may have moved it
        there = f"""{MAP}.found.tokens.some(({{ row, px, py }}) => row === {label["row"]}
          && Math.hypot(px - {label["px"]}, py - {label["py"]}) < 1)"""
        until(page, there, bool)
        page.locator(".canvas").click(position={"x": label["px"], "y": label["py"]})
        until(page, f"{MAP}.selected?.row ?? -1", lambda row, label=label: row == label["row"])
        assert page.locator(".panel h2").text_content() == label["text"]
        page.evaluate(f"{MAP}.select(null)")
        until(page, f"{MAP}.selected === null", bool)
    watched.fine()


def test_no_tip_says_again_what_stands_on_the_map(watch: Callable[..., Watched]) -> None:
    watched, page = open_map(watch)
    search(page, "april")
    until(page, f"{MAP}.found.marks.filter((mark) => mark.text).length", lambda count: count > 3)
    page.locator(".canvas").scroll_into_view_if_needed()
    box = page.locator(".canvas").bounding_box()
    over = f"{MAP}.hovered?.row ?? -1"
    rows = page.evaluate(
        f"() => {MAP}.found.marks.filter((mark) => mark.text && !mark.way).map((mark) => mark.row)"
    )
    told = 0
    for row in rows[:6]:
        at = page.evaluate(f"() => {MAP}.found.marks.find((mark) => mark.row === {row})")
        page.mouse.move(box["x"] + at["px"] - 2, box["y"] + at["py"])
        page.mouse.move(box["x"] + at["px"], box["y"] + at["py"])
        tried = (page.wait_for_timeout(100) or page.evaluate(over) == row for _ in range(20))
        if any(tried):  # another's dot may lie above
            page.wait_for_timeout(200)  # a tip comes with the next frame
            assert page.locator(".tip").is_hidden()
            told += 1
    assert told
    watched.fine()


def test_a_click_on_a_cluster_s_name_flies_there_and_sets_it_apart(
    watch: Callable[..., Watched],
) -> None:
    watched, page = open_map(watch)
    whole = page.evaluate(SPAN)
    # The largest may take the whole map.
    found = (label for label in labels(page, "names") if label["level"] == "coarse")
    coarse = min(found, key=lambda label: int(label["size"]))
    page.locator(".canvas").click(position={"x": coarse["px"], "y": coarse["py"]})
    until(page, f"[...{MAP}.only][0] ?? -1", lambda key: key == coarse["key"])
    until(page, SPAN, lambda span: span < whole)
    assert page.locator(".legend [aria-pressed=true]").count() == 1
    assert page.locator(".said").text_content() == coarse["name"]
    hash_of(page, "v=")
    page.go_back()  # to the whole map, all in colour
    until(page, f"{MAP}.only.size", lambda count: count == 0)
    until(page, SPAN, lambda span: span == whole)
    watched.fine()


def test_a_label_shows_that_it_can_be_clicked(watch: Callable[..., Watched]) -> None:
    _, page = open_map(watch)
    every = labels(page, "tokens") + labels(page, "names")
    label = next(label for label in labels(page, "names") if clear(label, every))
    box = page.locator(".canvas").bounding_box()
    page.mouse.move(box["x"] + label["px"], box["y"] + label["py"])
    page.wait_for_selector(".canvas.pointed")
