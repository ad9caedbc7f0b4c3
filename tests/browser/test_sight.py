"""What a map shows at first sight: nothing moves as it comes, colors have a key, names are reached
by keyboard, and nobody is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, Watched, hidden, until
from conftest import Built

pytestmark = MARKS

MAP = "document.querySelector('.stage').map"
SPAN = f"{MAP}.view().span"
SHIFTS = """
window.shifted = 0
new PerformanceObserver((list) => {
  for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) window.shifted += value
}).observe({ type: 'layout-shift', buffered: true })
"""
SIZES = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}


def opened(
    watch: Callable[..., Watched], url: str = "maps/minilm-words/", **options: Any
) -> tuple[Watched, Any]:
    watched = watch(**options)
    return watched, watched.open(url)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "url", ["maps/minilm-words/", "ja/maps/ja-aozora-words/", "maps/minilm-words/#t=2258"]
)
def test_nothing_moves_as_the_map_comes(watch: Callable[..., Watched], url: str, size: str) -> None:
    watched = watch(**SIZES[size])
    watched.page.add_init_script(SHIFTS)
    page = watched.open(url)
    if "#" in url:
        page.wait_for_selector(".panel dl")
        assert page.locator(".panel h2").text_content() == "april"
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifted") < 0.02
    watched.fine()


def test_the_judge_of_shifts_sees_one(watch: Callable[..., Watched]) -> None:
    watched = watch(**SIZES["wide"])
    watched.page.add_init_script(SHIFTS)
    page = watched.open("maps/minilm-words/")
    page.wait_for_timeout(600)
    page.evaluate("document.querySelector('.intro').style.paddingBottom = '45px'")
    until(page, "window.shifted", lambda shifted: shifted > 0.02)


def test_a_map_is_printed_and_resized_before_webgl_draws_it(watch: Callable[..., Watched]) -> None:
    """Once, a box without height, as it is in between, made Plotly look for one it never had."""
    watched = watch()
    page = watched.page
    page.goto(f"{watched.site}maps/minilm-words/")
    page.wait_for_selector(".stage[data-ready]")
    for size in (700, 1280):
        page.set_viewport_size({"width": size, "height": 700})
        page.pdf()
    page.wait_for_selector(".stage[data-drawn]", timeout=30_000)
    page.evaluate(f"{MAP}.box.style.height = '0'")
    page.wait_for_timeout(100)
    page.evaluate(f"{MAP}.setView({{ ...{MAP}.view(), span: 20000 }})")
    page.wait_for_timeout(100)
    page.evaluate(f"{MAP}.box.style.height = ''")
    until(page, SPAN, lambda span: span == pytest.approx(20000))
    watched.fine()


@pytest.mark.parametrize("colour", ["cluster", "kind", "script", "rank", "overlap", "landmark"])
def test_every_colouring_has_its_key_on_the_map(watch: Callable[..., Watched], colour: str) -> None:
    watched, page = opened(watch, f"maps/minilm-words/#c={colour}", **SIZES["wide"])
    key = page.locator(".field .legend")
    assert key.is_visible() and key.get_attribute("open") is not None
    option = page.locator("select[name=colour] option:checked").text_content()
    assert key.locator("summary").text_content().endswith(option)
    box, field = key.bounding_box(), page.locator(".canvas").bounding_box()
    assert box["y"] > field["y"] and box["x"] > field["x"]
    assert box["y"] + box["height"] < min(field["y"] + field["height"], 800)
    items = page.evaluate(f"{MAP}.colouring.items.length")
    ends = key.locator(".ends span")
    if colour in ("rank", "overlap"):
        assert key.locator("li").count() == items and ends.count() == 2
        named = key.locator("li button").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
        assert len(set(named)) == items
    else:
        assert key.locator("li").count() == (items if items < 14 else 12)
    names = page.evaluate(f"{MAP}.found.names.filter(({{ colour }}) => colour).length")
    assert (names > 0) == (colour == "cluster")
    key.locator("summary").click()
    assert not key.locator("li").first.is_visible()
    watched.fine()


def test_the_key_shows_the_largest_and_all(watch: Callable[..., Watched]) -> None:
    watched, page = opened(watch)
    # The small atlas has fewer clusters than a key shows; these have no tokens of their own.
    page.evaluate(
        f"""() => {{ const map = {MAP}; const {{ colouring }} = map
          for (let key = 100; key < 140; key++) colouring.items.push({{ ...colouring.items[0], key }})
          map.filter(139) }}"""
    )
    everything = page.evaluate(f"{MAP}.colouring.items.length")
    # What is chosen is never left out.
    assert page.locator(".legend li").count() == 13
    assert page.locator(".legend [data-key='139'][aria-pressed=true]").count() == 1
    page.get_by_role("button", name=f"All {everything}").click()
    assert page.locator(".legend li").count() == everything
    assert page.evaluate("document.activeElement.closest('.legend li') !== null")
    watched.fine()


def test_the_key_is_folded_where_it_would_hide_the_map(watch: Callable[..., Watched]) -> None:
    _, page = opened(watch, **SIZES["phone"])
    key = page.locator(".legend")
    assert key.is_visible() and key.get_attribute("open") is None
    assert not key.locator("li").first.is_visible()
    key.locator("summary").tap()
    assert key.locator("li").first.is_visible()


def test_labels_are_reached_and_used_by_keyboard(watch: Callable[..., Watched]) -> None:
    watched, page = opened(watch)
    page.focus(".canvas")
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    shown = page.evaluate(f"[...{MAP}.found.names, ...{MAP}.found.tokens].map((one) => one.text)")
    visited = []
    for way in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp") * 3:
        assert page.evaluate(f"{focused}.closest('.reach') !== null")
        name = page.evaluate(f"{focused}.ariaLabel")
        at = page.evaluate(
            f"(({{ x, y, width }}) => [x + width / 2, y])({focused}.getBoundingClientRect())"
        )
        assert name in shown
        visited.append(name)
        page.keyboard.press(way)
        to = page.evaluate(
            f"(({{ x, y, width }}) => [x + width / 2, y])({focused}.getBoundingClientRect())"
        )
        axis, sign = (
            (0 if way in ("ArrowRight", "ArrowLeft") else 1),
            way in ("ArrowRight", "ArrowDown"),
        )
        assert to == at or (to[axis] > at[axis]) == sign
    assert len(set(visited)) > 2
    # One of them is a stop of Tab, the others are not.
    assert page.locator(".reach button[tabindex='0']").count() == 1
    ring = page.evaluate(f"getComputedStyle({focused}).outlineStyle")
    assert ring != "none"
    name = page.evaluate(f"{focused}.ariaLabel")
    tokens = page.evaluate(f"{MAP}.found.tokens.map((one) => one.text)")
    page.keyboard.press("Enter")
    if name in tokens:
        page.wait_for_selector(".panel ol li")
        assert page.locator(".panel h2").text_content() == name
    else:
        until(page, SPAN, lambda span: span < 65535 / 2)
        assert name in page.locator(".said").text_content()
    watched.fine()


def test_a_label_under_the_pointer_is_marked(watch: Callable[..., Watched]) -> None:
    _, page = opened(watch)
    width = page.evaluate(f"{MAP}.box.clientWidth")
    names = page.evaluate(f"{MAP}.found.names")
    label = next(one for one in names if 300 < one["px"] < width - 200)
    spot = [label["px"], label["py"]]
    # Ink below the label, in the strip where the line comes to be.
    ink = f"""() => {{ const pen = {MAP}.canvas.getContext('2d')
      const {{ data }} = pen.getImageData({spot[0]} - 20, {spot[1] + label["font"] * 0.6} - 2, 40, 6)
      return data.filter((value, i) => i % 4 === 3 && value > 200).length }}"""
    before = page.evaluate(ink)
    box = page.locator(".canvas").bounding_box()
    page.mouse.move(box["x"] + spot[0], box["y"] + spot[1])
    page.wait_for_selector(".canvas.pointed")
    until(page, ink, lambda now: now > before + 10)
    page.mouse.move(box["x"] - 5, box["y"] + spot[1])
    until(page, ink, lambda now: now == before)


def test_a_reader_finds_back_from_nowhere(watch: Callable[..., Watched]) -> None:
    watched, page = opened(watch)
    whole = page.evaluate(f"{MAP}.view()")
    lost = page.locator("button.lost")
    assert not lost.is_visible()
    page.evaluate(f"{MAP}.setView({{ x: 1e9, y: -1e9, span: 1e9 }})")
    view = page.evaluate(f"{MAP}.view()")
    assert view["span"] < 2 * whole["span"] and 0 < view["x"] < 2 * 65535
    page.evaluate(f"{MAP}.setView({{ x: 65535, y: 0, span: 600 }})")
    lost.wait_for(state="visible")
    lost.click()
    until(page, SPAN, lambda span: span == pytest.approx(whole["span"]))
    lost.wait_for(state="hidden")
    watched.fine()


def test_an_overview_stands_by_who_is_deep_in_a_large_map(watch: Callable[..., Watched]) -> None:
    watched, page = opened(watch)
    view = page.locator(".overview")
    assert not view.is_visible()
    page.evaluate(f"{MAP}.setView({{ x: 20000, y: 12000, span: 5000 }})")
    view.wait_for(state="visible")
    box = view.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    until(page, f"{MAP}.view().x", lambda x: x > 40000)
    assert page.evaluate(SPAN) == pytest.approx(5000)
    page.click("button[name=home]")
    view.wait_for(state="hidden")
    _, phone = opened(watch, **SIZES["phone"])
    phone.evaluate(f"{MAP}.setView({{ x: 20000, y: 12000, span: 5000 }})")
    phone.wait_for_timeout(400)
    assert not phone.locator(".overview").is_visible()
    watched.fine()


def test_a_frame_fits_again_when_its_size_changes(watch: Callable[..., Watched]) -> None:
    watched, page = opened(watch, "embed/minilm-words/", viewport={"width": 1200, "height": 500})
    for width, height in ((400, 500), (1300, 400), (700, 700)):
        page.set_viewport_size({"width": width, "height": height})
        # As near as on a map that was opened at this size.
        _, fresh = opened(watch, "embed/minilm-words/", viewport={"width": width, "height": height})
        wanted = pytest.approx(fresh.evaluate(f"{MAP}.view()"))
        until(page, f"{MAP}.view()", lambda view, wanted=wanted: view == wanted)
    watched.fine()


@pytest.mark.parametrize("width", [320, 900])
def test_a_frame_s_controls_cover_no_points(watch: Callable[..., Watched], width: int) -> None:
    _, page = opened(watch, "embed/minilm-words/", viewport={"width": width, "height": 500})
    with hidden(page):
        controls = page.locator(".controls").bounding_box()
        canvas = page.locator(".canvas").bounding_box()
    assert controls["y"] + controls["height"] <= canvas["y"] + 0.5
    assert canvas["y"] + canvas["height"] == pytest.approx(500, abs=1)
    high = page.evaluate("document.scrollingElement.scrollHeight")
    assert high <= 501, re.sub(r"\s+", " ", page.locator("body").inner_html()[:300])


# Shares of the points in the box that lie under an element.
UNDER = """(name) => {
  const { camera } = MAP, { x, y, n } = MAP.points()
  const [box, over] = [MAP.box, document.querySelector(name)].map((node) => node.getBoundingClientRect())
  let under = 0
  for (let i = 0; i < n; i++) {
    const [px, py] = camera.pixel(x[i], y[i])
    const [left, top] = [px + box.left, py + box.top]
    under += left > over.left && left < over.right && top > over.top && top < over.bottom
  }
  return under / n
}""".replace("MAP", MAP)
# The poster's picture and the map's frame: left edge, upper edge and width in pixels of the box.
FRAMES = """() => {
  const { camera, meta, projection, box } = MAP, { left, bottom, width } = meta.projections[projection].view
  const image = document.querySelector('.poster img').getBoundingClientRect(), own = box.getBoundingClientRect()
  const wide = Math.min(image.width, image.height / 0.5625)
  const [x, y] = camera.pixel(left, bottom + width * 0.5625)
  return [
    [image.left + (image.width - wide) / 2 - own.left - 1, image.top + (image.height - wide * 0.5625) / 2 - own.top - 1, wide],
    [x, y, camera.pixel(left + width, bottom)[0] - x],
  ]
}""".replace("MAP", MAP)


@pytest.mark.parametrize("url", ["maps/minilm-words/", "ja/maps/ja-aozora-words/"])
@pytest.mark.parametrize("width", [390, 1000, 1280, 1920])
def test_the_map_comes_where_its_poster_was(
    watch: Callable[..., Watched], url: str, width: int
) -> None:
    _, page = opened(watch, url, viewport={"width": width, "height": 800})
    poster, frame = page.evaluate(FRAMES)
    assert frame == pytest.approx(poster, abs=2.5)


@pytest.mark.parametrize("url", ["maps/minilm-words/", "ja/maps/ja-aozora-words/"])
def test_a_wide_map_stands_beside_its_key(watch: Callable[..., Watched], url: str) -> None:
    watched, page = opened(watch, url, **SIZES["wide"])
    key = page.locator(".legend[open]")
    key.wait_for()
    assert page.evaluate(UNDER, ".legend") < 0.03
    middle = f"{MAP}.view().x"
    beside = page.evaluate(middle)
    key.locator("summary").click()
    until(page, middle, lambda x: x > beside + 1000)  # the map comes to the stage's middle
    assert page.evaluate(UNDER, ".legend") < 0.03
    page.locator(".legend summary").click()
    until(page, middle, lambda x: x == pytest.approx(beside))
    assert "v=" not in page.evaluate("location.hash")
    page.evaluate(f"{MAP}.setView({{ x: 30000, y: 20000, span: 5000 }})")
    key.locator("summary").click()
    page.wait_for_timeout(300)
    assert page.evaluate(SPAN) == pytest.approx(5000)  # who looks closer stays there
    watched.fine()


def test_between_the_key_is_folded(watch: Callable[..., Watched]) -> None:
    _, page = opened(watch, viewport={"width": 1000, "height": 760})
    key = page.locator(".legend:not([hidden])")
    key.wait_for()
    assert key.get_attribute("open") is None


# Labels that a reader does not hit in their middles, since something else stands there.
COVERED = """() => [...MAP.found.names, ...MAP.found.tokens, ...MAP.found.marks.filter(({ text }) => text)]
  .filter(({ px, py, tx = px, ty = py }) => {
    const { left, top } = MAP.box.getBoundingClientRect()
    const there = document.elementFromPoint(tx + left, ty + top)
    return there && !MAP.box.contains(there)
  }).map(({ text }) => text)""".replace("MAP", MAP)


@pytest.mark.parametrize("width", [744, 820, 1024])
def test_a_tablet_has_its_controls_in_one_row(watch: Callable[..., Watched], width: int) -> None:
    for language in ("", "ja/"):
        page = watch(viewport={"width": width, "height": 1100}).open(
            f"{language}maps/minilm-words/"
        )
        assert page.locator(".controls").first.bounding_box()["height"] < 60
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "place", ["maps/minilm-words/", "maps/minilm-words/#l=months", "embed/minilm-words/"]
)
def test_no_label_lies_under_what_stands_on_the_map(
    watch: Callable[..., Watched], size: str, place: str
) -> None:
    _, page = opened(watch, place, **SIZES[size])
    whole = page.evaluate(f"{MAP}.view()")
    for factor in (1, 2, 4, 8):
        for right, up in ((0, 0), (0.2, 0.1), (-0.2, 0.1), (-0.2, -0.1)):
            x, y = whole["x"] + right * whole["span"], whole["y"] + up * whole["span"]
            page.evaluate(
                f"(to) => {MAP}.setView(to)", {"x": x, "y": y, "span": whole["span"] / factor}
            )
            page.wait_for_timeout(150)
            until(page, COVERED, lambda covered: covered == [])


CUT = """() => MAP.found.marks.filter(({ text, tx, ty, size }) => {
  const pen = document.createElement('canvas').getContext('2d')
  pen.font = `700 ${size}px ${getComputedStyle(MAP.canvas).fontFamily}`
  const half = pen.measureText(text).width / 2
  return text && (tx < half - 1 || tx > MAP.box.clientWidth - half + 1
    || ty < size / 2 || ty > MAP.box.clientHeight - size / 2)
}).map(({ text }) => text)""".replace("MAP", MAP)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("url", ["maps/minilm-words/#l=years", "ja/maps/ja-aozora-words/#l=places"])
def test_no_pin_of_a_landmark_is_cut(watch: Callable[..., Watched], url: str, size: str) -> None:
    _, page = opened(watch, url, **SIZES[size])
    told = until(page, f"{MAP}.found.marks.filter((mark) => mark.text).length", lambda n: n > 2)
    assert page.evaluate(CUT) == [], told
    # Most members are where nothing stands over them.
    assert page.evaluate(
        f"{MAP}.found.marks.filter(({{ px, py }}) => px > 20 && px < {MAP}.box.clientWidth - 20 "
        f"&& py > 12 && py < {MAP}.box.clientHeight - 12).length"
    ) >= 0.6 * page.evaluate(f"{MAP}.meta.landmarks[[...{MAP}.only][0]].rows.length")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_cluster_goes_by_its_title_in_the_page_s_language(
    watch: Callable[..., Watched], tiny_atlas: Built, language: str
) -> None:
    edition = "" if language == "en" else f"{language}/"
    about = tiny_atlas.data("minilm-words").about
    titled = next(one for one in about.clusters if one.level == "coarse" and one.title)
    title = titled.title[language]
    assert title != titled.name
    watched, page = opened(watch, f"{edition}maps/minilm-words/")
    names = page.evaluate(f"{MAP}.meta.clusters.coarse.map(({{ name }}) => name)")
    assert names[titled.key] == title
    assert page.locator(".chips").get_by_text(title, exact=True).count() == 1
    key = page.locator(f".legend [data-key='{titled.key}']")
    key.wait_for(state="attached")
    assert key.text_content().startswith(title.split(" · ")[0])
    assert key.get_attribute("lang") is None
    page = watched.open(f"{edition}maps/minilm-words/clusters/{titled.slug}/", "h1")
    heading = page.locator("h1 bdi")
    assert heading.text_content() == title and heading.get_attribute("lang") is None
    assert page.title().startswith(f"{title} · ")
    watched.fine()
