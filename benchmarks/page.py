"""Our map page against plotly's own page of the same points and datamapplot's, in one browser and
one run.

    python benchmarks/page.py SITE [--map minilm-words] [--million FOLDER ...] [--datamapplot
    PYTHON] [--repeat 3]

SITE is an atlas that has been built (site/), FOLDERs are made by benchmarks/points.py, PYTHON is an
interpreter that has datamapplot; without one its row is left out. Prints one table: bytes that come
over the wire, raw and by gzip -9, and those of them that come before the map answers; time to the
first picture; to a map with all its points that answers (ours draws it on a canvas, the others by
WebGL); until the last WebGL call of the first drawing has finished (of ours since a reader turned
to the map, which fetches WebGL); JavaScript heap. Medians, the ratio at the end that of the rounds'
ratios; served from this machine by a process of its own, no network. --slower N slows the
processor of pages N times.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright
from serving import serving

FLAGS = ["--no-sandbox", "--disable-background-networking", "--enable-unsafe-swiftshader"]

SETTLES = 3000  # ms in which a new browser draws its own windows, beside which no page is loaded

# Records the number of WebGL's drawing calls, the time of the last one, and the time of the first
# large paint.
WATCH = """
window.seen = { calls: 0, last: 0, picture: null, gl: [] }
const draws = ['drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced']
for (const kind of ['WebGLRenderingContext', 'WebGL2RenderingContext']) {
  for (const name of draws) {
    const real = window[kind]?.prototype[name]
    if (!real) continue
    window[kind].prototype[name] = function (...rest) {
      const answer = real.apply(this, rest)
      if (!window.seen.gl.includes(this)) window.seen.gl.push(this)
      window.seen.calls++
      window.seen.last = performance.now()
      return answer
    }
  }
}
new PerformanceObserver((list) => {
  for (const paint of list.getEntries()) {
    if (window.seen.picture !== null || paint.size <= 50000) continue
    window.seen.picture = paint.renderTime || paint.loadTime || paint.startTime
  }
}).observe({ type: 'largest-contentful-paint', buffered: true })
// Our map has all its points on a canvas, before WebGL takes over, two frames after it is ready.
new MutationObserver(() => {
  if (window.seen.live === undefined && document.querySelector('.stage')?.dataset.ready) {
    window.seen.live = null
    const live = () => { window.seen.live = performance.now() }
    requestAnimationFrame(() => requestAnimationFrame(live))
  }
}).observe(document, { subtree: true, childList: true, attributes: true })
"""

# Waits until the graphics card has finished.
FINISH = """() => {
  const start = performance.now()
  for (const gl of window.seen.gl)
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
  return performance.now() - start
}"""

DATAMAPPLOT = """
import base64, json, sys, urllib.parse, numpy, pyarrow.parquet as pq, datamapplot
from datamapplot.offline_mode_caching import DEFAULT_URLS
scripts = {}
for url, path in zip(DEFAULT_URLS, json.loads(sys.argv[3])):
    parts = urllib.parse.urlparse(url)
    name = f"{parts.netloc.replace('.', '_')}_{parts.path.split('/')[-1].replace('.', '_')}"
    content = base64.b64encode(open(path, "rb").read()).decode()
    scripts[url] = {"encoded_content": content, "name": name}
for name, content in (("js", scripts), ("fonts", {})):
    json.dump(content, open(f"{sys.argv[4]}/{name}.json", "w"))
