"""Layouts that fill a frame: emptiness drawn in, dense places widened, and what is near kept near.

A layout puts half of its points in a few percent of a picture. A cartogram evens their density by a
flow (Gastner, Seguy & More 2018, "Fast flow-based algorithm for creating density-equalizing map
projections"), here on points in place of borders, and no further than is asked. It stretches, so
that each point's surroundings then take again the shape that they had, turned and scaled as the
flow left them (as Sorkine & Alexa 2007, "As-rigid-as-possible surface modeling", with similarities
in place of rotations): islands move whole, and the gaps between them give way. Of some ways to do
so the one that fills most is taken, as long as it keeps as many true neighbors as the layout did.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from atlas.numeric.plane import nearest, shared
from atlas.numeric.types import Array, Doubles, Facts, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

VERSION = 4  # raised when a result changes; the stages that use it follow

# The share of the frame that is to hold half of the points: more would make all places alike.
GOAL = 0.2
FEWEST = 60  # points that a flow can be made of

_HIGH = 256  # cells of the flow's grid, upwards
_ROWS, _HELD = 32, 4  # rows of the grid that GOAL counts, at most, and points in a cell, at least
_GAP = 0.02  # of the width of nine tenths of the points: the widest empty strip that is left
_MARGIN = 0.04  # of the frame on each side, as far as which a layout is stretched
_STRAY = 0.002  # points on each side that do not decide the fit
_WIDEST, _NARROWEST, _NARROWER = 16.0, 5.0, 0.75  # the flow's blur, in cells, at each pass
_FLOOR = 1.0  # the density of emptiness over the mean, which keeps a part of it
_PASSES, _STEPS = 6, 16
_NEAR = 15  # surroundings of a point
_ROUNDS, _SOLVING = 4, 15
_DRAWN = 0.3  # of the way to the middle of a point's true neighbors, at each round
_REACH = 1.25  # the farthest of them, in distances of the farthest of as many on the plane


class _Way(NamedTuple):
    """How far a layout goes to fill a frame: how often it flows and takes its shapes again; how
    much longer it may become first, along an axis; the narrowest blur, in mean distances of points;
    and how much a point keeps to its place, over how much to its surroundings."""

    turns: int
    stretch: float
    spacings: float
    hold: float


_GENTLE = _Way(1, 1.0, 5.0, 0.1)
_WAYS = (_Way(2, 1.35, 3.0, 0.5), _Way(2, 1.35, 5.0, 0.3), _GENTLE)  # the boldest first
_LAST = _Way(1, 1.35, 14.0, 0.5)  # fills less, and is taken where it alone keeps as many neighbors


class Box(NamedTuple):
    """A frame in cells of the flow's grid."""

    wide: int
    high: int


def box(aspect: float) -> Box:
    """The grid of a frame whose height over its width is `aspect`."""
    return Box(2 * round(_HIGH / aspect / 2), _HIGH)


def crowding(points: Doubles, wide: float, high: float) -> float:
    """The share of a frame's area that holds the half of the points (n, 2) where they are densest,
    over square cells; 0..1.

    The cells are a 32nd of the frame's height, or larger, so that they hold four points on the
    mean.
    """
    n = len(points)
    rows = max(min(_ROWS, int(np.sqrt(n / _HELD * high / wide))), 1)
    columns = max(round(rows * wide / high), 1)
    across = np.clip((points[:, 0] / wide * columns).astype(np.int64), 0, columns - 1)
    up = np.clip((points[:, 1] / high * rows).astype(np.int64), 0, rows - 1)
    counts = np.sort(np.bincount(up * columns + across, minlength=rows * columns))[::-1]
    return int(np.searchsorted(np.cumsum(counts), n / 2) + 1) / (rows * columns)


def closed(xy: Doubles) -> Doubles:
    """The points (n, 2) with empty strips across the whole layout narrowed, those between far
    islands and before strays; their order along both axes stays."""
    drawn = np.empty_like(xy)
    for axis in (0, 1):
        order = np.argsort(xy[:, axis], kind="stable")
        along = xy[order, axis]
        low, high = np.quantile(along, [0.05, 0.95])
        most = (high - low) * _GAP or np.inf
        steps = np.minimum(np.diff(along), most)
        drawn[order, axis] = np.concatenate([[0.0], np.cumsum(steps)])
    return drawn


