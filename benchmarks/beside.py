"""Maps of a built atlas as datamapplot draws them, to be looked at beside ours:

    python benchmarks/beside.py SITE FOLDER [MAP ...]

SITE is the folder of atlas.toml. FOLDER gets, of each map, the same coordinates with the same
names of coarse clusters, as large as a map's stage is in first_sight.py: `over`, with labels on the
map by size, as on datamapplot's interactive pages, and `around`, with labels around it. Needs `pip
install datamapplot`, which the atlas does not; a picture takes about a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import datamapplot
import numpy as np

from atlas.maps import data as maps_data
from atlas.maps.frame import layout
from atlas.maps.names import map_name

STAGE = (1240, 544)  # pixels
DPI = 100
FONTS = {"en": "DejaVu Sans", "ja": "Noto Sans CJK JP"}
KINDS = {"over": {"label_over_points": True, "dynamic_label_size": True}, "around": {}}


def pictures(site: Path, map_id: str, folder: Path) -> None:
    """Write the pictures of one map, and print the seconds that each took."""
    data = maps_data.read(site / "data", map_id)
    language = data.about.model.language
    points = layout(data, data.about.map.clustered_on).astype(np.float32)
    keys = data.column("cluster_coarse")
    names = ["Unlabelled"] * (int(keys.max()) + 2)  # the last is that of noise, -1
    for cluster in data.about.clusters:
        if cluster.level == "coarse":
            names[cluster.key] = map_name("coarse", cluster.called(language))
    labels = np.array(names, object)[keys]
    for kind, options in KINDS.items():
        start = perf_counter()
        figure, _ = datamapplot.create_plot(
            points,
            labels,
            figsize=(STAGE[0] / DPI, STAGE[1] / DPI),
            dpi=DPI,
            font_family=FONTS.get(language, FONTS["en"]),
            **options,
        )
        path = folder / f"{map_id}-{kind}.png"
        figure.savefig(path, dpi=DPI)
        print(f"{path.name:<50} {perf_counter() - start:6.1f} s")


def main() -> None:
    """Write the pictures of the maps that are named."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("site", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("maps", nargs="*", default=["minilm-words", "ja-aozora-words"])
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for map_id in asked.maps:
        pictures(asked.site, map_id, asked.folder)


if __name__ == "__main__":
    main()
