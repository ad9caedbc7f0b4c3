"""Makes an atlas of N synthetic points: atlas data for `atlas build --frozen`, to test maps of a
million points and more.

    python benchmarks/points.py N FOLDER      writes FOLDER/atlas.toml and FOLDER/data/, builds the
    site, prints one table

Points form clusters of many sizes on a thin ground, as words do. Each has its own text of
syllables, which search has to index, its exact nearest neighbors in the plane, whose similarity
decreases with distance, and a label zoom.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from atlas.maps import data as dataset
from atlas.maps.data import Dataset
from atlas.maps.facts import About, Cluster, Figures, MapFacts, ModelFacts
from atlas.maps.names import cluster_name
from atlas.maps.stages import label
from atlas.numeric.boxes import halves as boxes_of
from atlas.numeric.boxes import place_tokens
from atlas.web import lettering

K = 15
TOML = """[site]
title = "Points"
languages = ["en"]
[[models]]
id = "points"
source = "path:nothing"
title = "{n:,} points"
[[models.maps]]
name = "all"
projections = ["umap"]
"""
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
CENTRES = 40


def texts(n: int) -> list[str]:
    """n different words."""
    base = len(SYLLABLES)
    columns, left = [], np.arange(n) + base**2
    while left.any():
        columns.append(left % base)
        left = left // base
    table = np.array(SYLLABLES)
    words = table[columns[-1]].astype(object)
    for column in columns[-2::-1]:
        words = words + table[column]
    return list(np.random.default_rng(1).permutation(words))


def zooms(xy: np.ndarray, words: list[str]) -> np.ndarray:
    """The half-octave (n,) from which the label of each point (n, 2) is shown, as in
    maps.stages.label."""
    low = xy.min(axis=0)
    scales = label.VIEW / np.ptp(xy, axis=0).max() * 2 ** (np.arange(label.LEVELS) / 2)
    boxes = boxes_of(
        [lettering.text_width(word, label.TOKEN_PX) for word in words],
        np.full(len(words), label.TOKEN_PX),
    )
    return place_tokens(
        xy - low, boxes, np.zeros(len(xy), np.uint8), np.arange(len(xy)), scales, lambda _: None
    )


def place(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (n, 2), the cluster of each (n,), -1 for none, and the middles of clusters."""
    sizes = rng.pareto(1.2, CENTRES) + 0.2
    middles = rng.normal(0, 10, (CENTRES, 2))
    group = rng.choice(CENTRES, n, p=sizes / sizes.sum())
    ground = rng.random(n) < 0.15
    spread = rng.uniform(0.3, 1.6, CENTRES)
    crowd = middles[group] + rng.normal(0, 1, (n, 2)) * spread[group][:, None]
    xy = np.where(ground[:, None], rng.normal(0, 12, (n, 2)), crowd).astype(np.float32)
    return xy, np.where(ground, -1, group).astype(np.int32), middles


