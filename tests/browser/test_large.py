"""A map of more tokens than a page loads at once: tiles by need, and all that a small map does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chrome import MARKS, Watched, drawn, until
from conftest import CHECKOUT, Built

from atlas.maps import data as dataset
from atlas.maps import frame as payload

pytestmark = MARKS

MAP = "document.querySelector('.stage').map"
N = 120_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An atlas of synthetic points, by the benchmark's own script."""
    pytest.importorskip("scipy")
    sys.path.insert(0, str(CHECKOUT / "benchmarks"))
    try:
        import points
    finally:
        sys.path.pop(0)
    root = tmp_path_factory.mktemp("large")
    points.make(N, root)
    Built(root).build(frozen=True)
    return root


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def page(large: Path, chromium: Any) -> Iterator[Callable[..., tuple[Watched, Any]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(large / "public")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context(viewport={"width": 1000, "height": 700}, reduced_motion="reduce")

    def go(fragment: str = "") -> tuple[Watched, Any]:
        watched = Watched(context.new_page(), f"http://127.0.0.1:{server.server_address[1]}/")
        return watched, watched.open(f"maps/points-all/{fragment}")

    yield go
    context.close()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def data(large: Path) -> dataset.Dataset:
    return dataset.read(large / "data", "points-all")


def places(data: dataset.Dataset) -> np.ndarray:
    """Places of all tokens in the page's units, by id."""
    return payload.whole(data, "umap").unit(payload.layout(data, "umap")) * 65535


def calm(page: Any) -> None:
    """Wait until nothing more is asked for, comes in, or is written into the address."""
    now = f"[performance.getEntriesByType('resource').length, {MAP}.source.loaded.size, location.hash]"
    before, same = None, 0
    for _ in range(100):
        page.wait_for_timeout(250)
        found = page.evaluate(now)
        same = same + 1 if found == before else 0
        if same == 2:
            return
        before = found
    raise AssertionError(f"the map finds no rest: {before}")


def view(page: Any, x: float, y: float, span: float) -> None:
    page.evaluate(f"{MAP}.setView({{ x: {x}, y: {y}, span: {span} }}, false)")
    calm(page)


def in_view(page: Any) -> list[int]:
    """Ids of the loaded points that lie in the view."""
    return page.evaluate(f"""() => {{
      const map = {MAP}, p = map.points(), v = map.view(), box = document.querySelector('.canvas')
      const high = v.span * box.clientHeight / box.clientWidth
      const rows = []
      for (let i = 0; i < p.n; i++) if (Math.abs(p.x[i] - v.x) < v.span / 2 && Math.abs(p.y[i] - v.y) < high / 2) rows.push(p.rows[i])
      return map.source.ids(rows)
    }}""")


def test_first_comes_the_root_and_more_as_one_moves(
    page: Callable[..., tuple[Watched, Any]], data: dataset.Dataset
) -> None:
    watched, opened = page()
    asked = [url.rpartition("/")[2] for url in watched.asked if ".bin" in url]
    assert asked[:2] == ["index.bin", "0.p.bin"] or asked[:2] == ["0.p.bin", "index.bin"]
    calm(opened)
    assert drawn(opened) > 1500
    assert opened.evaluate(f"{MAP}.points().n") < N
    assert opened.evaluate(f"{MAP}.found.tokens.length") > 20
    xy = places(data)
    x, y = np.median(xy[data.column("cluster_coarse") == 3], axis=0)
    for span in (8000, 2500):
        view(opened, x, y, span)
    box = opened.locator(".canvas").bounding_box()
    high = 2500 * box["height"] / box["width"]
    true = np.flatnonzero((np.abs(xy - [x, y]) < [1250, high / 2]).all(axis=1))
    assert len(true) > 300
    found = in_view(opened)
    assert len(set(found) ^ set(true.tolist())) <= len(true) // 100  # but for what lies on an edge
    assert opened.evaluate(f"{MAP}.found.tokens.every((one) => one.text)")
    fetched = {url for url in watched.asked if url.endswith(".p.bin")}
    assert len(fetched) < opened.evaluate(f"{MAP}.source.loaded.size") + 2  # none twice
    watched.fine()


def test_a_token_is_found_told_and_linked_to(
    page: Callable[..., tuple[Watched, Any]], data: dataset.Dataset
) -> None:
    texts = data.strings("text")
    xy = places(data)
    watched, opened = page()
    token = 98_765
    opened.fill("input[name=find]", str(texts[token])[:-1])
    opened.wait_for_selector(".found li[aria-selected=true]")
    listed = opened.locator(".found li bdi").all_text_contents()
    assert texts[token] in listed and all(
        word.startswith(str(texts[token])[:-1]) for word in listed
    )
    opened.fill("input[name=find]", str(texts[token]))
    opened.wait_for_function(
        "(word) => document.querySelector('.found li bdi')?.textContent === word", arg=texts[token]
    )
    opened.press("input[name=find]", "Enter")
    opened.wait_for_selector(".panel ol li")
    assert opened.locator(".panel h2").text_content() == texts[token]
    near = data.lists("neighbor_ids")[token]
    for many in (15, 5, 10):
        opened.locator(".many").get_by_role("button", name=str(many), exact=True).click()
        told = opened.locator(".panel ol button bdi").all_text_contents()
        assert told == [texts[one] for one in near[:many]]
        assert opened.evaluate(f"{MAP}.found.lines.length") == many
    near = near[:10]
    facts = opened.locator(".panel dd").all_text_contents()
    assert facts[0] == str(token) and facts[1].startswith(f"{token + 1:,}")
    gaps = np.hypot(*(xy - xy[token]).T)
    kept = {texts[one] for one in near if (gaps < gaps[one]).sum() - 1 < 15}
    assert set(opened.locator(".panel li.kept bdi").all_text_contents()) == kept
    calm(opened)
    fragment = opened.evaluate("location.hash")
    assert f"t={token}" in fragment and "v=" in fragment
    here = opened.evaluate(f"{MAP}.view()")
    assert np.hypot(here["x"] - xy[token][0], here["y"] - xy[token][1]) < here["span"] / 2
    watched.fine()
    again, other = page(fragment)
    other.wait_for_selector(".panel ol li")
    assert other.locator(".panel h2").text_content() == texts[token]
    there = other.evaluate(f"{MAP}.view()")
    assert (
        abs(there["x"] - here["x"]) < here["span"] / 100
        and abs(there["span"] / here["span"] - 1) < 0.01
    )
    for colour in ("rank", "overlap", "kind"):
        other.select_option("select[name=colour]", colour)
        calm(other)
        assert drawn(other) > 500
    again.fine()


def test_views_passed_by_in_haste_are_not_waited_for(
    page: Callable[..., tuple[Watched, Any]], data: dataset.Dataset
) -> None:
    _, opened = page()
    calm(opened)
    xy = places(data)
    slow = threading.Event()
    opened.route("**/*.p.bin", lambda route: (slow.wait(0.2), route.continue_()))
    spots = [np.median(xy[data.column("cluster_coarse") == key], axis=0) for key in range(6)]
    for x, y in spots:
        opened.evaluate(f"{MAP}.setView({{ x: {x}, y: {y}, span: 2500 }}, false)")
        opened.wait_for_timeout(200)  # as long as a view must rest to be asked for
    opened.unroute("**/*.p.bin")
    calm(opened)
    x, y = spots[-1]
    box = opened.locator(".canvas").bounding_box()
    true = (np.abs(xy - [x, y]) < [1250, 1250 * box["height"] / box["width"]]).all(axis=1).sum()
    count = f"""(() => {{
      const p = {MAP}.points(), v = {MAP}.view(), box = document.querySelector('.canvas')
      const high = v.span * box.clientHeight / box.clientWidth
      let n = 0
      for (let i = 0; i < p.n; i++) n += Math.abs(p.x[i] - v.x) < v.span / 2 && Math.abs(p.y[i] - v.y) < high / 2
      return n
    }})()"""
    until(opened, count, lambda n: abs(n - true) <= true // 100)
    assert opened.locator(".trouble").is_hidden()


def test_tiles_no_longer_seen_are_forgotten(
    page: Callable[..., tuple[Watched, Any]], data: dataset.Dataset
) -> None:
    _, opened = page()
    opened.evaluate(f"{MAP}.source.limits.kept = 5")
    xy = places(data)
    for key in range(8):
        x, y = np.median(xy[data.column("cluster_coarse") == key], axis=0)
        view(opened, x, y, 2500)
    assert opened.evaluate(f"{MAP}.source.loaded.size") <= 5 + 40
    assert len(in_view(opened)) > 50


def test_a_token_is_found_by_its_end(
    page: Callable[..., tuple[Watched, Any]], data: dataset.Dataset
) -> None:
    texts = [str(text) for text in data.strings("text")]
    end = texts[54_321][3:]
    watched, opened = page()
    opened.fill("input[name=find]", end)
    opened.wait_for_selector(".found li[aria-selected=true]")
    listed = opened.locator(".found li bdi").all_text_contents()
    holding = {text for text in texts if end in text}
    assert set(listed) <= holding and len(listed) == min(len(holding), 12)
    watched.fine()


def test_a_pattern_is_found_and_all_that_fit_are_set_apart(
    page: Callable[..., tuple[Watched, Any]], data: dataset.Dataset
) -> None:
    texts = [str(text) for text in data.strings("text")]
    begin, end = texts[54_321][:2], texts[54_321][-2:]
    fits = {text for text in texts if text.startswith(begin) and text.endswith(end)}
    watched, opened = page()
    opened.fill("input[name=find]", f"^{begin}*{end}$")
    opened.wait_for_selector(".found li[aria-selected=true]")
    listed = opened.locator(".found li:not(.every) bdi").all_text_contents()
    assert set(listed) <= fits and len(listed) == min(len(fits), 12)
    opened.locator(".found .every").click()
    chosen = opened.locator(".chosen .tokens-list bdi")
    chosen.first.wait_for()
    told = opened.locator(".said").text_content()
    assert f"{len(fits):,}" in told
    assert set(chosen.all_text_contents()) <= fits
    until(opened, f"{MAP}.picked.length", lambda n: n == len(fits))
    watched.fine()