def fitted(xy: Doubles, frame: Box, outside: float = _STRAY, margin: float = 0.06) -> Doubles:
    """The points (n, 2) as large as a frame allows, all of them inside: those beyond the share
    `outside` on each side are drawn into its margin."""
    size = np.array([frame.wide, frame.high], np.float64)
    low, high = np.quantile(xy, [outside, 1 - outside], axis=0)
    extent = np.maximum(high - low, 1e-9 * (float(np.abs(xy).max()) or 1.0))
    away = (xy - (low + high) / 2) * float((size * (1 - 2 * margin) / extent).min())
    edge, last = size / 2 * (1 - margin), size / 2 * (1 - margin / 4)
    far = np.abs(away)
    beyond = edge + (last - edge) * -np.expm1(-np.maximum(far - edge, 0) / (last - edge))
    return np.asarray(np.sign(away) * np.where(far > edge, beyond, far) + size / 2)


def stretched(points: Doubles, frame: Box, most: float) -> Doubles:
    """The points (n, 2) of a frame, drawn out to its edges along both axes, to so much at most."""
    size = np.array([frame.wide, frame.high], np.float64)
    low, high = np.quantile(points, [_STRAY, 1 - _STRAY], axis=0)
    longer = size * (1 - 2 * _MARGIN) / np.maximum(high - low, 1e-9 * float(size.max()))
    places = (points - (low + high) / 2) * np.clip(longer, 1, most) + size / 2
    return np.asarray(np.clip(places, 0, size))


class _Flow:
    """The flow that evens the density of points in a frame: at time 1 it is the same everywhere."""

    def __init__(self, points: Doubles, frame: Box, blur: float) -> None:
        from scipy.fft import dctn, idctn

        wide, high = self.frame = frame
        cells = np.minimum(points.astype(np.int64), [wide - 1, high - 1])
        counts = np.bincount(cells[:, 1] * wide + cells[:, 0], minlength=high * wide)
        right, up = np.pi * np.arange(wide) / wide, np.pi * np.arange(high)[:, None] / high
        waves = dctn(counts.reshape(high, wide).astype(np.float64))
        waves *= np.exp(-0.5 * blur**2 * (right**2 + up**2))
        density = np.maximum(idctn(waves), 0) / (len(points) / (high * wide)) + _FLOOR
        self.density = density / density.mean()
        # The potential whose divergence is what each cell has too much.
        bend = 2 * (np.cos(right) - 1) + 2 * (np.cos(up) - 1)
        bend[0, 0] = 1.0
        waves = dctn(self.density) / bend
        waves[0, 0] = 0.0
        potential = idctn(waves)
        self.right = np.zeros((high, wide + 1))
        self.right[:, 1:-1] = np.diff(potential, axis=1)
        self.up = np.zeros((high + 1, wide))
        self.up[1:-1] = np.diff(potential, axis=0)

    def speed(self, points: Doubles, time: float) -> Doubles:
        """The speed (n, 2) at points (n, 2)."""
        x, y = points.T
        across, up = between(x - 0.5, self.frame.wide), between(y - 0.5, self.frame.high)
        density = (1 - time) * at(self.density, up, across) + time
        right = at(self.right, up, between(x, self.frame.wide + 1))
        rising = at(self.up, between(y, self.frame.high + 1), across)
        return np.stack([right, rising], axis=1) / density[:, None]

    def step(self, points: Doubles, time: float, length: float) -> Doubles:
        """The points (n, 2) a step later (the midpoint method)."""
        half = self.inside(points + self.speed(points, time) * (length / 2))
        return self.inside(points + self.speed(half, time + length / 2) * length)

    def inside(self, points: Doubles) -> Doubles:
        """The points (n, 2), none beyond the frame."""
        return np.clip(points, 0, np.array(self.frame, np.float64))


class Between(NamedTuple):
    """For places (n,) along an axis the knots before and after them, and how much each counts."""

    before: npt.NDArray[np.intp]
    after: npt.NDArray[np.intp]
    near: Doubles
    far: Doubles