def neighbors(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the K nearest points of each point (n, 2), and their distances, (n, K)."""
    n = len(xy)
    gaps, near = cKDTree(xy).query(xy, K + 1, workers=-1)
    mine = near == np.arange(n)[:, None]
    mine[~mine.any(axis=1), -1] = True  # equal places: drop the farthest instead
    return near[~mine].reshape(n, K).astype(np.int32), gaps[~mine].reshape(n, K)


def clusters(
    xy: np.ndarray, keys: np.ndarray, middles: np.ndarray, words: list[str]
) -> Iterator[Cluster]:
    """The clusters of points (n, 2) with keys (n,), the same on both levels."""
    for level in ("coarse", "fine"):
        for key in range(CENTRES):
            rows = np.flatnonzero(keys == key)
            best = rows[np.argsort(np.hypot(*(xy[rows] - middles[key]).T))[:12]]
            yield Cluster(
                level=level,
                key=key,
                name=cluster_name([words[row] for row in best]),
                slug=f"{level}-{key}",
                size=len(rows),
                central=tuple(best.tolist()),
                parent=key if level == "fine" else None,
                cohesion=1.0,
                nearest=(),
                anchors={"umap": tuple(map(float, xy[best[0]]))},
                zooms={"umap": 0 if level == "coarse" else 8},
            )


def describe(n: int, groups: tuple[Cluster, ...]) -> About:
    """The JSON file of the map."""
    return About(
        schema_version=dataset.SCHEMA_VERSION,
        recipe=f"synthetic {n}, labels {label.label.version}",
        model=ModelFacts(
            id="points",
            source="path:nothing",
            revision="",
            digest="files:none",
            language="en",
            facts={},
        ),
        map=MapFacts(
            id="points-all",
            model="points",
            name="all",
            space="input",
            selection={},
            tokens=n,
            dimensions=2,
            tensor="none",
            neighbors=K,
            seed=0,
            dictionary="",
            projections={"umap": {}},
            clustered_on="umap",
            cluster_parameters={},
        ),
        faithfulness={
            name: Figures(
                overlap=o, trustworthiness=o, continuity=o, k=K, sampled=n, quantiles=(o, o, o)
            )
            for name, o in (("umap", 1.0), ("random", K / n))
        },
        clusters=groups,
        libraries={},
        built="2026-01-01T00:00:00Z",
    )


def make(n: int, folder: Path) -> None:
    """Write atlas.toml and the atlas data of n points into a folder."""
    rng = np.random.default_rng(0)
    xy, keys, middles = place(n, rng)
    near, gaps = neighbors(xy)
    words = texts(n)
    kinds = np.array(["word", "continuation"], object)[(rng.random(n) < 0.2).astype(int)]
    values = {
        "token_id": np.arange(n, dtype=np.int32),
        "token": words,
        "text": words,
        "kind": list(kinds),
        "script": ["Latin"] * n,
        "pos": [None] * n,
        "reading": [None] * n,
        "norm": np.hypot(*xy.T).astype(np.float32),
        "suspicion": [None] * n,
        "x_umap": xy[:, 0],
        "y_umap": xy[:, 1],
        "cluster_coarse": keys,
        "cluster_fine": keys,
        "neighbor_ids": near,
        "neighbor_similarities": (1 / (1 + gaps)).astype(np.float32),
        "overlap_umap": np.ones(n, np.float32),
        "label_umap": zooms(xy, words),
    }
    about = describe(n, tuple(clusters(xy, keys, middles, words)))
    dataset.write(folder / "data", Dataset(about, dataset.table(values, ["umap"])))
    (folder / "atlas.toml").write_text(TOML.format(n=n), "utf-8")


def main() -> None:
    n, folder = int(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    make(n, folder)
    making = time.perf_counter() - started
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "atlas", "build", str(folder), "--frozen"], check=True)
    built = time.perf_counter() - started
    data = folder / "public" / "assets" / "maps"
    meta = json.loads(next(data.glob("points-all.*.json")).read_text())
    tiles = data / meta["tiles"]["folder"] if meta.get("tiles") else data
    sizes = {path.name: path.stat().st_size for path in tiles.iterdir()}
    first = (
        sum(sizes[name] for name in ("index.bin", "0.p.bin") if name in sizes)
        + next(data.glob("points-all.*.json")).stat().st_size
    )
    print(f"{'points':34} {n:>12,}")
    print(f"{'made in, s':34} {making:>12.1f}")
    print(f"{'atlas build --frozen, s':34} {built:>12.1f}")
    print(f"{'files of tiles':34} {len(sizes):>12,}")
    print(f"{'bytes of tiles, MB':34} {sum(sizes.values()) / 1e6:>12.1f}")
    points = sum(size for name, size in sizes.items() if name.endswith(".p.bin"))
    print(f"{'  of them points (.p), MB':34} {points / 1e6:>12.1f}")
    print(f"{'read before the first picture, kB':34} {first / 1e3:>12.1f}")


if __name__ == "__main__":
    main()
