"""What an answer costs a reader: requests, bytes and time from a word to what the models make of
it, and from a typed letter to its suggestions, on a processor slowed down four times.

    python benchmarks/asking.py SITE [WORD ...] [--repeat 3]

SITE is an atlas that has been built (site/). Each word is asked in a fresh context, on a page that
has loaded and is idle. Bytes are those of files by gzip -9; pictures, which load when they come
into view, are left out. Times are of the page's own clock, to the second frame after the answer is
there, the best of the repeats and their median, since what else runs on this machine only adds;
`work` is what the page's main thread itself did. Of an answer, `ms` tells when its first screen is
there, with all splits, and `whole` when what lies below is, too. Served from this machine by a
process of its own, no network. Exits with 1 where an answer takes more than 2 requests or
40 kB, or either more than 150 ms.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright
from serving import serving

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
  let first = 0;
  const past = () => performance.now() - begin;
  const there = () => !place.hidden && place.querySelector('h1') &&
    [...place.querySelectorAll('.in-model > .split')].every((line) => line.firstChild);
  const seen = new MutationObserver(() => {
    if (!there()) return;
    if (!first) {
      first = -1;
      frames(() => { first = past(); });
    }
    if (place.hasAttribute('aria-busy')) return;
    seen.disconnect();
    frames(() => done([first, past()]));
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
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const past = performance.now() - begin;
      done([past, past]);
    }));
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
    whole: float
    work: float


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
    milliseconds, whole = page.evaluate(script, text)
    work = busy(session) - begin
    page.wait_for_timeout(200)  # for what is asked late
    context.close()
    size_of_all = sum(size(public, url) for url in asked)
    return Cost(len(asked), size_of_all, milliseconds, whole, work)


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
    over = []
    with sync_playwright() as driver, serving(public) as site:
        browser = driver.chromium.launch(executable_path=asked.chromium, args=FLAGS)
        print(f"{'':24} requests  bytes    ms median whole  work")
        for word in asked.words:
            for what, script, text in (("answer", ASK, word), ("suggestions", TYPE, word[:1])):
                each = [cost(browser, site, public, script, text) for _ in range(asked.repeat)]
                best = min(each, key=lambda one: one.milliseconds)
                usual = statistics.median(one.milliseconds for one in each)
                name = f"{text} ({what})"
                counts = f"{best.requests:8} {best.bytes:6}"
                times = f"{best.milliseconds:5.0f} {usual:6.0f} {best.whole:5.0f} {best.work:5.0f}"
                print(f"{name:24} {counts} {times}")
                heavy = best.requests > REQUESTS or best.bytes > BYTES
                if best.milliseconds > MILLISECONDS or (script is ASK and heavy):
                    over.append(name)
        browser.close()
    if over:
        sys.exit(f"over the budget: {', '.join(over)}")


if __name__ == "__main__":
    main()
