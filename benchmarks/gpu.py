"""What the atlas does on a graphics processor, measured in one run on a machine with no network.

    python benchmarks/gpu.py                        # all rows, on cuda
    python benchmarks/gpu.py --device cpu --small   # every line on the processor, as a proof

Neighbors, UMAP and t-SNE of made-up vectors in groups, with noise; then the command `atlas build
--device` of two maps of a BERT with random weights: its vocabulary with UMAP and t-SNE, and each
token through the model. `first` is a run on a few rows, which starts CUDA; `seconds` follows it.
UMAP gets the neighbors that a build would search: exact ones of 30,522, approximate ones of more,
whose exact search is measured last. A row is stopped at --limit seconds of the whole run, and later
ones are left out, which is said.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from atlas.numeric import approximate as rough
from atlas.numeric import neighbors as kernel
from atlas.numeric import tsne, umap
from atlas.numeric.types import Floats, Near

GOALS = {
    "neighbors 30,522 x 384": 0.15,
    "neighbors 250,000 x 768": 3.0,
    "neighbors 1,000,000 x 384": 15.0,
    "umap 30,522": 0.5,
    "umap 250,000": 3.0,
    "umap 1,000,000": 15.0,
    "tsne 30,522": 2.0,
    "build": 20.0,
}
SIZES = ((30_522, 384), (250_000, 768), (1_000_000, 384))
SMALL = ((1_500, 24), (3_000, 32), (4_000, 24))

CONFIG = """
[[models]]
id = "made"
source = "path:made"
[[models.maps]]
name = "words"
projections = ["umap", "tsne"]
[[models.maps]]
name = "read"
space = "contextual"
layer = -1
projections = ["umap"]
"""


def made(n: int, width: int) -> Floats:
    """Vectors (n, width) in 2,000 groups (a hundredth of n, if that is fewer), with noise."""
    draw = np.random.default_rng(0)
    groups = draw.normal(size=(min(2_000, n // 100), width)).astype(np.float32)
    vectors = groups[draw.integers(0, len(groups), n)]
    return vectors + 0.3 * draw.standard_normal((n, width), np.float32)


def checkpoint(folder: Path, tokens: int, width: int, layers: int) -> None:
    """A BERT of random weights and made-up words of four letters."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["".join(letters[i // 26**place % 26] for place in range(4)) for i in range(tokens - 5)]
    (folder / "vocab.txt").write_text("\n".join(special + words) + "\n", encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        tokens,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 16 if width < 64 else width // 64,
        intermediate_size=4 * width,
    )
    BertModel(config).save_pretrained(folder)


class Table:
    """The rows, printed as they are measured."""

    def __init__(self, device: str, small: bool, limit: float) -> None:
        self.device, self.small, self.limit = device, small, limit
        self.begin = time.perf_counter()
        signal.signal(signal.SIGALRM, self.stop)
        signal.setitimer(signal.ITIMER_REAL, limit)
        print(f"{'row':28}{'first s':>9}{'seconds':>9}{'goal s':>8}{'of goal':>9}", flush=True)

    def stop(self, *_: object) -> None:
        """Raises TimeoutError in the row that runs at the limit."""
        raise TimeoutError("no time left")

    def row(
        self, name: str, work: Callable[[], Any], first: Callable[[], Any] | None = None
    ) -> Any:
        """What the work returns, timed; None where no time is left or it failed, which is told."""
        if time.perf_counter() - self.begin > self.limit:
            print(f"{name:28}  left out: no time left", flush=True)
            return None
        try:
            before = self.timed(first)[0] if first else None
            seconds, result = self.timed(work)
        except (RuntimeError, MemoryError, TimeoutError, subprocess.CalledProcessError) as problem:
            why = (str(problem) or type(problem).__name__).splitlines()[0]
            print(f"{name:28}  failed: {why}", flush=True)
            return None
        head = f"{name:28}{'' if before is None else f'{before:.2f}':>9}{seconds:>9.2f}"
        goal = GOALS.get(name)
        if goal is None or self.small or self.device == "cpu":
            print(f"{head}{'-':>8}{'-':>9}", flush=True)
        else:
            print(f"{head}{goal:>8.2f}{seconds / goal:>9.2f}", flush=True)
        return result

    def timed(self, work: Callable[[], Any]) -> tuple[float, Any]:
        """Seconds until all work given to the device is done, and the result."""
        begin = time.perf_counter()
        result = work()
        if self.device != "cpu":
            import torch

            torch.cuda.synchronize()
        return time.perf_counter() - begin, result


def exact(table: Table, n: int, width: int) -> Near | None:
    """The row of the exact search of n made-up vectors, and what it found."""
    values, how = made(n, width), {"device": table.device, "threads": os.cpu_count() or 1}
    near: Near | None = table.row(
        f"neighbors {n:,} x {width}",
        lambda: kernel.neighbors(values, 15, **how),
        lambda: kernel.neighbors(values[:1_000], 15, **how),
    )
    return near


def layouts(table: Table, sizes: tuple[tuple[int, int], ...]) -> None:
    """Rows of neighbors, UMAP and, of the smallest, t-SNE, as a build makes them."""
    threads = os.cpu_count() or 1
    how: dict[str, Any] = {"device": table.device, "threads": threads}
    for place, (n, width) in enumerate(sizes):
        values = made(n, width)
        few = values[:1_000]
        some = kernel.neighbors(few, 15, **how)
        near: Near | None
        if place == 0:
            near = exact(table, n, width)
        else:
            near = table.row(
                f"approximate {n:,} x {width}",
                lambda values=values: rough.approximate(values, 15, **how)[0],
            )
        if near is None:
            continue
        table.row(
            f"umap {n:,}",
            lambda values=values, near=near: umap.umap(values, near, seed=0, **how),
            lambda few=few, some=some: umap.umap(few, some, seed=0, epochs=5, **how),
        )
        if place == 0:
            table.row(
                f"tsne {n:,}",
                lambda values=values, near=near: tsne.project(values, near, seed=0, **how),
                lambda few=few, some=some: tsne.project(few, some, seed=0, iterations=5, **how),
            )


def build(table: Table) -> None:
    """The row of a cold build of two maps, a process of its own."""
    tokens, width, layers = (600, 32, 2) if table.small else (30_522, 768, 12)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        checkpoint(folder / "made", tokens, width, layers)
        (folder / "atlas.toml").write_text(CONFIG, encoding="utf-8")
        command = [sys.executable, "-m", "atlas", "build", place, "--offline"]
        command += ["--device", table.device]

        def run() -> None:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.stderr.write(done.stdout + done.stderr)
                done.check_returncode()

        table.row("build", run)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="a few thousand rows, not the goals'")
    parser.add_argument("--limit", type=float, default=420, help="seconds of the whole run")
    chosen = parser.parse_args()

    import torch

    if chosen.device != "cpu" and not torch.cuda.is_available():
        raise SystemExit("There is no GPU here. --device cpu --small runs every line without one.")
    on = "no GPU" if chosen.device == "cpu" else torch.cuda.get_device_name(0)
    print(f"{on}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"torch {torch.__version__}\n")
    table = Table(chosen.device, chosen.small, chosen.limit)
    sizes = SMALL if chosen.small else SIZES
    layouts(table, sizes)
    build(table)
    for n, width in sizes[1:]:
        exact(table, n, width)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(f"\n{time.perf_counter() - table.begin:.0f} s in all")


if __name__ == "__main__":
    main()
