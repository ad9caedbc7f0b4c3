"""How well names of clusters tell what is in them: `python benchmarks/names.py site [MAP …]`.

Of a built atlas, for each map of the input space and each level, by two rules on the same clusters:
the names in the atlas data, and those of the three tokens of highest cosine to the centroid.
`repeat` is the share of names in which two words are of one stem, `rank` the median place of a
name's words in the vocabulary, `members` the share of a cluster's other tokens among as many tokens
of the map as are nearest to the mean of its name's words, averaged over clusters. A third row tells
the same of clusters without a title, which go by these tokens, and a fourth of those of them that
go by whole words. Of each level also the number of clusters, of those with a title, the largest,
the share of tokens in none, and `purity`: the mean share of a clustered token's true neighbors that
are in its cluster.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from atlas.atlas_toml import find, load
from atlas.maps import data as maps_data
from atlas.maps.facts import Cluster
from atlas.maps.stages.naming import same_stem
from atlas.numeric.vectors import unit
from atlas.pipeline.options import Options
from atlas.pipeline.places import Places
from atlas.pipeline.plan import plan


def main(site: str, *wanted: str) -> None:
    """Print a table of the maps of an atlas."""
    config = load(find(Path(site)))
    places = Places.of(config)
    print(f"{'map':<22} {'level':<7} {'rule':<8} {'repeat':>6} {'rank':>7} {'members':>8}")
    for target in plan(config, Options(offline=True), print).maps:
        if target.map.space != "input" or (wanted and target.id not in wanted):
            continue
        data = maps_data.read(places.data, target.id)
        ids = data.column("token_id")
        directions = unit(np.asarray(target.read_vectors(places.store).values[ids], np.float32))
        texts = [str(text) for text in data.strings("text")]
        kinds = data.strings("kind")
        for level in ("coarse", "fine"):
            keys = data.column(f"cluster_{level}")
            print(f"{target.id:<22} {level:<7} {_shape(keys, data.lists('neighbor_ids'), ids)}")
            clusters = [one for one in data.about.clusters if one.level == level]
            titled = sum(1 for one in clusters if one.title)
            print(f"{target.id:<22} {level:<7} {titled} of {len(clusters)} go by a title")
            bare = [one for one in clusters if not one.title]
            words = [one for one in bare if kinds[_named(one, ids)[0]] == "word"]
            for rule, some in (("built", clusters), ("bare", bare), ("words", words)):
                groups = [np.flatnonzero(keys == cluster.key) for cluster in some]
                names = [_named(cluster, ids) for cluster in some]
                figures = _measured(directions, ids, texts, groups, names)
                print(f"{target.id:<22} {level:<7} {rule:<8} {figures}")
            groups = [np.flatnonzero(keys == cluster.key) for cluster in clusters]
            near = [_nearest(directions, group) for group in groups]
            figures = _measured(directions, ids, texts, groups, near)
            print(f"{target.id:<22} {level:<7} {'nearest':<8} {figures}")


def _shape(keys: np.ndarray, near: np.ndarray, ids: np.ndarray) -> str:
    inside = keys >= 0
    others = keys[np.searchsorted(ids, np.where(near < 0, ids[:, None], near))]
    purity = (others == keys[:, None])[inside].mean()
    sizes = np.bincount(keys[inside])
    return (
        f"{len(sizes)} clusters, the largest {sizes.max():,}; noise {1 - inside.mean():.3f}, "
        f"purity {purity:.3f}"
    )


def _named(cluster: Cluster, ids: np.ndarray) -> list[int]:
    return np.searchsorted(ids, cluster.central[:3]).tolist()


def _nearest(directions: np.ndarray, rows: np.ndarray) -> list[int]:
    centroid = directions[rows].mean(axis=0)
    return rows[np.argsort(-(directions[rows] @ centroid), kind="stable")[:3]].tolist()


def _measured(
    directions: np.ndarray,
    ids: np.ndarray,
    texts: list[str],
    groups: list[np.ndarray],
    names: list[list[int]],
) -> str:
    repeats = [
        any(same_stem(texts[one], texts[other]) for one, other in combinations(rows, 2))
        for rows in names
    ]
    ranks = [ids[row] + 1 for rows in names for row in rows]
    shares = []
    for group, rows in zip(groups, names, strict=True):
        others = np.setdiff1d(group, rows)
        similar = directions @ directions[rows].mean(axis=0)
        similar[rows] = -np.inf
        near = np.argpartition(-similar, len(others))[: len(others)]
        shares.append(np.isin(near, others).mean() if len(others) else 1.0)
    return f"{np.mean(repeats):6.2f} {np.median(ranks):7,.0f} {np.mean(shares):8.3f}"


if __name__ == "__main__":
    main(*sys.argv[1:])
