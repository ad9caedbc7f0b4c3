"""Maps in other pages: frames on another origin, sandboxed as WordPress does or not, and the share
dialog that hands them out."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from chrome import MARKS, VIOLATIONS, Watched, until
from conftest import Built

from atlas.web.headers import FILE, headers_of, read_headers

pytestmark = MARKS


def serve(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def deployed(tiny_atlas: Built) -> Iterator[str]:
    """The small atlas with the headers that its own file gives."""
    rules = read_headers((tiny_atlas.public / FILE).read_text(encoding="utf-8"))
    assert rules

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def end_headers(self) -> None:
            for name, value in headers_of(self.path.split("?")[0], rules).items():
                self.send_header(name, value)
            super().end_headers()

    yield from serve(partial(Handler, directory=str(tiny_atlas.public)))


BLOG = """<!doctype html><title>A blog</title><style>body { margin: 0 } .tall { height: 1500px }</style>
<p>Words before.</p>%s<div class="tall">Words after.</div>
<script>window.heard = []; addEventListener('message', (event) => window.heard.push([event.origin, event.data]))</script>
%s"""

ASK = "(message) => document.querySelector('iframe').contentWindow.postMessage(message, '*')"


@pytest.fixture(scope="module")
def blog(deployed: str) -> Iterator[str]:
    """A page on another origin; its query says which frame it holds."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            kinds = {
                "/wordpress": ' sandbox="allow-scripts" security="restricted"',
                "/plain": "",
                "/late": "",
                "/whole-page": "",
            }
            sandbox = kinds.get(self.path)
            found = sandbox is not None
            secret = "#?secret=s3cret" if sandbox else ""
            page = "maps" if self.path == "/whole-page" else "embed"
            frame = f'<iframe src="{deployed}/{page}/minilm-words/{secret}" title="Map" width="800" height="100"{sandbox}></iframe>'
            script = "" if self.path == "/late" else f'<script src="{deployed}/frame.js"></script>'
            content = (BLOG % (frame, script)).encode() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    yield from serve(Handler)


@pytest.fixture
def opened(
    chromium: Any, deployed: str, blog: str
) -> Iterator[Callable[[str], tuple[Watched, Any, Any]]]:
    contexts = []

    def go(kind: str) -> tuple[Watched, Any, Any]:
        context = chromium.new_context(
            viewport={"width": 1000, "height": 700}, reduced_motion="reduce"
        )
        contexts.append(context)
        watched = Watched(context.new_page(), deployed)
        page = watched.page
        page.add_init_script(VIOLATIONS)
        page.goto(f"{blog}/{kind}")
        frame = page.frames[1]
        frame.wait_for_selector(".stage[data-drawn]", timeout=30_000)
        return watched, page, frame

    yield go
    for context in contexts:
        context.close()


def heard(page: Any, good: Callable[[Any, dict[str, Any]], bool]) -> dict[str, Any]:
    """The first message the page got that is as wanted."""
    for _ in range(600):
        for origin, data in page.evaluate("window.heard"):
            if isinstance(data, dict) and good(origin, data):
                return data
        page.wait_for_timeout(50)
    raise AssertionError(page.evaluate("window.heard"))


