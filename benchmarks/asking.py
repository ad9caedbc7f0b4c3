"""What an answer costs a reader: requests, bytes and time from a word to what the models make of
it, and from a typed letter to its suggestions, on a processor slowed down four times.

    python benchmarks/asking.py SITE [WORD ...] [--repeat 3]

SITE is an atlas that has been built (site/). Each word is asked in a fresh context, on a page that
has loaded and is idle. Bytes are those of files by gzip -9; pictures, which load when they come
into view, are left out. Times are of the page's own clock, to the second frame after the answer is
there, the best of the repeats, since what else runs on this machine only adds; `work` is what the
page's main thread itself did in it. Served from this machine, no network. Exits with 1 where a
known word takes more than 2 requests, 40 kB or 150 ms.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-background-networking"]
SLOWER = 4
REQUESTS, BYTES, MILLISECONDS = 2, 40_000, 150
WORDS = [
    "優勝",
    "ヨーグルト",
    "昭和",
    "victory",
    "1999",
    "kilometers",
    "[unused5]",
    "the",
    "の",
    "s",
]

ASK = """(word) => new Promise((done) => {
  const place = document.querySelector('.word-answer');
  const form = document.querySelector('form.ask');
  const frames = (end) => requestAnimationFrame(() => requestAnimationFrame(end));
  let begin = 0;
  const seen = new MutationObserver(() => {
    if (place.hidden || place.hasAttribute('aria-busy') || !place.querySelector('h1')) return;
    seen.disconnect();
    frames(() => done(performance.now() - begin));
  });
  seen.observe(place, { attributes: true, childList: true, subtree: true });
  form.querySelector('input').value = word;
  begin = performance.now();
  form.requestSubmit();
})"""
TYPE = """(text) => new Promise((done) => {
  const input = document.querySelector('.ask input');
  const list = document.querySelector('.ask ul');
  const begin = performance.now();
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begin)));
  });
  seen.observe(list, { childList: true });
  input.value = text;
  input.dispatchEvent(new Event('input'));
})"""


class Cost(NamedTuple):
    """What one thing asked costs."""

    requests: int
    bytes: int
    milliseconds: float
    work: float


class Quiet(SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *_: object) -> None: ...


def size(public: Path, url: str) -> int:
    """The bytes of a file of the site by gzip -9."""
    path = public / urlsplit(url).path.lstrip("/")
    return len(gzip.compress(path.read_bytes(), 9))


def cost(browser: Any, site: str, public: Path, script: str, text: str) -> Cost:
    """What it costs to ask for a text on an idle page of words."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site}words/")
    page.wait_for_load_state("networkidle")
    if script is TYPE:
        with page.expect_response(lambda answer: answer.url.endswith("suggest/index.json")) as told:
            page.focus(".ask input")
        told.value.finished()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = busy(session)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if request.resource_type != "image" else None,
    )
    milliseconds = page.evaluate(script, text)
    work = busy(session) - begin
    page.wait_for_timeout(200)  # for what is asked late
    context.close()
    return Cost(len(asked), sum(size(public, url) for url in asked), milliseconds, work)


def busy(session: Any) -> float:
    """The milliseconds that the page's main thread has spent on tasks, of its own clock."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("site", type=Path)
    parser.add_argument("words", nargs="*", default=WORDS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    public = asked.site / "public"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(public)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = f"http://127.0.0.1:{server.server_address[1]}/"
    over = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=asked.chromium, args=FLAGS)
        print(f"{'':24} requests  bytes    ms  work")
        for word in asked.words:
            for what, script, text in (("answer", ASK, word), ("suggestions", TYPE, word[:1])):
                each = [cost(browser, site, public, script, text) for _ in range(asked.repeat)]
                best = min(each, key=lambda one: one.milliseconds)
                name = f"{text} ({what})"
                counts = f"{best.requests:8} {best.bytes:6}"
                print(f"{name:24} {counts} {best.milliseconds:5.0f} {best.work:5.0f}")
                limits = (REQUESTS, BYTES, MILLISECONDS)
                if any(value > most for value, most in zip(best, limits, strict=False)):
                    over.append(name)
        browser.close()
    server.shutdown()
    if over:
        sys.exit(f"over the budget: {', '.join(over)}")


if __name__ == "__main__":
    main()
