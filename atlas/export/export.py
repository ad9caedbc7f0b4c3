"""One map for other tools: Parquet, CSV, TensorBoard's projector, or a web page in one file."""

from __future__ import annotations

import base64
import html
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas import atlas_toml
from atlas.config import site
from atlas.config.faults import nearest
from atlas.errors import AtlasError, ModelError, UsageError
from atlas.maps import data as dataset
from atlas.numeric.types import Array

if TYPE_CHECKING:
    from atlas.pipeline.places import Places


KINDS = {"parquet": "{}.parquet", "csv": "{}.csv", "tensorboard": "{}-projector", "html": "{}.html"}


_NAMED = 1  # names that have room this many half-octaves from the whole map are shown


def export(
    config: atlas_toml.Config,
    places: Places,
    map_id: str,
    kind: str,
    output: Path | None,
    *,
    force: bool,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write a map as `kind` to `output` (by default into the working folder, named after the map);
    the files written.

    Raises UsageError for an unknown map or kind, DataError when the map is not built, and
    AtlasError when something is in the way and `force` is not set, or when the files cannot be
    written.
    """
    titles = {entry.id(model): (model, entry) for model in config.models for entry in model.maps}
    if map_id not in titles:
        raise UsageError(
            f"{map_id}: no such map{nearest(map_id, titles)}", "A map's id is <model>-<name>."
        )
    if kind not in KINDS:
        raise UsageError(f"--format {kind}: no such format", f"There are: {', '.join(KINDS)}.")
    target = output or Path(KINDS[kind].format(map_id))
    if kind == "tensorboard" and target.is_file():
        raise AtlasError(
            f"{target}: is a file, and this format is a folder of files", "Name another --output."
        )
    if kind != "tensorboard" and target.is_dir():
        target = target / KINDS[kind].format(map_id)
    if not force and (target.is_file() or (target.is_dir() and any(target.iterdir()))):
        raise AtlasError(
            f"{target}: is there already", "Overwrite it with --force, or name another --output."
        )
    data = dataset.read(places.data, map_id)
    try:
        if kind == "parquet":
            source, _ = dataset.paths(places.data, map_id)
            return [_replace(target, lambda beside: shutil.copyfile(source, beside))]
        if kind == "csv":
            return [_replace(target, lambda beside: _csv(data, beside))]
        if kind == "tensorboard":
            vectors = _vectors(config, places, map_id, data)
            if vectors is None:
                warn(
                    f"the vectors of {map_id} are not in the store, so its plane coordinates are written in their place"
                )
            return _projector(data, vectors, target)
        model, entry = titles[map_id]
        language = config.site.languages[0]
        title = site.text(entry.title, language) or site.text(model.title, language, map_id)
        text = page(data, title, language, *_runtime(config.root))
        return [_replace(target, _writer(text))]
    except OSError as problem:
        hint = "Check the folder and its permissions."
        raise AtlasError(
            f"{target}: cannot be written ({problem.strerror or problem})", hint
        ) from problem


def _replace(target: Path, write: Callable[[Path], object]) -> Path:
    """Write beside and rename, so that a file is whole or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        write(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def _csv(data: dataset.Dataset, path: Path) -> None:
    """Every column of the table, lists as numbers with spaces between them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = {}
    for name in data.table.column_names:
        column = data.table.column(name)
        if pa.types.is_list(column.type):
            column = pc.binary_join(column.cast(pa.list_(pa.string())), " ")
        columns[name] = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    csv.write_csv(pa.table(columns), path)


def _projector(data: dataset.Dataset, vectors: Array | None, folder: Path) -> list[Path]:
    """Vectors and metadata as TSV, and the two files that tell a projector of them: .pbtxt for
    TensorBoard (`tensorboard --logdir FOLDER`), .json for the stand-alone one."""
    import pyarrow as pa
    from pyarrow import csv

    if vectors is None:
        vectors = np.stack(
            [data.column(f"{axis}_{name}") for name in data.about.map.projections for axis in "xy"],
            axis=1,
        )
    names = _names(data)
    columns: dict[str, list[Any]] = {
        name: data.strings(name) for name in ("text", "token", "kind", "script", "pos", "reading")
    }
    columns["token_id"] = data.column("token_id").tolist()
    for level in ("coarse", "fine"):
        columns[f"cluster_{level}"] = [
            names.get((level, key), "") for key in data.column(f"cluster_{level}").tolist()
        ]
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    # The projector knows no quoting, so what separates cells and rows cannot be in one.
    cells = str.maketrans("\t\n\r", "   ")
    metadata = "".join(
        "\t".join("" if cell is None else str(cell).translate(cells) for cell in row) + "\n"
        for row in rows
    )
    tensors = pa.table(
        {str(number): np.ascontiguousarray(column) for number, column in enumerate(vectors.T)}
    )
    options = csv.WriteOptions(include_header=False, delimiter="\t")
    about = {"tensorName": data.about.map.id, "tensorShape": list(vectors.shape)}
    about |= {"tensorPath": "tensors.tsv", "metadataPath": "metadata.tsv"}
    proto = f'tensor_name: "{data.about.map.id}"\n  tensor_path: "tensors.tsv"\n  metadata_path: "metadata.tsv"'
    texts = {
        "metadata.tsv": metadata,
        "projector_config.json": json.dumps({"embeddings": [about]}, indent=1) + "\n",
        "projector_config.pbtxt": f"embeddings {{\n  {proto}\n}}\n",
    }
    done = [
        _replace(folder / "tensors.tsv", lambda beside: csv.write_csv(tensors, beside, options))
    ]
    return done + [_replace(folder / name, _writer(text)) for name, text in texts.items()]


def _writer(text: str) -> Callable[[Path], object]:
    return lambda beside: beside.write_text(text, encoding="utf-8", newline="\n")


def _vectors(
    config: atlas_toml.Config, places: Places, map_id: str, data: dataset.Dataset
) -> Array | None:
    """The original vectors of the map's tokens (n, d), if the store has those that this atlas data
    were made from."""
    from atlas.pipeline.build import plan
    from atlas.pipeline.options import Options

    try:
        made = plan(config, Options(only=(map_id,), offline=True), lambda _: None)
    except ModelError:
        return None
    entry = next(iter(made.maps), None)
    if (
        entry is None
        or entry.recipe != data.about.recipe
        or not places.store.has(entry.vectors.key)
    ):
        return None
    vectors = entry.read_vectors(places.store)
    return np.asarray(vectors.values[data.column("token_id")])


def _names(data: dataset.Dataset) -> dict[tuple[str, int], str]:
    return {(cluster.level, cluster.key): cluster.name for cluster in data.about.clusters}


def _runtime(root: Path) -> tuple[str, str]:
    """Script and style of plotly: the site's own bundle, or where that is not built plotly's file,
    three times its size."""
    from atlas.web.theme import RUNTIME, asset

    script, style = asset(root, f"vendor/{RUNTIME}"), asset(root, "vendor/plotly-map.css")
    if script and style:
        return script.read_text(encoding="utf-8"), style.read_text(encoding="utf-8")
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()), ""


def page(data: dataset.Dataset, title: str, language: str, script: str, style: str) -> str:
    """One HTML file that shows a map without a network: plotly, every projection, and each token's
    name under the pointer."""
    from atlas.maps.colours import colours
    from atlas.maps.frame import ASPECT, view
    from atlas.web.palette import NOISE_COLOUR, PALETTE

    names = _names(data)
    chosen = colours(data, len(PALETTE))
    keys = data.column("cluster_coarse")
    group = np.array([chosen.get(int(key), len(PALETTE)) for key in keys])
    # Plotly reads markup in hover texts, and a token may be any text at all.
    hover = [html.escape(str(text)) for text in data.strings("text")]
    cluster = [html.escape(names.get(("coarse", int(key)), "")) for key in keys.tolist()]
    coarse = [one for one in data.about.clusters if one.level == "coarse"]
    traces, axes = [], {}
    order = [
        int(one) for one in (len(PALETTE), *range(len(PALETTE))) if (group == one).any()
    ]  # noise below everything else
    for one in order:
        rows = np.flatnonzero(group == one)
        colour = NOISE_COLOUR if one == len(PALETTE) else PALETTE[one]
        traces.append(
            {
                "type": "scattergl",
                "mode": "markers",
                "marker": {"color": colour, "size": 4, "opacity": 0.75},
                "text": [
                    f"<b>{hover[row]}</b><br>{cluster[row]}"
                    if cluster[row]
                    else f"<b>{hover[row]}</b>"
                    for row in rows
                ],
                "hovertemplate": "%{text}<extra></extra>",
                "showlegend": False,
            }
        )
    for name in data.about.map.projections:
        xy = [data.column(f"{axis}_{name}") for axis in "xy"]
        frame = view(data, name)
        axes[name] = {
            "xy": [[_packed(values[group == one]) for values in xy] for one in order],
            "names": [
                [html.escape(one.name), *one.anchors[name]]
                for one in coarse
                if one.zooms[name] <= _NAMED
            ],
            "range": [
                [frame.left, frame.left + frame.width],
                [frame.bottom, frame.bottom + frame.width * ASPECT],
            ],
        }
    facts = json.dumps({"traces": traces, "projections": axes}, ensure_ascii=False).replace(
        "<", "\\u003c"
    )
    options = "".join(f'<option value="{name}">{_METHODS[name]}</option>' for name in axes)
    source = html.escape(
        f"{data.about.model.source} · {data.about.map.tokens:,} · {data.about.built}"
    )
    return _PAGE.format(
        language=html.escape(language),
        title=html.escape(title),
        style=style,
        source=source,
        options=options,
        facts=facts,
        script=script.replace("</script", "<\\/script"),
        draw=_DRAW,
    )


def _packed(values: Array) -> dict[str, str]:
    """An array as plotly takes it: its bytes in base 64."""
    return {"dtype": "f4", "bdata": base64.b64encode(values.astype("<f4").tobytes()).decode()}


_METHODS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<style>
html, body {{ margin: 0; height: 100%; font: 16px/1.4 system-ui, sans-serif; color: #1c2024; background: #fff; }}
body {{ display: flex; flex-direction: column; }}
header {{ display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; padding: .6rem 1rem; }}
h1 {{ font-size: 1.1rem; margin: 0; }}
p {{ margin: 0; color: #5b6570; font-size: .85rem; }}
select {{ font: inherit; margin-left: auto; }}
#map {{ flex: 1; min-height: 0; }}
</style>
</head>
<body>
<header><h1>{title}</h1><p>{source}</p><select id="projection" aria-label="Projection">{options}</select></header>
<div id="map" role="img" aria-label="{title}"></div>
<script type="application/json" id="facts">{facts}</script>
<script>{script}</script>
<script>{draw}</script>
</body>
</html>
"""


_DRAW = """"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const choice = document.getElementById("projection");
  const axis = { visible: false, zeroline: false };
  const draw = () => {
    const shown = facts.projections[choice.value];
    const traces = facts.traces.map((trace, one) => ({ ...trace, x: shown.xy[one][0], y: shown.xy[one][1] }));
    const annotations = shown.names.map(([text, x, y]) => ({ text, x, y, showarrow: false, bgcolor: "rgba(255,255,255,.75)",
      font: { size: 12 } }));
    Plotly.react("map", traces, { annotations, dragmode: "pan", hovermode: "closest", margin: { l: 0, r: 0, t: 0, b: 0 },
      xaxis: { ...axis, range: [...shown.range[0]] }, yaxis: { ...axis, range: [...shown.range[1]], scaleanchor: "x" } },
      { responsive: true, scrollZoom: true, displaylogo: false, showSendToCloud: false });
  };
  choice.addEventListener("change", draw);
  draw();
})();
"""
