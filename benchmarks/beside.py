"""Pictures of our map beside datamapplot's and Apple's Embedding Atlas, of the same layout.

    python benchmarks/beside.py SITE --peers PYTHON [--map minilm-words] [--into FOLDER]

SITE is an atlas that has been built (site/). PYTHON is an interpreter that has datamapplot and
embedding-atlas 0.22.0, the last that draws by WebGL: later ones need WebGPU, which a machine
without a graphics card lacks. (`pip install --no-deps embedding-atlas==0.22.0`, with click, duckdb,
fastapi, uvicorn, inquirer, cryptography, pandas and pyarrow, is enough for what is used here.) Both
get places, texts and, in datamapplot, the names of our coarse clusters; what else is seen is each
tool's own choice. Written is MAP.png: light above dark, windows of 1280 by 800.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import zipfile
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
from first_sight import FLAGS, Quiet
from PIL import Image

from atlas.maps import data as maps_data
from atlas.maps.frame import layout
from atlas.maps.names import map_name

SIZE = (1280, 800)

DATAMAPPLOT = """
import sys, pandas, datamapplot
table = pandas.read_parquet(sys.argv[1])
xy = table[['x', 'y']].to_numpy() * 4
for scheme in ('light', 'dark'):
    figure, _ = datamapplot.create_plot(
        xy, table['name'].to_numpy(), darkmode=scheme == 'dark',
        figsize=(12.8, 8), label_over_points=True, dynamic_label_size=True, verbose=False,
        font_family='Noto Sans CJK JP', glow_keywords={'kernel_bandwidth': 0.1},
    )
    figure.savefig(f'{sys.argv[2]}/datamapplot-{scheme}.png', dpi=100)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--peers", required=True, help="an interpreter that has both peers")
    parser.add_argument("--map", default="minilm-words")
    parser.add_argument("--into", type=Path, default=Path())
    options = parser.parse_args()
    public = options.site.resolve() / "public"
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "points.parquet"
        points(public, options.map).to_parquet(table)
        subprocess.run([options.peers, "-c", DATAMAPPLOT, table, folder], check=True)
        export(options.peers, table, folder)
        browse(public, options.map, folder)
        sheet(folder, options.into / f"{options.map}.png")


def points(public: Path, map_id: str) -> pd.DataFrame:
    """Places on the main projection, texts, and the names of coarse clusters."""
    data = maps_data.read(public / "data", map_id)
    main = data.about.map.clustered_on
    x, y = layout(data, main).T
    names = {
        cluster.key: map_name("coarse", cluster.called(data.about.model.language))
        for cluster in data.about.clusters
        if cluster.level == "coarse"
    }
    keys = data.column("cluster_coarse")
    return pd.DataFrame(
        {
            "x": x,
            "y": y,
            "text": data.strings("text"),
            "name": [names.get(int(key), "Unlabelled") for key in keys],
        }
    )


def export(python: str, table: Path, folder: Path) -> None:
    """Write the pages of Embedding Atlas to the folder `apple`."""
    command = "import sys; from embedding_atlas.cli import main; sys.exit(main())"
    archive = folder / "apple.zip"
    given = ["--x", "x", "--y", "y", "--text", "text", "--export-application", archive]
    subprocess.run([python, "-c", command, table, *given], check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "apple")


def browse(public: Path, map_id: str, folder: Path) -> None:
    """Take the pictures of our map and of Embedding Atlas."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS
        )
        for tool, root, path in (
            ("ours", public, f"maps/{map_id}/"),
            ("apple", folder / "apple", ""),
        ):
            server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for scheme in ("light", "dark"):
                width, height = SIZE
                page: Any = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                page.goto(f"http://127.0.0.1:{server.server_address[1]}/{path}")
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(20_000)  # labels come some seconds after the points
                page.screenshot(path=folder / f"{tool}-{scheme}.png")
                page.close()
            server.shutdown()
        browser.close()


def sheet(folder: Path, into: Path) -> None:
    """Put the pictures beside each other."""
    width, height = SIZE
    whole = Image.new("RGB", (width * 3, height * 2))
    for column, tool in enumerate(("ours", "datamapplot", "apple")):
        for row, scheme in enumerate(("light", "dark")):
            picture = Image.open(folder / f"{tool}-{scheme}.png").convert("RGB")
            whole.paste(picture.resize(SIZE), (column * width, row * height))
    whole.save(into)


if __name__ == "__main__":
    main()
