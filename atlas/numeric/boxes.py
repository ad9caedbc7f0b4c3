"""Boxes of fixed size around points of a plane that grows: which may be shown from which zoom on,
so that none hits another.

Places are in units of the plane, boxes (n, 2) halves of widths and heights in pixels, and scales
(z,) the pixels a unit takes at each zoom, ascending.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atlas.numeric.types import Bytes, Doubles, Progress, silent

NEVER = 255  # a box that is not shown at any zoom

_PAD = 6.0  # pixels of room about a text
# Pairs of boxes looked at together, at most; bounds the memory where many lie at one place.
_PAIRS = 4_000_000

Rows = npt.NDArray[np.intp]


def halves(widths: Sequence[float], sizes: Doubles) -> Doubles:
    """Half the width and height (n, 2), in pixels, of boxes around texts of given widths and font
    sizes, with room about them."""
    return np.stack(
        [(np.asarray(widths, np.float64) + _PAD) / 2, (sizes * 1.25 + _PAD / 2) / 2], axis=1
    ).reshape(-1, 2)


def _apart(gaps: Doubles, reach: Doubles, scales: Doubles) -> Rows:
    """The first zoom at which boxes no longer overlap whose centres are `gaps` (…, 2) apart and
    whose halves sum to `reach`."""
    with np.errstate(divide="ignore"):
        needed: Doubles = (reach / np.abs(gaps)).min(axis=-1)
    return np.searchsorted(scales, needed)


def place_names(
    places: Doubles, boxes: Doubles, until: Rows, order: Rows, scales: Doubles
) -> Bytes:
    """The zoom (n,) at which each name at places (n, 2) appears, NEVER where it finds no room
    before its last zoom `until` (n,); names earlier in `order` (m,) go first, those not in it are
    never shown."""
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
    points: Doubles,
    boxes: Doubles,
    names: Doubles,
    name_boxes: Doubles,
    name_zooms: Bytes,
    until: Rows,
    scales: Doubles,
) -> Rows:
    """The first zoom of each of the points (n, 2), (n,), at which no name (m, 2) is or will be in
    its way; a name shows from `name_zooms` (m,) to `until` (m,)."""
    first = np.zeros(len(points), np.intp)
    order = np.argsort(points[:, 0], kind="stable")
    across, most = points[order, 0], boxes.max(axis=0, initial=0.0)
    for row in np.flatnonzero(name_zooms != NEVER).tolist():
        zoom = int(name_zooms[row])
        far = (name_boxes[row] + most) / scales[zoom]
        x, y = names[row]
        near = order[slice(*np.searchsorted(across, [x - far[0], x + far[0]]))]
        near = near[np.abs(points[near, 1] - y) <= far[1]]
        apart = _apart(points[near] - names[row], boxes[near] + name_boxes[row], scales)
        waits = np.where(apart > zoom, np.minimum(apart, until[row] + 1), 0)
        first[near] = np.maximum(first[near], waits)
    return first


def place_tokens(
    points: Doubles,
    boxes: Doubles,
    first: Rows,
    order: Rows,
    scales: Doubles,
    progress: Progress = silent,
) -> Bytes:
    """The zoom (n,) at which the label of each of the points (n, 2) appears, not before `first`
    (n,), or NEVER; those earlier in `order` (n,) go before others."""
    zooms = np.full(len(points), NEVER, np.uint8)
    left = order
    for zoom in range(len(scales) - 1, -1, -1):
        left = left[first[left] <= zoom]
        left = left[_kept(points[left] * scales[zoom], boxes[left])]
        zooms[left] = zoom
        progress(1 - zoom / len(scales))
    return zooms


def _kept(centres: Doubles, boxes: Doubles) -> npt.NDArray[np.bool_]:
    """Which boxes (n,) stay if, one after the other, each does that hits none that stayed."""
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


def _hit(
    centres: Doubles, boxes: Doubles, others: Doubles, other_boxes: Doubles
) -> npt.NDArray[np.bool_]:
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


def _meeting(
    a: Doubles, a_boxes: Doubles, b: Doubles, b_boxes: Doubles
) -> tuple[Rows, Rows] | None:
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
