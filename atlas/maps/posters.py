"""The poster of a map, shown until the map is loaded and where JavaScript is off."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from atlas.maps.colours import colours
from atlas.maps.data import Dataset
from atlas.maps.frame import ASPECT, layout, view
from atlas.maps.names import short_name
from atlas.numeric.boxes import NEVER
from atlas.numeric.types import Array
from atlas.web.lettering import text_width
from atlas.web.palette import NOISE_COLOUR, PALETTE, rgb

MOST_DOTS = 300_000  # on a poster
# The wash below the dots, as the page's scene/wash.js makes it: cells across the frame, the blur in
# cells on each side, how many times, and the most that it covers.
_CELLS, _BLUR, _PASSES, _DEEP = 256, 2, 3, 0.34
_LETTERS = 26 / 1200  # the font's size over a poster's width, where it is largest but on phones
_BOLD = 1.08  # bold letters are wider


def posters(
    data: Dataset, projection: str, widths: Sequence[int], chosen: dict[int, int] | None = None
) -> list[bytes]:
    """Transparent WebP pictures of `dots`, of these widths in pixels, for light and dark pages.

    `chosen` are indices into PALETTE by key of coarse cluster; those of `colours` when left out.
    """
    return [_webp(image) for image in dots(data, projection, widths, chosen)]


def dots(
    data: Dataset, projection: str, widths: Sequence[int], chosen: dict[int, int] | None = None
) -> list[Image.Image]:
    """RGBA pictures, of these widths in pixels, of all tokens as dots in the colour of their coarse
    cluster.

    They are drawn at twice the largest width and reduced, so that dots are smooth. Those of no
    cluster are fainter. Below lies a wash of colour where clusters are dense.
    """
    big_w, big_h = max(widths) * 2, round(max(widths) * ASPECT) * 2
    unit = view(data, projection).unit(layout(data, projection))
    inside = (unit[:, 0] > 0) & (unit[:, 0] < 1) & (unit[:, 1] > 0) & (unit[:, 1] < ASPECT)
    unit, keys = unit[inside], data.column("cluster_coarse")[inside]
    if len(unit) > MOST_DOTS:  # more would not be visible
        drawn = np.random.default_rng(0).choice(len(unit), MOST_DOTS, replace=False)
        unit, keys = unit[drawn], keys[drawn]
    columns = np.clip((unit[:, 0] * big_w).astype(int), 2, big_w - 3)
    rows = np.clip(((ASPECT - unit[:, 1]) * big_w).astype(int), 2, big_h - 3)
    chosen = colours(data, len(PALETTE)) if chosen is None else chosen
    table = np.array([rgb(colour) for colour in (*PALETTE, NOISE_COLOUR)], np.float64)
    index = np.array([chosen.get(int(key), len(PALETTE)) for key in keys])
    weight = np.zeros(big_h * big_w)
    mixed = np.zeros((3, big_h * big_w))
    dense = max(len(unit) / 20_000, 0.2)
    strength = np.where(index == len(PALETTE), 0.3, 1.6) / dense**0.2
    for down in range(-2, 3):
        for right in range(-2, 3):
            part = strength * max(1.25 - 0.42 * float(np.hypot(down, right)), 0)
            if part.any():
                place = (rows + down) * big_w + columns + right
                np.add.at(weight, place, part)
                for channel, of in zip(mixed, table.T, strict=True):  # numpy is fast in one axis
                    np.add.at(channel, place, part * of[index])
    filled = np.flatnonzero(weight)
    image = np.zeros((big_h * big_w, 4), np.uint8)
    image[filled, :3] = (mixed[:, filled] / weight[filled]).T.round().clip(0, 255)
    image[filled, 3] = ((1 - np.exp(-1.3 * weight[filled])) * 255).round()
    whole = Image.fromarray(image.reshape(big_h, big_w, 4)).convert("RGBa")
    some = index < len(PALETTE)
    wash = _wash(unit[some], table[index[some]], len(unit))
    pictures = []
    for width in widths:
        size = (width, round(width * ASPECT))
        picture = wash.resize(size, Image.Resampling.BICUBIC)
        picture.alpha_composite(whole.resize(size, Image.Resampling.BOX).convert("RGBA"))
        pictures.append(picture)
    return pictures


def _wash(unit: Array, colours: Array, total: int) -> Image.Image:
    """An RGBA picture of soft colour where points (n, 2), in units of the frame and of colours
    (n, 3), are dense; they are some of so many on the map."""
    high = round(_CELLS * ASPECT)
    cells = np.clip((unit * _CELLS).astype(int), 0, [_CELLS - 1, high - 1])
    place = (high - 1 - cells[:, 1]) * _CELLS + cells[:, 0]
    planes = np.stack(
        [
            np.bincount(place, weight, high * _CELLS).reshape(high, _CELLS)
            for weight in (np.ones(len(unit)), *colours.T)
        ]
    )
    for axis in (1, 2) * _PASSES:  # means over a square about each cell
        planes = _mean(planes, axis)
    weight, parts = planes[0], planes[1:]
    usual = max(total, 1) / (_CELLS * high / (3 * ASPECT))
    some = weight > usual * 0.02
    image = np.zeros((high, _CELLS, 4), np.uint8)
    image[some, :3] = (parts[:, some] / weight[some]).T.clip(0, 255)
    image[some, 3] = 255 * _DEEP * -np.expm1(-weight[some] / usual)
    return Image.fromarray(image)


def _mean(planes: Array, axis: int) -> Array:
    """Means of planes over the cells within _BLUR along an axis; beyond the edge there is
    nothing."""
    length, wide = planes.shape[axis], 2 * _BLUR + 1
    room = [(_BLUR + 1, _BLUR) if number == axis else (0, 0) for number in range(planes.ndim)]
    sums = np.cumsum(np.pad(planes, room), axis=axis)
    return np.asarray(
        (sums.take(range(wide, wide + length), axis) - sums.take(range(length), axis)) / wide
    )


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    # 32 levels of opacity: 16 show bands in the wash, 56 weigh 15 % more and look the same
    picture.save(out, "WEBP", quality=66, alpha_quality=72, method=4)
    return out.getvalue()


@dataclass(frozen=True)
class Name:
    """A name on a poster; x and y are in percent of its width and height."""

    text: str
    slug: str
    x: float
    y: float


def poster_names(
    data: Dataset, projection: str, language: str = "en", most: int = 16
) -> list[Name]:
    """The names of up to `most` of the largest coarse clusters, in a language; they do not overlap
    where letters are _LETTERS high."""
    frame = view(data, projection)
    taken: list[tuple[float, float, float]] = []
    names = []
    for cluster in data.about.clusters:
        if cluster.level != "coarse" or cluster.zooms[projection] >= NEVER:
            continue
        x, y = frame.unit(np.array([cluster.anchors[projection]]))[0].tolist()
        short = short_name(cluster.called(language))
        half = text_width(short, _LETTERS) * _BOLD / 2 + 0.006
        overlaps = any(
            abs(x - other) < half + other_half and abs(y - up) < 0.033
            for other, up, other_half in taken
        )
        if overlaps or not half < x < 1 - half:
            continue
        taken.append((x, y, half))
        names.append(Name(short, cluster.slug, round(100 * x, 2), round(100 * (1 - y / ASPECT), 2)))
        if len(names) == most:
            break
    return names
