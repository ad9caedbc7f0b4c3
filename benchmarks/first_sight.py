"""How a built atlas looks at first sight, in figures and in pictures.

    python benchmarks/first_sight.py SITE [--pictures FOLDER] [--maps minilm-words ja-aozora-words]

SITE is the folder of atlas.toml. Printed are, of each map and projection, the share of the stage
that holds the half of the tokens where they are densest, the share of the stage's width that the
first view takes, the overlap as drawn and as shown, and the share of tokens in no coarse cluster;
the figures of names.py; pages, bytes and the longest pages; and what a map's page weighs before the
map answers. A stage is that of a map's page in a window of 1280 by 800. Its cells are squares of a
32nd of its height, or larger, so that they hold four tokens on the mean.

With --pictures, Chromium writes what a reader sees to FOLDER: home, the maps from afar, half-way
and close, a chosen token, each colouring, a comparison, at three sizes, light and dark, in both
languages.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any

import names
import numpy as np

from atlas.maps import data as maps_data
from atlas.maps.data import Dataset
from atlas.maps.frame import ASPECT, layout, view
from atlas.numeric.cartogram import crowding

STAGE = (1240, 544)  # pixels, in a window of 1280 by 800
SIZES = {"laptop": (1280, 800), "wide": (1920, 1080), "phone": (390, 844)}
COLOURS = ("cluster", "kind", "script", "pos", "rank", "overlap", "landmark")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--enable-unsafe-swiftshader"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def taken(data: Dataset, projection: str) -> float:
    """The share of the stage that holds the densest half of a map's tokens in its first view."""
    wide, high = STAGE
    scale = min(wide, high / ASPECT)  # pixels of the frame's width
    unit = view(data, projection).unit(layout(data, projection)) * scale
    places = unit + np.array([wide - scale, high - scale * ASPECT]) / 2
    return crowding(np.clip(places, 0, STAGE), wide, high)


def maps(folder: Path) -> Iterator[Dataset]:
    """The atlas data of every map; other tables have a dot in their names."""
    for table in sorted(folder.glob("*.parquet")):
        if "." not in table.stem:
            yield maps_data.read(folder, table.stem)


def frames(folder: Path) -> None:
    """Print how much of the stage each map uses."""
    print(f"{'map':<26} {'shown':<6} {'half in':>8} {'overlap':>8} {'as drawn':>9} {'noise':>6}")
    for data in maps(folder):
        about = data.about
        noise = float((data.column("cluster_coarse") < 0).mean())
        for name, parameters in about.map.projections.items():
            first = "first" if name == about.map.clustered_on else ""
            drawn = parameters.get("overlap_as_drawn")
            print(
                f"{about.map.id + ' ' + name:<26} {first:<6} {taken(data, name):8.1%} "
                f"{about.faithfulness[name].overlap:8.4f} "
                f"{'' if drawn is None else format(drawn, '.4f'):>9} {noise:6.1%}"
            )


def pages(public: Path) -> None:
    """Print how large a site is, and its longest pages by links."""
    files = [path for path in public.rglob("*") if path.is_file()]
    html = [path for path in files if path.suffix == ".html"]
    clusters = sum("clusters" in path.parts[:-2] for path in html)
    total = sum(path.stat().st_size for path in files)
    print(f"{len(html):,} pages, {clusters:,} of them of clusters; {total / 1e6:,.0f} MB")
    links = {path: len(re.findall(rb"<a ", path.read_bytes())) for path in html}
    for path in sorted(links, key=lambda page: -links[page])[:8]:
        size = path.stat().st_size / 1e3
        print(f"{links[path]:6,} links {size:6,.0f} kB  {path.relative_to(public).parent}")


def weight(public: Path, map_id: str) -> None:
    """Print what a map's page weighs, by gzip, before the map answers."""
    page = public / "maps" / map_id / "index.html"
    text = page.read_text(encoding="utf-8")
    asked = [
        name
        for tag in re.findall("<(?:link|script|img)[^>]*>", text)
        if re.search('rel="(?:preload|stylesheet)"|fetchpriority|^<script', tag)
        for name in re.findall('(?:href|src)="([^"]+)"', tag)
    ]
    places = {page, *((page.parent / name).resolve() for name in asked)}
    sizes = [packed(path) for path in places if path.is_file()]
    print(f"{map_id}: {sum(sizes) / 1e3:,.0f} kB in {len(sizes)} files before the map answers")


def packed(path: Path) -> int:
    content = path.read_bytes()
    return min(len(content), len(gzip.compress(content, 9)))


def pictures(public: Path, folder: Path, chosen: list[str]) -> None:
    """Write pictures of the site."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(public)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}/"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS
        )
        for (size, (width, height)), scheme in product(SIZES.items(), ("light", "dark")):
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            for language in ("", "ja/"):
                shot = partial(_shot, page, folder, f"{size}-{scheme}-{language[:2] or 'en'}")
                page.goto(base + language)
                page.wait_for_load_state("networkidle")
                shot("home")
                for map_id in chosen:
                    _map(page, f"{base}{language}maps/{map_id}/", map_id, shot, size == "laptop")
                compared = sorted(path.name for path in (public / "compare").glob("*--*"))
                for pair in compared[:1]:
                    page.goto(f"{base}{language}compare/{pair}/")
                    _ready(page)
                    shot("compare")
            context.close()
        browser.close()
    server.shutdown()


def _ready(page: Any) -> None:
    page.wait_for_selector(".stage[data-drawn]", timeout=60_000)
    page.wait_for_timeout(1000)


def _shot(page: Any, folder: Path, where: str, what: str) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=folder / f"{what}-{where}.png")


def _map(page: Any, url: str, map_id: str, shot: Any, colours: bool) -> None:
    """Pictures of a map: from afar, half-way, close, with a token, and in each colouring."""
    page.goto(url)
    _ready(page)
    shot(f"{map_id}-afar")
    whole = page.evaluate("document.querySelector('.stage').map.view()")
    for name, factor in (("half-way", 5), ("close", 25)):
        to = {**whole, "x": whole["x"] * 0.9, "span": whole["span"] / factor}
        page.evaluate("to => document.querySelector('.stage').map.setView(to)", to)
        shot(f"{map_id}-{name}")
    page.evaluate("to => document.querySelector('.stage').map.setView(to)", whole)
    if colours:
        for colour in COLOURS:
            if page.locator(f"select[name=colour] option[value={colour}]").count():
                page.evaluate("name => document.querySelector('.stage').map.paint(name)", colour)
                shot(f"{map_id}-by-{colour}")
        page.evaluate("document.querySelector('.stage').map.paint('cluster')")
    page.evaluate("document.querySelector('.stage').map.select(2000, true)")
    page.wait_for_timeout(800)
    shot(f"{map_id}-token")


def main() -> None:
    """Print the figures of an atlas, and write its pictures if they are asked for."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("site", type=Path)
    options.add_argument("--pictures", type=Path)
    options.add_argument("--maps", nargs="*", default=["minilm-words", "ja-aozora-words"])
    asked = options.parse_args()
    public = asked.site.resolve() / "public"
    frames(asked.site / "data")
    print()
    names.main(str(asked.site))
    print()
    pages(public)
    print()
    for map_id in asked.maps:
        weight(public, map_id)
    if asked.pictures:
        pictures(public, asked.pictures, asked.maps)


if __name__ == "__main__":
    main()
