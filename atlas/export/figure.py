"""A projection of a map as a plotly Figure."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from atlas.maps.colours import colours
from atlas.maps.data import Dataset
from atlas.maps.frame import ASPECT, layout, view
from atlas.maps.names import short_name
from atlas.numeric.types import Array
from atlas.web.palette import NOISE_COLOUR, PALETTE

if TYPE_CHECKING:
    from types import ModuleType

    import plotly.graph_objects as go
    from plotly.basedatatypes import BaseTraceType

COLOURS = ("cluster", "kind", "script", "pos", "overlap")
SVG_MOST = 2000  # dots that a browser draws well as SVG; more are drawn by WebGL
NAMED = 1  # names with room this many half-octaves from the whole map are shown
HEIGHT = 600  # pixels
SCALE = "Viridis"


class Group(NamedTuple):
    """Tokens of one colour: rows of the data, ascending."""

    name: str
    colour: str
    rows: Array

    @property
    def opacity(self) -> float:
        """Grey ones, of which there may be many, stand back."""
        return 0.45 if self.colour == NOISE_COLOUR else 0.8


def figure(data: Dataset, title: str, colour: str, projection: str) -> go.Figure:
    """A dot a token, coloured by one of COLOURS, with its text under the pointer."""
    import plotly.graph_objects as go

    xy = layout(data, projection)
    hover = _hover(data, projection)
    size = float(np.clip(500 / np.sqrt(max(len(xy), 1)), 2.5, 6))  # pixels: the more, the smaller
    if colour == "overlap":
        traces = [
            _trace(go, xy, hover, {"size": size, **_scaled(data, projection)}, showlegend=False)
        ]
    else:
        traces = [
            _trace(
                go,
                xy[group.rows],
                [hover[row] for row in group.rows],
                {"size": size, "color": group.colour, "opacity": group.opacity},
                name=_plain(group.name),
            )
            for group in (_clusters(data) if colour == "cluster" else _groups(data, colour))
        ]
    frame = view(data, projection)
    hidden = {"visible": False}
    right, top = frame.left + frame.width, frame.bottom + frame.width * ASPECT
    return go.Figure(
        traces,
        {
            "title": {"text": _plain(title)},
            "height": HEIGHT,
            "dragmode": "pan",
            "hovermode": "closest",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 0, "r": 0, "t": 40, "b": 0},
            "legend": {"itemsizing": "constant"},
            "xaxis": {**hidden, "range": [frame.left, right]},
            "yaxis": {**hidden, "range": [frame.bottom, top], "scaleanchor": "x"},
            "annotations": _names(data, projection) if colour == "cluster" else [],
        },
    )


def _trace(
    go: ModuleType, xy: Array, hover: list[str], marker: dict[str, Any], **options: object
) -> BaseTraceType:
    """Dots at `xy` (n, 2), by WebGL where they are many."""
    kind: type[BaseTraceType] = go.Scatter if len(hover) <= SVG_MOST else go.Scattergl
    return kind(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        marker=marker,
        text=hover,
        hovertemplate="%{text}<extra></extra>",
        **options,
    )


def _clusters(data: Dataset) -> list[Group]:
    """Noise first, below the others, then the coarse clusters, largest first."""
    keys = data.column("cluster_coarse")
    chosen = colours(data, len(PALETTE))
    groups = [Group("in no cluster", NOISE_COLOUR, np.flatnonzero(keys < 0))]
    for cluster in data.about.clusters:
        if cluster.level == "coarse":
            rows = np.flatnonzero(keys == cluster.key)
            groups.append(Group(cluster.called(), PALETTE[chosen[cluster.key]], rows))
    return [group for group in groups if len(group.rows)]


def _groups(data: Dataset, what: str) -> list[Group]:
    """The values of a text column, most frequent first; those beyond the palette are of one colour,
    and tokens without a value come first, below the others."""
    values = np.array([value or "" for value in data.strings(what)])
    names, counts = np.unique(values, return_counts=True)
    order = sorted(zip(-counts, names.tolist(), strict=True))
    ranked = [name for _, name in order if name]
    groups = [
        Group(name, PALETTE[rank] if rank < len(PALETTE) else NOISE_COLOUR, values == name)
        for rank, name in enumerate(ranked)
    ]
    groups.insert(0, Group("none", NOISE_COLOUR, values == ""))
    return [group._replace(rows=np.flatnonzero(group.rows)) for group in groups if group.rows.any()]


def _scaled(data: Dataset, projection: str) -> dict[str, Any]:
    """Colours by the share of true neighbors that the projection keeps."""
    return {
        "color": data.column(f"overlap_{projection}"),
        "colorscale": SCALE,
        "colorbar": {"title": {"text": "neighbors kept"}, "tickformat": ".0%"},
        "cmin": 0,
        "cmax": 1,
    }


def _hover(data: Dataset, projection: str) -> list[str]:
    """What stands under the pointer: the text, what sort of token it is, and its faithfulness."""
    kinds = [
        " · ".join(_plain(part) for part in parts if part)
        for parts in zip(*(data.strings(what) for what in ("kind", "script", "pos")), strict=True)
    ]
    ids = data.column("token_id").tolist()
    overlaps = data.column(f"overlap_{projection}").tolist()
    return [
        f"<b>{_plain(str(text))}</b><br>{kind}<br>id {token_id}, {overlap:.0%} of neighbors kept"
        for text, kind, token_id, overlap in zip(
            data.strings("text"), kinds, ids, overlaps, strict=True
        )
    ]


def _names(data: Dataset, projection: str) -> list[dict[str, Any]]:
    """The names of coarse clusters that have room on the whole map, where they stand."""
    return [
        {
            "text": _plain(short_name(cluster.called())),
            "x": cluster.anchors[projection][0],
            "y": cluster.anchors[projection][1],
            "showarrow": False,
            "bgcolor": "rgba(255,255,255,.6)",
        }
        for cluster in data.about.clusters
        if cluster.level == "coarse" and cluster.zooms[projection] <= NAMED
    ]


def _plain(text: str) -> str:
    """Text as plotly shows it unchanged: it reads markup, and TeX between dollar signs."""
    return html.escape(text).replace("$", "&#36;").replace("\n", "⏎")