def between(places: Doubles, length: int) -> Between:
    """The surroundings of places (n,) on an axis of so many knots; beyond it is as at its end."""
    floor = np.floor(places)
    before, near = floor.astype(np.intp), 1 - (places - floor)
    last = length - 1
    return Between(np.clip(before, 0, last), np.clip(before + 1, 0, last), near, 1 - near)


def at(field: Doubles, up: Between, across: Between) -> Doubles:
    """The values (n,) of a field, linear between its knots: what scipy.ndimage's map_coordinates
    gives with order 1 and mode "nearest", in a third of its time."""
    flat, wide = field.ravel(), field.shape[1]
    low, high = up.before * wide, up.after * wide
    return np.asarray(
        flat[low + across.before] * up.near * across.near
        + flat[low + across.after] * up.near * across.far
        + flat[high + across.before] * up.far * across.near
        + flat[high + across.after] * up.far * across.far
    )


def evened(points: Doubles, frame: Box, goal: float, spacings: float = _GENTLE.spacings) -> Doubles:
    """The points (n, 2) of a frame, flown apart until the densest half of them takes the share
    `goal` of it, or as near to that as a flow that is smooth between neighboring points comes."""
    spacing = np.sqrt(0.6 * frame.wide * frame.high / len(points))
    narrowest = max(_NARROWEST, spacings * float(spacing))
    blur = max(_WIDEST, narrowest)
    for _ in range(_PASSES):
        flow = _Flow(points, frame, blur)
        for step in range(_STEPS):
            if crowding(points, *frame) >= goal:
                return points
            points = flow.step(points, step / _STEPS, 1 / _STEPS)
        blur = max(blur * _NARROWER, narrowest)
    return points


class _Edges(NamedTuple):
    """The surroundings of points on a plane: the rows (n, k) of each one's nearest, the ways to
    them (n, k) as complex numbers, and how much each point's count (n,)."""

    near: npt.NDArray[np.intp]
    ways: npt.NDArray[np.complex128]
    weights: Doubles


def reshaped(
    before: Doubles, after: Doubles, threads: int = 1, hold: float = _GENTLE.hold
) -> Doubles:
    """Points (n, 2) near `after` whose surroundings have the shape that they have `before`, each
    turned and scaled as it likes."""
    from scipy.spatial import cKDTree

    n, k = len(before), min(_NEAR, len(before) - 1)
    near = cKDTree(before).query(before, k=k + 1, workers=threads)[1][:, 1:]
    old, held = (xy[:, 0] + 1j * xy[:, 1] for xy in (before, after))
    spread = (np.abs(held[near] - held[:, None]) ** 2).mean(axis=1)
    # Errors count by how large they are beside a point's surroundings.
    least = max(float(np.median(spread)) * 1e-3, 1e-12)
    edges = _Edges(near, old[near] - old[:, None], 1 / np.maximum(spread, least) / k)
    matrix, holds = _stiffness(edges), hold * edges.weights
    total = matrix.diagonal() + holds
    now = np.asarray(held, np.complex128)
    for _ in range(_ROUNDS):
        asked = holds * held + _asked(edges, now)
        now = _solved(matrix, holds, total, asked, now)
    return np.stack([now.real, now.imag], axis=1).reshape(n, 2)


def _stiffness(edges: _Edges) -> csr_array:
    """The Laplacian (n, n) of the edges, both ways."""
    from scipy.sparse import csr_array, diags_array

    n, k = edges.near.shape
    rows, weights = np.repeat(np.arange(n), k), np.repeat(edges.weights, k)
    one_way = csr_array((weights, (rows, edges.near.ravel())), shape=(n, n))
    both = one_way + one_way.T
    return csr_array(diags_array(np.asarray(both.sum(axis=1)).ravel()) - both)


