"""What the browser tests share: the small atlas served on the loopback interface, Chromium, and
pages that are watched."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Built
from PIL import Image

CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
FLAGS = ["--no-sandbox", "--disable-background-networking"]
SOFTWARE = [*FLAGS, "--enable-unsafe-swiftshader"]
READY = ".stage[data-drawn]"  # on a canvas, until a reader turns to the map
WAKE = "Promise.all([...document.querySelectorAll('.stage')].map((stage) => stage.map?.wake()))"

MARKS = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; set CHROMIUM to its path"),
]

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

VIOLATIONS = """
window.violations = []
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
})
"""


# What reaches beyond the screen, to be told where a page does.
# What stands beyond the right edge; the links of the header's row are scrolled to.
WIDE = """() => [...document.querySelectorAll('body *:not(.top nav *, .canvas *)')].filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.tagName}.${node.getAttribute('class')} ${Math.round(node.getBoundingClientRect().right)}`).slice(0, 12)"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def site(tiny_atlas: Built) -> Iterator[str]:
    """The address of the small atlas's site on the loopback interface."""
    with serving(tiny_atlas.public) as address:
        yield address


@contextmanager
def serving(public: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """The address of a site on the loopback interface."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(public)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
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
        if wait == READY:  # most readers turn to the map
            self.page.evaluate(WAKE)
        return self.page

    def fine(self) -> None:
        """Nothing went wrong up to now."""
        trouble = [line for line in self.said if line.startswith(("error", "warning"))]
        # The software renderer tells how slow it is to read pixels back; that is about this
        # machine.
        assert [line for line in trouble if "GPU stall due to ReadPixels" not in line] == []
        assert self.page.evaluate("window.violations") == []
        assert [
            url
            for url in self.asked
            if not url.startswith((self.site, "data:", "blob:" + self.site))
        ] == []


def broken_rules(page: Any, tags: Sequence[str] = RULES) -> list[str]:
    """What axe-core finds wrong with a page."""
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", tags
    )
    assert len(found["passes"]) > 15  # it looked
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@contextmanager
def offline(chromium: Any, document: str, path: Path, **options: Any) -> Iterator[Any]:
    """The document opened from a file; afterwards nothing was asked for, refused or said."""
    path.write_text(document, encoding="utf-8")
    context = chromium.new_context(reduced_motion="reduce", **options)
    tab = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    tab.on("pageerror", lambda error: said.append(f"error: {error}"))
    tab.on("dialog", lambda dialog: said.append(f"error: dialog {dialog.message}"))
    tab.add_init_script(VIOLATIONS)
    tab.goto(path.as_uri())
    yield tab
    assert [tab_frame.evaluate("window.violations") for tab_frame in tab.frames] == [[]] * len(
        tab.frames
    )
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == [path.as_uri()]
    trouble = [line for line in said if line.startswith(("error", "warning"))]
    assert [line for line in trouble if "GPU stall due to ReadPixels" not in line] == []
    context.close()


@pytest.fixture
def watch(chromium: Any, site: str) -> Iterator[Callable[..., Watched]]:
    contexts = []

    def opened(**options: Any) -> Watched:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        return Watched(context.new_page(), site)

    yield opened
    for context in contexts:
        context.close()


@contextmanager
def hidden(page: Any, *selectors: str) -> Iterator[None]:
    """Elements made invisible, by the page's own objects since its policy allows no other
    styles."""
    for selector in selectors:
        page.eval_on_selector_all(
            selector, "(nodes) => nodes.forEach((node) => { node.style.visibility = 'hidden' })"
        )
    yield
    for selector in selectors:
        page.eval_on_selector_all(
            selector, "(nodes) => nodes.forEach((node) => { node.style.visibility = '' })"
        )


def coloured(page: Any, selector: str = ".canvas") -> int:
    """How many pixels of an element's picture are neither grey, white nor black."""
    picture = np.asarray(
        Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")
    ).astype(int)
    return int((picture.max(axis=2) - picture.min(axis=2) > 60).sum())


def drawn(page: Any) -> int:
    """Coloured pixels that the live map draws: its poster, its names and its key are hidden."""
    with hidden(page, ".canvas .poster", ".canvas canvas.labels", ".legend"):
        return coloured(page)


def still(page: Any) -> int:
    """Coloured pixels that the live map draws once they stay: what lies below the points follows
    them a moment later."""
    before = -1
    for _ in range(50):
        now = drawn(page)
        if now == before:
            return now
        before = now
        page.wait_for_timeout(250)
    raise AssertionError(f"the picture keeps changing, at last to {before}")


def until(page: Any, expression: str, good: Callable[[Any], Any]) -> Any:
    """The value of an expression once it is good. `wait_for_function` would evaluate text, which
    the pages' policy forbids."""
    for _ in range(300):
        value = page.evaluate(expression)
        if good(value):
            return value
        page.wait_for_timeout(100)
    raise AssertionError(f"{expression} stays at {value}")
