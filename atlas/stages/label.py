"""At which zoom each label appears: decided once, at build time, so that labels neither flicker nor pop.

Active ranges after Been, Daiches & Yap 2006 ("Dynamic Map Labeling") and the simple greedy of Been et al. 2010: labels in order
of priority are placed at the first half-octave of zoom at which their box hits none placed before. Boxes keep their size on
the screen while the map grows, so they only move apart, and a label once shown stays.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from atlas.data import KINDS, NEVER, Clusters, Floats, Labels, Layout, Selection, Vocabulary

VERSION = 2

LEVELS = 22  # half-octaves: the last one shows the map 2^10.5 times as large
VIEW = 400.0  # width in pixels of the whole map at zoom 0: a phone's
TOKEN_PX, COARSE_PX, FINE_PX = 12.0, 15.0, 13.0
_PAD = 6.0
_BOLD = 1.08  # names are bold, and bold letters wider


def cluster_name(texts: Sequence[str]) -> str:
    """A cluster's name: its most central tokens."""
    return " · ".join(texts[:3])


def map_name(level: str, texts: Sequence[str]) -> str:
    """A cluster's name on the map: a coarse one goes by its most central token alone, as a country does by one word."""
    return texts[0] if level == "coarse" else cluster_name(texts)


def text_width(text: str, size: float) -> float:
    """About how wide a text is in pixels: an em for East Asian wide characters, 0.6 em for others, none for marks."""
    ems = 0.0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            ems += 1.0
        elif not unicodedata.combining(character):
            ems += 0.6
    return ems * size


def label(
    layout: Layout,
    clusters: Clusters,
    vocabulary: Vocabulary,
    selection: Selection,
    *,
    progress: Callable[[float], None] = lambda _: None,
) -> Labels:
    """The zoom of every token's label and of every cluster's name on a layout.

    Names of coarse clusters come first, largest first, then fine ones, then tokens: words, continuations, the rest, each in
    id order, which in WordPiece vocabularies is falling frequency.
    """
    texts = [vocabulary.texts[row] for row in selection.ids]
    kinds = np.array([KINDS.index(vocabulary.kinds[row]) for row in selection.ids], np.int32)
    n, count = len(texts), len(clusters.entries)
    anchors = np.array([_anchor(layout.xy, clusters, entry["level"], entry["key"]) for entry in clusters.entries], np.float32)
    anchors = anchors.reshape(count, 2)
    sizes = [COARSE_PX if entry["level"] == "coarse" else FINE_PX for entry in clusters.entries]
    names = [map_name(entry["level"], [texts[row] for row in entry["central"]]) for entry in clusters.entries]
    widths = [text_width(name, size) * _BOLD for name, size in zip(names, sizes, strict=True)]
    widths += [text_width(text, TOKEN_PX) for text in texts]
    heights = [size * 1.25 for size in sizes] + [TOKEN_PX * 1.25] * n
    ranks = [*range(count), *(count + np.argsort(np.lexsort((np.arange(n), np.minimum(kinds, 2))))).tolist()]
    points = np.concatenate([anchors, layout.xy]).astype(np.float64)
    zooms = place(points, np.array(widths) + _PAD, np.array(heights) + _PAD / 2, np.array(ranks), progress)
    return Labels(zooms[count:], zooms[:count], anchors)


def _anchor(xy: Floats, clusters: Clusters, level: str, key: int) -> Floats:
    """The point of a cluster that is nearest to its median: inside it, and not moved by outliers."""
    points = xy[(clusters.coarse if level == "coarse" else clusters.fine) == key]
    gap = ((points - np.median(points, axis=0)) ** 2).sum(axis=1)
    nearest: Floats = points[int(gap.argmin())]
    return nearest


def place(
    points: npt.NDArray[np.float64],
    widths: npt.NDArray[np.float64],
    heights: npt.NDArray[np.float64],
    ranks: npt.NDArray[np.int64],
    progress: Callable[[float], None] = lambda _: None,
) -> npt.NDArray[np.uint8]:
    """The first half-octave (0 to LEVELS - 1) at which each box, centred on its point, hits none of lower rank shown then.

    NEVER for boxes that stay hidden. `points` (n, 2) in any unit, scaled so that the whole is VIEW pixels wide at zoom 0.
    """
    n = len(points)
    zooms = np.full(n, NEVER, np.uint8)
    span = float(np.ptp(points, axis=0).max()) if n else 0.0
    scale = VIEW / (span or 1.0)
    low = points.min(axis=0) if n else np.zeros(2)
    ordered = np.argsort(ranks, kind="stable")
    cell_x, cell_y = 64.0, float(heights.max()) if n else 1.0
    half_w, half_h = (widths / 2).tolist(), (heights / 2).tolist()
    for level in range(LEVELS):
        where = (points - low) * (scale * 2 ** (level / 2))
        x, y = where[:, 0].tolist(), where[:, 1].tolist()
        grid: dict[tuple[int, int], list[int]] = {}
        first = np.floor((where[:, 0] - widths / 2) / cell_x).astype(int).tolist()
        last = np.floor((where[:, 0] + widths / 2) / cell_x).astype(int).tolist()
        top = np.floor((where[:, 1] - heights / 2) / cell_y).astype(int).tolist()
        bottom = np.floor((where[:, 1] + heights / 2) / cell_y).astype(int).tolist()
        shown = zooms != NEVER
        for row in np.concatenate([np.flatnonzero(shown), ordered[~shown[ordered]]]).tolist():
            cells = [(a, b) for a in range(first[row], last[row] + 1) for b in range(top[row], bottom[row] + 1)]
            if not shown[row]:
                px, py, hw, hh = x[row], y[row], half_w[row], half_h[row]
                if any(
                    abs(x[other] - px) < half_w[other] + hw and abs(y[other] - py) < half_h[other] + hh
                    for cell in cells
                    for other in grid.get(cell, ())
                ):
                    continue
                zooms[row] = level
            for cell in cells:
                grid.setdefault(cell, []).append(row)
        progress((level + 1) / LEVELS)
    return zooms
