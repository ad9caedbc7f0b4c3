"""At which zoom each label appears: decided once, at build time, so that labels neither flicker nor
pop.

Each label has an active range of zooms, after Been, Daiches & Yap 2006 ("Dynamic Map Labeling") and
the simple ranges of Been et al. 2010. A token's label, once shown, stays while a reader zooms in. A
cluster's name stays until COARSE_UNTIL or FINE_UNTIL, the zoom by which smaller names and tokens
tell more, and then gives way to them. No two labels of overlapping ranges overlap.

Priority is strict: a label is left out of a zoom only because its box hits that of one of higher
priority that shows there, or that will show further in, at the zoom at which that one appears.
Boxes keep their size on the screen while the map grows, so labels only move apart; tokens are
therefore thinned from the deepest zoom outwards, each zoom keeping a part of the one within.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import Progress, Work, silent, stage
from atlas.maps.names import COARSE_UNTIL, FINE_UNTIL, map_name
from atlas.maps.records import NEVER, NOISE, Clusters, Labels, Layout
from atlas.numeric.types import Floats
from atlas.spaces.records import KINDS, Selection, Vocabulary
from atlas.web.lettering import text_width

LEVELS = 22  # half-octaves: the last one shows the map 2^10.5 times as large


VIEW = 400.0  # width in pixels of the whole map at zoom 0: a phone's


TOKEN_PX, COARSE_PX, FINE_PX = 12.0, 15.0, 13.0


_PAD = 6.0


_BOLD = 1.08  # names are bold, and bold letters wider


# Pairs of boxes looked at together, at most; bounds the memory where many tokens lie at one place.
_PAIRS = 4_000_000


Array = npt.NDArray[np.float64]


Rows = npt.NDArray[np.intp]


@stage("label", version=3, weight=2)
def label(
    layout: Layout,
    clusters: Clusters,
    vocabulary: Vocabulary,
    selection: Selection,
    *,
    work: Work = Work(),
) -> Labels:
    """The zoom of every token's label and of every cluster's name on a layout.

    Names of coarse clusters come first, largest first, then fine ones, then tokens: words,
    continuations, the rest, each in id order, which in WordPiece vocabularies is falling frequency.
    """
    texts = [vocabulary.texts[token] for token in selection.ids.tolist()]
    kinds = np.array(
        [KINDS.index(vocabulary.kinds[token]) for token in selection.ids.tolist()], np.int8
    )
    is_fine = np.array([entry["level"] == "fine" for entry in clusters.entries], bool)
    sizes = np.where(is_fine, FINE_PX, COARSE_PX)
    names = [
        map_name(entry["level"], [texts[row] for row in entry["central"]])
        for entry in clusters.entries
    ]
    widths = [
        text_width(name, size) * _BOLD for name, size in zip(names, sizes.tolist(), strict=True)
    ]
    anchors = _anchors(layout.xy, clusters)

    low = layout.xy.min(axis=0, initial=np.inf).astype(np.float64)
    xy = layout.xy - low
    scales = VIEW / (float(xy.max(initial=0.0)) or 1.0) * 2 ** (np.arange(LEVELS) / 2)
    places, boxes = anchors - low, halves(widths, sizes)
    until = np.where(is_fine, FINE_UNTIL, COARSE_UNTIL)
    by_size = np.lexsort(([-entry["size"] for entry in clusters.entries], is_fine))
    cluster_zooms = place_names(places, boxes, until, by_size, scales)

    token_boxes = halves(
        [text_width(text, TOKEN_PX) for text in texts], np.full(len(texts), TOKEN_PX)
    )
    work.progress(0.1)
    first = make_room(xy, token_boxes, places, boxes, cluster_zooms, until, scales)
    order = np.lexsort((np.arange(len(texts)), np.minimum(kinds, 2)))
    zooms = place_tokens(
        xy, token_boxes, first, order, scales, lambda done: work.progress(0.1 + 0.9 * done)
    )
    return Labels(zooms, cluster_zooms, anchors)


def halves(widths: Sequence[float], sizes: Array) -> Array:
    """Half the width and height (n, 2), in pixels, of boxes around texts of given widths and font
    sizes, with room about them."""
    return np.stack(
        [(np.asarray(widths, np.float64) + _PAD) / 2, (sizes * 1.25 + _PAD / 2) / 2], axis=1
    ).reshape(-1, 2)


def _anchors(xy: Floats, clusters: Clusters) -> Floats:
    """Where each cluster's name stands: at the point of the cluster that is nearest to the median
    of its denser half.

    That is inside the cluster, not moved by strays, and on a projection that tears the cluster
    apart in its larger piece.
    """
    anchors = np.zeros((len(clusters.entries), 2), np.float32)
    for level, keys in (("coarse", clusters.coarse), ("fine", clusters.fine)):
        order = np.argsort(keys, kind="stable")
        bounds = np.searchsorted(keys[order], np.arange(int(keys.max(initial=NOISE)) + 2))
        for number, entry in enumerate(clusters.entries):
            if entry["level"] == level:
                points = xy[order[bounds[entry["key"]] : bounds[entry["key"] + 1]]]
                for _ in range(3):  # each time about the half that is nearer to the median
                    gap = ((points - np.median(points, axis=0)) ** 2).sum(axis=1)
                    points = points[np.argsort(gap, kind="stable")[: (len(points) + 1) // 2]]
                anchors[number] = points[0]
    return anchors


def _apart(gaps: Array, reach: Array, scales: Array) -> npt.NDArray[np.intp]:
    """The first zoom at which boxes no longer overlap whose centres are `gaps` (…, 2) apart and
    whose halves sum to `reach`."""
    with np.errstate(divide="ignore"):
        needed: Array = (reach / np.abs(gaps)).min(axis=-1)
    return np.searchsorted(scales, needed)


def place_names(
    places: Array, boxes: Array, until: Rows, order: Rows, scales: Array
) -> npt.NDArray[np.uint8]:
    """The zoom at which each name appears, if it finds room before its last zoom `until`; names
    earlier in `order` go first."""
    zooms = np.full(len(places), NEVER, np.uint8)
    for position, row in enumerate(order.tolist()):
        above = order[:position]
        above = above[zooms[above] != NEVER]
        apart = _apart(places[above] - places[row], boxes[above] + boxes[row], scales)
        waits = np.minimum(apart, until[above] + 1)[apart > zooms[above]]
        zoom = int(waits.max(initial=0))
        if zoom <= until[row]:
            zooms[row] = zoom
    return zooms


def make_room(
    points: Array,
    boxes: Array,
    names: Array,
    name_boxes: Array,
    name_zooms: npt.NDArray[np.uint8],
    until: Rows,
    scales: Array,
) -> Rows:
    """The first zoom of each token (n,) at which no name is or will be in its way."""
    first = np.zeros(len(points), np.intp)
    order = np.argsort(points[:, 0], kind="stable")
    across, widest = points[order, 0], float(boxes[:, 0].max(initial=0.0))
    for row in np.flatnonzero(name_zooms != NEVER).tolist():
        zoom = int(name_zooms[row])
        far = (name_boxes[row, 0] + widest) / scales[zoom]
        near = order[slice(*np.searchsorted(across, [names[row, 0] - far, names[row, 0] + far]))]
        apart = _apart(points[near] - names[row], boxes[near] + name_boxes[row], scales)
        waits = np.where(apart > zoom, np.minimum(apart, until[row] + 1), 0)
        first[near] = np.maximum(first[near], waits)
    return first


def place_tokens(
    points: Array,
    boxes: Array,
    first: Rows,
    order: Rows,
    scales: Array,
    progress: Progress = silent,
) -> npt.NDArray[np.uint8]:
    """The zoom at which each token's label appears, not before `first`; tokens earlier in `order`
    go before others."""
    zooms = np.full(len(points), NEVER, np.uint8)
    left = order
    for zoom in range(len(scales) - 1, -1, -1):
        left = left[first[left] <= zoom]
        left = left[_kept(points[left] * scales[zoom], boxes[left])]
        zooms[left] = zoom
        progress(1 - zoom / len(scales))
    return zooms


def _kept(centres: Array, boxes: Array) -> npt.NDArray[np.bool_]:
    """Which boxes stay if, one after the other, each does that hits none that stayed."""
    n = len(centres)
    kept = np.ones(n, bool)
    pairs = _meeting(centres, boxes, centres, boxes) if n > 1 else None
    if pairs is None and n > 1:
        # Too many to look at together: the first half, then what it leaves room for.
        half = n // 2
        kept[:half] = _kept(centres[:half], boxes[:half])
        rest = half + np.flatnonzero(
            ~_hit(
                centres[half:], boxes[half:], centres[:half][kept[:half]], boxes[:half][kept[:half]]
            )
        )
        kept[half:] = False
        kept[rest] = _kept(centres[rest], boxes[rest])
    elif pairs is not None:
        high, low = np.minimum(*pairs), np.maximum(*pairs)
        high, low = high[high != low], low[high != low]
        while len(high):  # a box that none undecided goes before stays, and drops those it hits
            waiting = np.zeros(n, bool)
            waiting[low] = True
            kept[low[~waiting[high]]] = False
            open_ = kept[high] & kept[low]
            high, low = high[open_], low[open_]
    return kept


def _hit(centres: Array, boxes: Array, others: Array, other_boxes: Array) -> npt.NDArray[np.bool_]:
    """Which boxes hit any of the others."""
    hit = np.zeros(len(centres), bool)
    if len(centres) > 1 and len(others):
        left = _meeting(centres, boxes, others, other_boxes)
        right = _meeting(others, other_boxes, centres, boxes)
        if left is None or right is None:
            half = len(centres) // 2
            return np.concatenate(
                [
                    _hit(centres[part], boxes[part], others, other_boxes)
                    for part in (slice(half), slice(half, None))
                ]
            )
        hit[left[0]] = True
        hit[right[1]] = True
    elif len(centres) and len(others):
        hit[0] = bool((np.abs(others - centres) < other_boxes + boxes).all(axis=1).any())
    return hit


def _meeting(a: Array, a_boxes: Array, b: Array, b_boxes: Array) -> tuple[Rows, Rows] | None:
    """Pairs (row of a, row of b) of boxes that overlap, the left edge of a's being no further
    right. None if too many to tell.

    Boxes lie in strips as high as the highest of them, sorted by their left edges; those that meet
    are in the same strip or in ones next to each other.
    """
    strip = 2 * max(float(a_boxes[:, 1].max()), float(b_boxes[:, 1].max()))
    a_left, b_left = a[:, 0] - a_boxes[:, 0], b[:, 0] - b_boxes[:, 0]
    low = min(float(a_left.min()), float(b_left.min()))
    width = (
        max(float((a[:, 0] + a_boxes[:, 0]).max()), float((b[:, 0] + b_boxes[:, 0]).max()))
        - low
        + 1
    )
    keys = np.floor(b[:, 1] / strip) * width + (b_left - low)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    base = np.floor(a[:, 1] / strip) * width + (a_left - low)
    starts, counts = [], []
    for step in (-width, 0.0, width):
        start = np.searchsorted(keys, base + step)
        starts.append(start)
        counts.append(np.searchsorted(keys, base + step + 2 * a_boxes[:, 0] + 1e-3) - start)
    count = np.concatenate(counts)
    total = int(count.sum())
    if total > _PAIRS and len(a) > 1:
        return None
    left = np.repeat(np.tile(np.arange(len(a)), 3), count)
    ends = np.cumsum(count)
    right = order[np.repeat(np.concatenate(starts) - ends + count, count) + np.arange(total)]
    meet = (np.abs(a[left] - b[right]) < a_boxes[left] + b_boxes[right]).all(axis=1)
    return left[meet], right[meet]