table = pq.read_table(sys.argv[1])
xy = numpy.stack([table['x_umap'].to_numpy(), table['y_umap'].to_numpy()], axis=1)
keys = table['cluster_coarse'].to_numpy()
text = numpy.array(table['text'].to_pylist())
names = numpy.array(['Unlabelled' if key < 0 else 'group %d' % key for key in keys])
datamapplot.create_interactive_plot(
    xy, names, hover_text=text, enable_search=True, offline_mode=True,
    offline_mode_js_data_file=f"{sys.argv[4]}/js.json",
    offline_mode_font_data_file=f"{sys.argv[4]}/fonts.json",
).save(sys.argv[2])
"""

# The scripts that datamapplot's page loads from elsewhere, in its own order, as npm has them.
SCRIPTS = {
    "deck.gl@9.1": "deck.gl/dist.min.js",
    "apache-arrow": "apache-arrow/Arrow.es2015.min.js",
    "d3": "d3/dist/d3.min.js",
    "jquery@3.7.1": "jquery/dist/jquery.min.js",
    "d3-cloud@1.2.7": "d3-cloud/build/d3.layout.cloud.js",
    "datatables.net@1.13.8": "datatables.net/js/jquery.dataTables.min.js",
}


def measure(browser: Any, url: str, ready: str | None, slower: float) -> dict[str, float]:
    """The sizes in bytes, times in milliseconds and heap in bytes of a load in a fresh context."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.add_init_script(WATCH)
    page.wait_for_timeout(SETTLES)
    sizes = {"raw": 0, "gzip": 0, "early": 0}

    def weigh(response: Any, before: bool) -> None:
        try:
            body = response.body()
        except PlaywrightError:  # an answer without a body
            return
        sizes["raw"] += len(body)
        packed = min(len(gzip.compress(body, 9)), len(body))
        sizes["gzip"] += packed
        sizes["early"] += packed if before else 0

    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright marks what it is given, which a built-in method cannot bear
    page.goto(url)
    if ready:
        page.wait_for_selector(ready, timeout=120_000)
    early = None
    if page.query_selector(".stage"):  # ours fetches WebGL when a reader turns to the map
        page.wait_for_function("window.seen.live")
        page.wait_for_timeout(500)
        early = len(answers)
        page.evaluate("window.seen.turned = performance.now()")
        page.hover(".stage .canvas")
        page.wait_for_selector(".stage[data-drawn=webgl]", timeout=120_000)
    calls = -1
    for _ in range(120):  # until nothing more is drawn
        now = page.evaluate("window.seen.calls")
        if now == calls and now > 0:
            break
        calls = now
        page.wait_for_timeout(1000)
    done = page.evaluate(FINISH)
    for number, answer in enumerate(answers):
        weigh(answer, early is None or number < early)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    figures = {
        **sizes,
        "picture": page.evaluate(
            "window.seen.picture"
            " ?? performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        ),
        "drawn": page.evaluate("window.seen.last - (window.seen.turned ?? 0)") + done,
        "heap": heap,
    }
    figures["map"] = page.evaluate("window.seen.live") or figures["drawn"]
    context.close()
    return figures


class Case(NamedTuple):
    """A page to measure: its title, folder and address, and the element that shows it is ready."""

    title: str
    root: Path
    url: str
    ready: str | None = None


def plotly_page(folder: Path, table: pa.Table) -> None:
    """Write plotly's own page of a map's table."""
    figure = go.Figure(
        go.Scattergl(
            x=table["x_umap"].to_numpy(),
            y=table["y_umap"].to_numpy(),
            mode="markers",
            text=table["text"].to_pylist(),
            hoverinfo="text",
            marker={
                "size": 3,
                "color": table["cluster_coarse"].to_numpy(),
                "colorscale": "Turbo",
            },
        )
    )
    figure.write_html(folder / "plotly.html")


def datamapplot_page(python: str, parquet: Path, folder: Path) -> None:
    """Write datamapplot's page of a map's table, with the scripts that it loads."""
    npm = Path(__file__).resolve().parent / "out" / "datamapplot"
    npm.mkdir(parents=True, exist_ok=True)
    (npm / "package.json").write_text('{"private": true}')
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *SCRIPTS],
        cwd=npm,
        check=True,
    )
    scripts = json.dumps([str(npm / "node_modules" / path) for path in SCRIPTS.values()])
    page = folder / "datamapplot.html"
    subprocess.run(
        [python, "-c", DATAMAPPLOT, parquet, page, scripts, folder],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def cases(asked: argparse.Namespace, folder: Path) -> list[Case]:
    """The pages to measure; those of other tools are written into the folder."""
    parquet = asked.site / "data" / f"{asked.map}.parquet"
    table = pq.read_table(parquet)
    drawn = ".stage[data-drawn]"
    title = f"this atlas, {len(table):,} points"
    plotly_page(folder, table)
    chosen = [
        Case(title, asked.site / "public", f"maps/{asked.map}/", drawn),
        Case(
            "plotly.write_html, the same", folder, "plotly.html", ".js-plotly-plot .plot-container"
        ),
    ]
    if asked.datamapplot:
        datamapplot_page(asked.datamapplot, parquet, folder)
        chosen.append(Case("datamapplot, the same", folder, "datamapplot.html", None))
    for place in asked.million:
        points = pq.read_metadata(place / "data" / "points-all.parquet").num_rows
        title = f"this atlas, {points:,} points"
        chosen.append(Case(title, place / "public", "maps/points-all/", drawn))
    return chosen


def measured(chosen: list[Case], repeat: int, slower: float) -> dict[str, list[dict[str, float]]]:
    """The figures of each page in each round, by its title."""
    rounds: dict[str, list[dict[str, float]]] = {}
    with sync_playwright() as driver:
        for _ in range(repeat):
            for case in chosen:
                browser = driver.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
                    args=FLAGS,
                )
                with serving(case.root) as base:
                    figures = measure(browser, base + case.url, case.ready, slower)
                rounds.setdefault(case.title, []).append(figures)
                browser.close()
    return rounds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("site", type=Path)
    options.add_argument("--map", default="minilm-words")
    options.add_argument("--million", type=Path, nargs="*", default=[])
    options.add_argument("--datamapplot", help="an interpreter that has it")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--slower", type=float, default=1)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = cases(asked, Path(folder))
        rounds = measured(chosen, asked.repeat, asked.slower)
    sizes = f"{'raw kB':>9} {'gzip kB':>9} {'early kB':>9}"
    times = f"{'picture s':>10} {'map s':>7} {'WebGL s':>9}"
    print(f"{'page':34} {sizes} {times} {'heap MB':>9}")
    for title, several in rounds.items():
        row = {key: statistics.median(one[key] for one in several) for key in several[0]}
        sizes = f"{row['raw'] / 1e3:>9,.0f} {row['gzip'] / 1e3:>9,.0f} {row['early'] / 1e3:>9,.0f}"
        times = f"{row['picture'] / 1e3:>10.2f} {row['map'] / 1e3:>7.2f} {row['drawn'] / 1e3:>9.2f}"
        print(f"{title:34} {sizes} {times} {row['heap'] / 1e6:>9.0f}")
    pairs = zip(*(rounds[case.title] for case in chosen[:2]), strict=True)
    ratios = [ours["map"] / theirs["map"] for ours, theirs in pairs]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"map, ours / plotly.write_html: {statistics.median(ratios):.2f}, {spread}")


if __name__ == "__main__":
    main()