@pytest.mark.parametrize("kind", ["plain", "wordpress"])
def test_a_map_lives_in_a_frame_of_another_origin(
    opened: Callable[[str], tuple[Watched, Any, Any]], kind: str, deployed: str
) -> None:
    watched, page, frame = opened(kind)
    origin = deployed if kind == "plain" else "null"
    heard(page, lambda by, data: by == origin and data.get("type") == "atlas:ready")
    wanted = heard(page, lambda by, data: by == origin and data.get("type") == "atlas:height")[
        "height"
    ]
    assert page.locator("iframe").bounding_box()["height"] == pytest.approx(
        wanted, abs=5
    )  # frame.js did it
    if kind == "wordpress":
        assert heard(page, lambda _, data: data.get("message") == "height") == {
            "message": "height",
            "value": wanted,
            "secret": "s3cret",
        }
    assert frame.locator(".trouble").is_hidden()
    assert frame.evaluate("window.violations") == []
    # The page around asks for a token, and hears that it was chosen.
    page.evaluate(ASK, {"type": "atlas:find", "text": "april"})
    frame.wait_for_selector(".panel ol li")
    assert frame.locator(".panel h2").text_content() == "april"
    token = heard(page, lambda _, data: data.get("type") == "atlas:select")["token"]
    assert token["text"] == "april"
    link = heard(page, lambda _, data: data.get("type") == "atlas:view" and "v=" in data["link"])[
        "link"
    ]
    assert f"#t={token['id']}&" in link and "secret" not in link
    page.evaluate(ASK, {"type": "atlas:whole"})
    frame.wait_for_selector(".panel", state="hidden")
    page.evaluate(ASK, {"type": "atlas:show", "id": token["id"]})
    frame.wait_for_selector(".panel ol li")
    page.evaluate(ASK, {"type": "atlas:whole"})
    frame.wait_for_selector(".panel", state="hidden")
    page.evaluate(ASK, {"type": "atlas:view", "link": link})
    frame.wait_for_selector(".panel ol li")
    assert frame.locator(".panel h2").text_content() == "april"
    odd = (
        None,
        {},
        {"type": "atlas:show", "id": "x"},
        {"type": "atlas:find", "text": 7},
        {"type": "atlas:theme", "theme": "red"},
    )
    for wrong in (
        *odd,
        {"type": "atlas:view", "link": 3},
        {"type": "atlas:view", "link": "javascript:alert(1)"},
    ):
        page.evaluate(ASK, wrong)
    # A reader searches.
    frame.fill("input[name=find]", "may")
    frame.wait_for_selector(".found li[aria-selected=true]")
    frame.press("input[name=find]", "Enter")
    frame.wait_for_selector(".panel ol li")
    # What a sandbox would drop without a word is not offered.
    frame.click("button[name=share]")
    frame.wait_for_selector("dialog.share[open]")
    assert frame.locator(".saves").is_visible() == (kind == "plain")
    assert frame.locator("#share-place [value=zenn]").count() == (kind == "plain")
    shared = frame.locator("#share-link").input_value()
    assert shared.startswith(f"{deployed}/maps/minilm-words/#t=") and "secret" not in shared
    assert f'src="{deployed}/embed/minilm-words/#t=' in frame.locator("#share-frame").input_value()
    assert f"url = {{{deployed}/maps/minilm-words/}}" in frame.locator("#share-cite").input_value()
    errors = [line for line in watched.said if line.startswith("error")]
    assert [line for line in errors if "favicon" not in line and "404" not in line] == []
    ours = (f"{deployed}/", f"{page.url.rpartition('/')[0]}/", "data:", "blob:")
    assert [url for url in watched.asked if not url.startswith(ours)] == []


def test_wordpress_is_answered_when_it_asks_and_follows_links(
    opened: Callable[[str], tuple[Watched, Any, Any]], deployed: str
) -> None:
    """WordPress's script asks with `ready` once it listens; its sandbox lets a frame lead nowhere,
    so links are told to it."""
    _, page, frame = opened("wordpress")
    page.evaluate("window.heard = []")
    page.evaluate(ASK, {"message": "ready", "secret": "another"})
    page.evaluate(ASK, {"message": "ready", "secret": "s3cret"})
    heard(page, lambda _, data: data.get("message") == "height")
    assert (
        len([data for _, data in page.evaluate("window.heard") if data.get("message") == "height"])
        == 1
    )
    frame.click(".credit a")
    told = heard(page, lambda _, data: data.get("message") == "link")
    assert told == {
        "message": "link",
        "value": f"{deployed}/maps/minilm-words/",
        "secret": "s3cret",
    }


def test_a_script_that_comes_late_still_gives_frames_their_height(
    opened: Callable[[str], tuple[Watched, Any, Any]], deployed: str
) -> None:
    _, page, _ = opened("late")
    wanted = heard(page, lambda _, data: data.get("type") == "atlas:height")["height"]
    assert page.locator("iframe").bounding_box()["height"] < 200
    page.add_script_tag(url=f"{deployed}/frame.js")
    page.wait_for_function(
        "(high) => Math.abs(document.querySelector('iframe').clientHeight - high) < 5", arg=wanted
    )


