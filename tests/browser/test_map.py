"""The built site in Chromium: the map is drawn, answers, and asks nothing of anybody else; without WebGL or scripts a picture stays."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from conftest import Built
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-background-networking"]
SOFTWARE = [*FLAGS, "--enable-unsafe-swiftshader"]
READY = ".stage[data-ready]"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; set CHROMIUM to its path"),
]

VIOLATIONS = """
window.violations = []
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
})
"""


# What reaches beyond the screen, to be told where a page does.
WIDE = """() => [...document.querySelectorAll('body *')].filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.tagName}.${node.getAttribute('class')} ${Math.round(node.getBoundingClientRect().right)}`).slice(0, 12)"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def site(tiny_atlas: Built) -> Iterator[str]:
    """The address of the small atlas's site on the loopback interface."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tiny_atlas.public)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with playwright.sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def chromium(driver: Any) -> Iterator[Any]:
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE)
    yield browser
    browser.close()


class Watched:
    """A page, and all that it said and asked for."""

    def __init__(self, page: Any, site: str) -> None:
        self.page, self.site = page, site
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.add_init_script(VIOLATIONS)

    def open(self, url: str, wait: str = READY) -> Any:
        self.page.goto(self.site + url)
        self.page.wait_for_selector(wait, timeout=30_000)
        return self.page

    def fine(self) -> None:
        """Nothing went wrong up to now."""
        trouble = [line for line in self.said if line.startswith(("error", "warning"))]
        # The software renderer tells how slow it is to read pixels back; that is about this machine.
        assert [line for line in trouble if "GPU stall due to ReadPixels" not in line] == []
        assert self.page.evaluate("window.violations") == []
        assert [url for url in self.asked if not url.startswith((self.site, "data:", "blob:" + self.site))] == []


@pytest.fixture
def watch(chromium: Any, site: str) -> Iterator[Callable[..., Watched]]:
    contexts = []

    def opened(**options: Any) -> Watched:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options})
        contexts.append(context)
        return Watched(context.new_page(), site)

    yield opened
    for context in contexts:
        context.close()


@contextmanager
def hidden(page: Any, *selectors: str) -> Iterator[None]:
    """Elements made invisible, by the page's own objects since its policy allows no other styles."""
    for selector in selectors:
        page.eval_on_selector_all(selector, "(nodes) => nodes.forEach((node) => { node.style.visibility = 'hidden' })")
    yield
    for selector in selectors:
        page.eval_on_selector_all(selector, "(nodes) => nodes.forEach((node) => { node.style.visibility = '' })")


def coloured(page: Any, selector: str = ".canvas") -> int:
    """How many pixels of an element's picture are neither grey, white nor black."""
    picture = np.asarray(Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")).astype(int)
    return int((picture.max(axis=2) - picture.min(axis=2) > 60).sum())


def drawn(page: Any) -> int:
    """Coloured pixels that the live map draws: its poster and its names are hidden."""
    with hidden(page, ".canvas .poster", ".canvas canvas.labels"):
        return coloured(page)


@pytest.mark.parametrize("language", ["", "ja/"])
@pytest.mark.parametrize("page_kind", ["maps", "embed"])
@pytest.mark.parametrize("map_id", ["minilm-words", "ja-aozora-words"])
def test_the_map_is_drawn(watch: Callable[..., Watched], map_id: str, page_kind: str, language: str) -> None:
    watched = watch()
    page = watched.open(f"{language}{page_kind}/{map_id}/")
    assert page.locator(".no-webgl").count() == 0
    assert page.locator(".trouble").is_hidden()
    assert drawn(page) > 2000
    watched.fine()


def test_without_its_points_nothing_coloured_is_left(watch: Callable[..., Watched]) -> None:
    """That the count of coloured pixels above can fail."""
    page = watch().open("maps/minilm-words/")
    with hidden(page, ".canvas .plot"):
        assert drawn(page) < 200


@pytest.mark.parametrize("url", ["", "ja/", "about/", "models/minilm/", "maps/ja-aozora-words/clusters/", "404.html"])
def test_other_pages_open_without_a_fault(watch: Callable[..., Watched], url: str) -> None:
    watched = watch()
    watched.open(url, "main")
    watched.page.wait_for_load_state("networkidle")
    watched.fine()


def test_hovering_over_a_dot_tells_its_token(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    watched = watch()
    page = watched.open("maps/minilm-words/")
    page.wait_for_load_state("networkidle")
    page.locator(".canvas").scroll_into_view_if_needed()
    box = page.locator(".canvas").bounding_box()
    with hidden(page, ".canvas .poster", ".canvas canvas.labels"):
        picture = np.asarray(Image.open(io.BytesIO(page.locator(".canvas").screenshot())).convert("RGB")).astype(int)
    rows, columns = np.nonzero(picture.max(axis=2) - picture.min(axis=2) > 60)
    inside = (rows > 60) & (rows < picture.shape[0] - 20) & (columns > 20) & (columns < picture.shape[1] - 20)
    rows, columns = rows[inside], columns[inside]
    for place in range(0, len(rows), max(len(rows) // 10, 1)):
        page.mouse.move(box["x"] + int(columns[place]) - 3, box["y"] + int(rows[place]))
        page.mouse.move(box["x"] + int(columns[place]), box["y"] + int(rows[place]))
        page.wait_for_timeout(150)
        if page.locator(".tip").is_visible():
            break
    assert page.locator(".tip").is_visible()
    assert page.locator(".tip").text_content() in tiny_atlas.data("minilm-words").strings("text")
    watched.fine()


@pytest.mark.parametrize(("map_id", "word", "language"), [("minilm-words", "april", ""), ("ja-aozora-words", "九", "ja/")])
def test_searching_opens_a_token_with_its_true_neighbors(
    watch: Callable[..., Watched], tiny_atlas: Built, map_id: str, word: str, language: str
) -> None:
    data = tiny_atlas.data(map_id)
    texts, ids = data.strings("text"), data.column("token_id").tolist()
    assert word in texts, "choose another word"
    row = texts.index(word)
    text_of = dict(zip(ids, texts, strict=True))
    watched = watch()
    page = watched.open(f"{language}maps/{map_id}/")
    page.fill("input[name=find]", word)
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".panel h2").text_content() == word
    assert page.locator(".panel ol button").all_text_contents() == [text_of[one] for one in data.lists("neighbor_ids")[row][:10]]
    told = [float(one) for one in page.locator(".panel ol small").all_text_contents()]
    assert np.abs(np.array(told) - data.lists("neighbor_similarities")[row][:10]).max() < 0.008
    assert page.evaluate("location.hash") == f"#t={ids[row]}"
    link = page.locator(".panel a")
    fine = int(data.column("cluster_fine")[row])
    if fine >= 0:
        cluster = next(one for one in data.about.clusters if one.level == "fine" and one.key == fine)
        assert link.text_content() == cluster.name
        assert link.evaluate("(node) => node.href").endswith(f"{language}maps/{map_id}/clusters/{cluster.slug}/")
    page.locator(".panel ol button").first.click()
    other = text_of[data.lists("neighbor_ids")[row][0]]
    page.wait_for_function("(word) => document.querySelector('.panel h2').textContent === word", arg=other)
    page.keyboard.press("Escape")
    assert page.locator(".panel").is_hidden()
    watched.fine()


def test_a_word_that_is_not_there_is_told(watch: Callable[..., Watched]) -> None:
    page = watch().open("maps/minilm-words/")
    page.fill("input[name=find]", "xqzv")
    page.wait_for_selector(".found li[aria-disabled=true]")
    page.press("input[name=find]", "Enter")
    assert page.locator(".panel").is_hidden()


def test_projections_and_colours_change(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("maps/ja-aozora-words/")
    with hidden(page, ".canvas .poster", ".canvas canvas.labels"):
        first = page.locator(".canvas").screenshot()
        page.locator("input[name=projection][value=pca]").check(force=True)
        page.wait_for_function("() => location.hash === '#p=pca'")
        second = page.locator(".canvas").screenshot()
        assert first != second
        assert coloured(page) > 1000
        assert page.locator(".legend").is_hidden()
        for colour in ("kind", "script", "pos"):
            page.select_option("select[name=colour]", colour)
            page.wait_for_function("(hash) => location.hash === hash", arg=f"#p=pca&c={colour}")
            assert page.locator(".legend span").count() > 0
            assert coloured(page) > 1000
    assert "noun" in page.locator(".legend").text_content()
    watched.fine()


def test_an_address_brings_back_a_token_a_projection_and_a_colour(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    data = tiny_atlas.data("minilm-words")
    row = len(data.column("token_id")) // 2
    watched = watch()
    page = watched.open(f"maps/minilm-words/#t={data.column('token_id')[row]}&p=tsne&c=script")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".panel h2").text_content() == data.strings("text")[row]
    assert page.locator("input[name=projection][value=tsne]").is_checked()
    assert page.locator("select[name=colour]").input_value() == "script"
    watched.fine()


@pytest.mark.parametrize("hash_", ["#t=99999999", "#t=abc", "#p=nothing&c=nothing", "#%E0%A4%A"])
def test_an_address_that_means_nothing_does_no_harm(watch: Callable[..., Watched], hash_: str) -> None:
    watched = watch()
    page = watched.open(f"maps/minilm-words/{hash_}")
    assert drawn(page) > 2000
    assert page.locator(".panel").is_hidden()
    watched.fine()


def test_a_cluster_page_leads_to_its_token_on_the_map(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    data = tiny_atlas.data("minilm-words")
    cluster = data.about.clusters[0]
    watched = watch()
    page = watched.open(f"maps/minilm-words/clusters/{cluster.slug}/", "main")
    page.locator("a[href*='#t=']").first.click()
    page.wait_for_selector(".panel ol li", timeout=30_000)
    row = data.column("token_id").tolist().index(cluster.central[0])
    assert page.locator(".panel h2").text_content() == data.strings("text")[row]
    watched.fine()


def until(page: Any, expression: str, good: Callable[[float], bool]) -> float:
    """The value of an expression once it is good. `wait_for_function` would evaluate text, which the pages' policy forbids."""
    for _ in range(100):
        value = float(page.evaluate(expression))
        if good(value):
            return value
        page.wait_for_timeout(100)
    raise AssertionError(f"{expression} stays at {value}")


def test_the_wheel_zooms_and_whole_map_leads_back(watch: Callable[..., Watched]) -> None:
    page = watch().open("maps/minilm-words/")
    span = "(() => { const range = document.querySelector('.plot')._fullLayout.xaxis.range; return range[1] - range[0] })()"
    before = page.evaluate(span)
    box = page.locator(".canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    for _ in range(3):  # Plotly limits how far one turn of the wheel goes
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(200)
    zoomed = until(page, span, lambda value: value < before * 0.9)
    page.click("button[name=home]")
    until(page, span, lambda value: abs(value - before) < before * 0.01 and value > zoomed)


def test_without_javascript_a_picture_and_the_clusters_are_there(watch: Callable[..., Watched], tiny_atlas: Built) -> None:
    watched = watch(java_script_enabled=False)
    page = watched.page
    page.goto(watched.site + "maps/minilm-words/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".canvas .poster img").is_visible()
    assert coloured(page) > 2000
    assert page.locator("noscript .note").is_visible()
    assert page.locator(".controls").is_hidden()
    cluster = next(one for one in tiny_atlas.data("minilm-words").about.clusters if one.level == "coarse")
    assert page.locator(".chips").get_by_text(cluster.name, exact=True).is_visible()
    assert [url for url in watched.asked if not url.startswith((watched.site, "data:"))] == []


def test_without_webgl_the_picture_stays_and_a_note_says_so(driver: Any, site: str) -> None:
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu", "--disable-3d-apis"])
    try:
        watched = Watched(browser.new_page(viewport={"width": 1280, "height": 900}), site)
        page = watched.open("maps/minilm-words/", ".trouble:not([hidden])")
        assert "WebGL" in page.locator(".trouble").text_content()
        assert page.locator(".canvas .poster img").is_visible()
        assert page.locator(".plot").is_hidden()
        assert coloured(page) > 2000
        assert page.locator(".controls").is_hidden()
        assert page.evaluate("window.violations") == []
    finally:
        browser.close()


def test_where_data_do_not_come_the_picture_stays_and_a_note_says_so(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.page.route("**/*.bin", lambda route: route.abort())
    page = watched.open("ja/maps/minilm-words/", ".trouble:not([hidden])")
    assert page.locator(".canvas .poster img").is_visible()
    assert coloured(page) > 2000


@pytest.mark.parametrize("url", ["", "maps/minilm-words/", "ja/maps/ja-aozora-words/", "embed/minilm-words/", "about/", "models/minilm/",
                                 "maps/ja-aozora-words/clusters/", "CLUSTER"])  # fmt: skip
def test_on_a_phone_nothing_is_wider_than_the_screen(watch: Callable[..., Watched], tiny_atlas: Built, url: str) -> None:
    if url == "CLUSTER":
        url = f"ja/maps/ja-aozora-words/clusters/{tiny_atlas.data('ja-aozora-words').about.clusters[0].slug}/"
    watched = watch(viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True)
    mapped = "words/" in url and "clusters" not in url
    page = watched.open(url, READY if mapped else "main")
    page.wait_for_load_state("networkidle")
    wide = page.evaluate(WIDE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, wide
    if mapped:
        assert drawn(page) > 1000
    watched.fine()


def test_the_theme_is_chosen_and_kept(watch: Callable[..., Watched]) -> None:
    watched = watch(color_scheme="light")
    page = watched.open("about/", "button.theme:not([hidden])")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("button.theme")
    page.wait_for_function(f"() => {ground} !== '{light}'")
    dark = page.evaluate(ground)
    watched.open("", "main")
    page.wait_for_function(f"() => {ground} === '{dark}'")
    watched.fine()