def _asked(edges: _Edges, now: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """The right side (n,) of the equations for places whose surroundings are the old ones, by the
    similarities that suit the places `now` (n,) best."""
    near, ways, weights = edges
    length = np.maximum((np.abs(ways) ** 2).sum(axis=1), 1e-300)
    turn = (ways.conj() * (now[near] - now[:, None])).sum(axis=1) / length
    pull = (weights * turn)[:, None] * ways
    there, n = near.ravel(), len(now)
    back = np.bincount(there, pull.real.ravel(), n) + 1j * np.bincount(there, pull.imag.ravel(), n)
    return np.asarray(back - pull.sum(axis=1), np.complex128)


def _solved(
    matrix: csr_array, hold: Doubles, total: Doubles, asked: Array, start: Array
) -> npt.NDArray[np.complex128]:
    """Places (n,) near the solution of (matrix + hold) places = asked, by conjugate gradients."""

    def product(one: Array, other: Array) -> float:
        # Not a BLAS product: that would round differently by the number of threads.
        return float((one.real * other.real + one.imag * other.imag).sum())

    def pulled(places: Array) -> Array:
        # As pairs: of complex numbers SciPy would make the matrix complex at each product.
        pairs = np.ascontiguousarray(places).view(np.float64).reshape(-1, 2)
        return np.asarray((matrix @ pairs).view(np.complex128)[:, 0] + hold * places)

    places = start
    left = asked - pulled(places)
    way = eased = left / total
    size = product(left, eased)
    for _ in range(_SOLVING):
        pushed = pulled(way)
        stretch = product(way, pushed)
        if stretch <= 0 or size <= 0:
            break
        places = places + size / stretch * way
        left = left - size / stretch * pushed
        eased = left / total
        size, before = product(left, eased), size
        way = eased + size / before * way
    return places


def drawn(points: Doubles, rows: Ints, threads: int = 1) -> Doubles:
    """The points (n, 2), each a little nearer to those of its true neighbors `rows` (n, k) that the
    plane has near it."""
    from scipy.spatial import cKDTree

    k = rows.shape[1]
    reach = _REACH * cKDTree(points).query(points, k=k + 1, workers=threads)[0][:, -1:]
    ways = points[rows] - points[:, None]
    near = (ways**2).sum(axis=2) < reach**2
    middle = (ways * near[:, :, None]).sum(axis=1) / np.maximum(near.sum(axis=1), 1)[:, None]
    return np.asarray(points + _DRAWN * middle)


def filled(xy: Floats, aspect: float, rows: Ints, threads: int = 1) -> tuple[Doubles, Facts]:
    """A layout (n, 2) whose points fill a frame of an aspect (height over width), in units of the
    frame's width from its lower left corner, and what is told of it: `filled`, the share of the
    frame that the densest half of the points takes, and `overlap_as_drawn`, the mean share of its
    true neighbors that a point had near it before.

    `rows` (n, k) are the true neighbors. There are FEWEST points at least.
    """
    frame = box(aspect)
    before = fitted(closed(np.asarray(xy, np.float64)), frame)
    least = overlapping(xy, rows, threads)
    ways = (_filled(before, frame, rows, way, threads) for way in _WAYS)
    best, kept = foremost(ways, least, rows, threads)
    if kept < least:
        last = _filled(before, frame, rows, _LAST, threads)
        if overlapping(last.astype(np.float32), rows, threads) >= least:
            best = last
    facts = {"filled": round(crowding(best, *frame), 4), "overlap_as_drawn": round(least, 6)}
    return best / frame.wide, facts


def foremost(
    tries: Iterable[Doubles], least: float, rows: Ints, threads: int
) -> tuple[Doubles, float]:
    """The first of some layouts (n, 2) whose overlap with the true neighbors `rows` (n, k) is
    `least` or more, else that of most, the first of equals; and its overlap."""
    best, most = np.zeros((0, 2)), -1.0
    for points in tries:
        overlap = overlapping(points.astype(np.float32), rows, threads)
        if overlap > most:
            best, most = points, overlap
        if overlap >= least:
            break
    return best, most


def _filled(before: Doubles, frame: Box, rows: Ints, way: _Way, threads: int) -> Doubles:
    """The points (n, 2) of a frame, filling it in a way."""
    points = before
    for _ in range(way.turns):
        flown = evened(stretched(points, frame, way.stretch), frame, GOAL, way.spacings)
        points = fitted(reshaped(before, flown, threads, way.hold), frame)
    return fitted(drawn(points, rows, threads), frame, _STRAY / 2, 0.02)


def overlapping(xy: Floats, rows: Ints, threads: int) -> float:
    """The mean share of the true neighbors (n, k) that are among as many nearest points (n, 2)."""
    k = rows.shape[1]
    return float(shared(rows, nearest(xy, k, threads)).mean()) / k if k else 0.0