def test_pages_that_are_not_made_for_frames_stand_in_none(
    chromium: Any, deployed: str, blog: str
) -> None:
    context = chromium.new_context()
    watched = Watched(context.new_page(), deployed)
    watched.page.goto(f"{blog}/whole-page")
    for _ in range(600):
        if any("frame-ancestors" in line for line in watched.said):
            break
        watched.page.wait_for_timeout(50)
    assert any("frame-ancestors" in line for line in watched.said)
    assert watched.page.frames[1].url.startswith("chrome-error:")
    context.close()


def test_the_wheel_scrolls_the_page_around_until_the_map_is_clicked(
    opened: Callable[[str], tuple[Watched, Any, Any]],
) -> None:
    _, page, frame = opened("plain")
    page.wait_for_timeout(300)
    span = "document.querySelector('.stage').map.view().span"
    before = frame.evaluate(span)
    box = page.locator("iframe").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 200)
    page.mouse.wheel(0, 120)
    until(page, "scrollY", lambda down: down > 50)
    assert frame.evaluate(span) == before
    page.evaluate("scrollTo(0, 0)")
    page.mouse.click(box["x"] + 300, box["y"] + 60)
    page.mouse.wheel(0, -200)
    until(frame, span, lambda now: now < before)
    assert page.evaluate("scrollY") == 0


def test_the_wheel_zooms_while_ctrl_is_held(
    opened: Callable[[str], tuple[Watched, Any, Any]],
) -> None:
    _, page, frame = opened("plain")
    page.wait_for_timeout(300)
    span = "document.querySelector('.stage').map.view().span"
    before = frame.evaluate(span)
    box = page.locator("iframe").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 200)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    until(frame, span, lambda now: now < before)
    page.keyboard.up("Control")
    assert page.evaluate("scrollY") == 0


def test_the_share_dialog_hands_out_what_one_sees(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    watched = watch(permissions=["clipboard-read", "clipboard-write"], accept_downloads=True)
    page = watched.open("maps/minilm-words/#c=kind")
    page.fill("input[name=find]", "april")
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    until(page, "location.hash", lambda found: "t=" in found and "v=" in found)
    page.locator("button[name=share]").press("Enter")
    page.wait_for_selector("dialog.share[open]")
    link = page.locator("#share-link").input_value()
    assert (
        link == page.evaluate("location.href")
        and "#t=" in link
        and "c=kind" in link
        and "v=" in link
    )
    page.click("[data-copy=share-frame]")
    snippet = page.evaluate("navigator.clipboard.readText()")
    assert page.locator(".share .done").text_content() == "Copied"
    page.select_option("select[name=height]", "720")
    assert 'height="720"' in page.locator("#share-frame").input_value()
    page.select_option("select[name=place]", "markdown")
    markdown = page.locator("#share-frame").input_value()
    assert markdown.startswith("[![English words](minilm-words.png)](")  # what PNG below saves
    assert markdown.count(link) == 2
    page.click("[data-act=picture]")
    page.wait_for_function("() => document.querySelector('.share .done').textContent == 'Copied'")
    copied = "navigator.clipboard.read().then(([item]) => item.types.join())"
    assert page.evaluate(copied) == "image/png"
    assert f"url = {{{page.url.split('#')[0]}}}" in page.locator("#share-cite").input_value()
    assert page.locator("#share-text").input_value().endswith(page.url.split("#")[0])
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg ")):
        with page.expect_download() as found:
            page.click(f"[data-save={kind}]")
        assert found.value.suggested_filename == f"minilm-words.{kind}"
        assert Path(found.value.path()).read_bytes().startswith(start)
    page.keyboard.press("Escape")
    assert page.locator("dialog.share").is_hidden()
    assert page.evaluate("document.activeElement.name") == "share"
    # The snippet, put into a page, shows the same token.
    source = html.unescape(re.search('src="([^"]+)"', snippet)[1])
    other = watch()
    other.page.goto(source)
    other.page.wait_for_selector(".panel ol li", timeout=30_000)
    assert other.page.locator(".panel h2").text_content() == "april"
    assert other.page.locator("select[name=colour]").input_value() == "kind"
    watched.fine()


def test_where_copying_is_refused_the_text_is_selected_and_this_is_said(
    watch: Callable[..., Watched],
) -> None:
    watched = watch()
    page = watched.open("ja/embed/ja-aozora-words/")
    page.evaluate("""() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))
      document.execCommand = () => false
    }""")
    page.click("button[name=share]")
    page.click("[data-copy=share-text]")
    page.wait_for_function(
        "() => document.querySelector('.share .done').textContent.includes('Ctrl+C')"
    )
    assert page.evaluate("document.activeElement.id") == "share-text"
    field = "document.activeElement"
    assert (
        page.evaluate(f"{field}.value.slice({field}.selectionStart, {field}.selectionEnd)")
        == page.locator("#share-text").input_value()
    )
    watched.fine()


def test_a_chosen_language_is_remembered_for_the_host(
    watch: Callable[..., Watched], site: str
) -> None:
    """Netlify leads from / to Japanese by the browser's wish; a reader who chooses English must be
    able to stay there."""
    watched = watch(locale="ja-JP")
    page = watched.open("ja/", ".language")
    assert page.context.cookies() == []
    page.click("a.language")
    page.wait_for_url(site)
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["path"]) == ("nf_lang", "en", "/")
    watched.fine()


