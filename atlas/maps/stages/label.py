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

The first view tells of what is many: of a large map no token has a label there, of any none that
is in no cluster, unless the map has no clusters. A cluster has no name on a layout that scatters
its tokens.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import Work, stage
from atlas.maps.names import COARSE_UNTIL, FINE_UNTIL, VIEW, map_name
from atlas.maps.records import Clusters, ClusterTitles, Labels, Layout
from atlas.numeric.boxes import halves, make_room, place_names, place_tokens
from atlas.numeric.density import NOISE
from atlas.numeric.types import Doubles, Floats
from atlas.spaces.records import KINDS, Selection, Vocabulary
from atlas.web.lettering import text_width

LEVELS = 22  # half-octaves: the last one shows the map 2^10.5 times as large


# As templates/maps/map/labels/hit.js draws them; a test compares them. Words that name coarse
# clusters grow from the least to the most with the root of what is in these; titles, which are
# longer, do not.
TOKEN_PX, FINE_PX, COARSE_PX = 12.0, 14.0, (15.0, 22.0)
# The zooms from which tokens of the largest maps may have labels, and tokens in no cluster of any
# map; the first view of a large screen is at 3.
TOKENS_FROM, ALONE_FROM = 4, 6
_FEW = 1000  # tokens of a map whose first view has room for those of some
# The least share of a cluster's own among the points nearest to its name, half as many as it has.
GATHERED = 1 / 3

_LANDMARK = "Punctuation and symbols"  # longer than most
_BOLD = 1.08  # names are bold, and bold letters wider


@stage("label", version=8, weight=0.7)
def label(
    layout: Layout,
    clusters: Clusters,
    titles: ClusterTitles,
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
    sizes = name_sizes(clusters, titles, is_fine)
    widths = _widths(clusters, titles, sizes.tolist())
    anchors = _anchors(layout.xy, clusters)

    low = layout.xy.min(axis=0, initial=np.inf).astype(np.float64)
    xy = layout.xy - low
    scales = VIEW / (float(xy.max(initial=0.0)) or 1.0) * 2 ** (np.arange(LEVELS) / 2)
    places, boxes = anchors - low, halves(widths, sizes)
    until = np.where(is_fine, FINE_UNTIL, COARSE_UNTIL)
    by_size = np.lexsort(([-entry["size"] for entry in clusters.entries], is_fine))
    by_size = by_size[_gathered(layout.xy, anchors, clusters)[by_size]]
    cluster_zooms = place_names(places, boxes, until, by_size, scales)

    token_boxes = halves(
        [text_width(text, TOKEN_PX) for text in texts], np.full(len(texts), TOKEN_PX)
    )
    work.progress(0.1)
    first = make_room(xy, token_boxes, places, boxes, cluster_zooms, until, scales)
    if clusters.entries:
        alone = (clusters.coarse == NOISE) & (clusters.fine == NOISE)
        first = np.maximum(first, np.where(alone, ALONE_FROM, tokens_from(len(texts))))
    order = np.lexsort((np.arange(len(texts)), np.minimum(kinds, 2)))
    zooms = place_tokens(
        xy, token_boxes, first, order, scales, lambda done: work.progress(0.1 + 0.9 * done)
    )
    return Labels(zooms, cluster_zooms, anchors)


def name_sizes(
    clusters: Clusters, titles: ClusterTitles, is_fine: npt.NDArray[np.bool_]
) -> Doubles:
    """The font sizes (c,), in pixels, of the names of clusters."""
    counts = np.array([entry["size"] for entry in clusters.entries], np.float64)
    shares = counts / max(counts[~is_fine].max(initial=0.0), 1.0)
    told = zip(titles.titles, titles.landmarks, strict=True)
    shares[[bool(title or landmark) for title, landmark in told]] = 0.0
    least, most = COARSE_PX
    coarse = np.floor(least + (most - least) * np.sqrt(np.minimum(shares, 1.0)) + 0.5)
    return np.where(is_fine, FINE_PX, coarse)


def tokens_from(count: int) -> int:
    """The zoom from which so many tokens may have labels beside names of clusters: where as many
    are in view as a map of few holds."""
    return min(max(round(math.log2(max(count, 1) / _FEW)), 0), TOKENS_FROM)


def _widths(clusters: Clusters, titles: ClusterTitles, sizes: list[float]) -> list[float]:
    """The widths in pixels of names of clusters on the map, of titles in the language in which they
    are widest. Of a landmark's title, which may change, it is that of a long one."""
    called = zip(clusters.entries, titles.titles, titles.landmarks, sizes, strict=True)
    return [
        max(
            text_width(map_name(entry["level"], name), size) * _BOLD
            for name in title.values() or (_LANDMARK if landmark else entry["name"],)
        )
        for entry, title, landmark, size in called
    ]


def _anchors(xy: Floats, clusters: Clusters) -> Floats:
    """Where each cluster's name stands (c, 2) on a layout (n, 2): at the point of the cluster that
    is nearest to the median of its denser half.

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


def _gathered(xy: Floats, anchors: Floats, clusters: Clusters) -> npt.NDArray[np.bool_]:
    """Which clusters (c,) a layout (n, 2) holds together about their anchors (c, 2)."""
    from scipy.spatial import cKDTree

    tree = cKDTree(xy)
    gathered = np.zeros(len(clusters.entries), bool)
    for number, entry in enumerate(clusters.entries):
        keys = clusters.coarse if entry["level"] == "coarse" else clusters.fine
        near = np.atleast_1d(tree.query(anchors[number], k=max(entry["size"] // 2, 1))[1])
        gathered[number] = float((keys[near] == entry["key"]).mean()) >= GATHERED
    return gathered