@pytest.mark.parametrize("size", [(1000, 667), (640, 427), (320, 400)])
def test_in_a_frame_the_panel_leaves_the_buttons_free(
    watch: Callable[..., Watched], size: tuple[int, int]
) -> None:
    page = watch(viewport={"width": size[0], "height": size[1]}).open("ja/embed/ja-aozora-words/")
    box, controls = (page.locator(name).bounding_box() for name in (".canvas", ".controls"))
    assert box["x"] == 0 and box["width"] == size[0]  # the map fills what its controls leave
    assert controls["height"] < 80 and box["y"] == pytest.approx(controls["height"], abs=12)
    assert box["y"] + box["height"] == pytest.approx(size[1])
    page.evaluate("document.querySelector('.stage').map.select(0, false)")
    page.wait_for_selector(".panel ol li")
    panel, buttons, credit = (
        page.locator(name).bounding_box() for name in (".panel", ".on-map", ".credit")
    )
    for other in (buttons, credit):
        apart = (
            other["x"] + other["width"] <= panel["x"] or other["y"] >= panel["y"] + panel["height"]
        )
        assert apart, (panel, other)
    for box in (panel, buttons):
        assert (
            box["x"] >= 0
            and box["x"] + box["width"] <= size[0]
            and box["y"] + box["height"] <= size[1]
        )


def test_the_page_about_frames_shows_one_at_work(watch: Callable[..., Watched], site: str) -> None:
    watched = watch()
    page = watched.open("ja/embedding/", "main")
    assert f'src="{site}ja/embed/minilm-words/"' in page.locator("pre code").first.text_content()
    assert f'src="{site}frame.js"' in page.locator("pre code").nth(1).text_content()
    assert not [
        url for url in watched.asked if "/embed/" in url
    ]  # nothing heavy before somebody wants it
    page.locator("details:has(.trial) summary").click()
    page.locator(".trial").scroll_into_view_if_needed()
    page.wait_for_function("() => window.frames.length > 0")
    frame = page.frames[1]
    frame.wait_for_selector(".stage[data-ready]", timeout=30_000)
    ask = page.locator(".trial button").first
    ask.click()
    frame.wait_for_selector(".panel ol li")
    assert frame.locator(".panel h2").text_content() == ask.locator("bdi").text_content()
    page.wait_for_function(
        "() => /atlas:(select|view)/.test(document.querySelector('.heard').textContent)"
    )
    watched.fine()
