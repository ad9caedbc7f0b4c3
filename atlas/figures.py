"""Pictures: the poster of a map, and the drawing of one cluster. They are what a reader sees first, and without JavaScript all
there is to see."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from atlas.dataset import Dataset
from atlas.payload import ASPECT, colours, layout, view
from atlas.stages.label import text_width

# Twelve colours that differ in lightness as well as in hue, after Okabe & Ito 2008, to be told apart on white and on black.
PALETTE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f6bc9", "#b5504b", "#7a9a01", "#2a9d9d", "#a6761d", "#e377c2",
)  # fmt: skip
NOISE_COLOUR = "#8e959d"
MOST_DOTS = 300_000  # on a poster
NEVER = 255  # the zoom at which a name never shows

Array = npt.NDArray[Any]


def posters(data: Dataset, projection: str, widths: Sequence[int], chosen: dict[int, int] | None = None) -> list[bytes]:
    """Transparent WebP pictures of all tokens in their coarse cluster's colour, so many pixels wide; for light and dark pages."""
    return [_webp(image) for image in dots(data, projection, widths, chosen)]


def dots(data: Dataset, projection: str, widths: Sequence[int], chosen: dict[int, int] | None = None) -> list[Image.Image]:
    """All tokens as dots in their coarse cluster's colour on nothing (RGBA), so many pixels wide.

    Drawn at twice the largest size and reduced, so that dots are smooth; where dots overlap they grow denser, not larger.
    """
    big_w, big_h = max(widths) * 2, round(max(widths) * ASPECT) * 2
    unit = view(data, projection).unit(layout(data, projection))
    inside = (unit[:, 0] > 0) & (unit[:, 0] < 1) & (unit[:, 1] > 0) & (unit[:, 1] < ASPECT)
    unit, keys = unit[inside], data.column("cluster_coarse")[inside]
    if len(unit) > MOST_DOTS:  # more would not be seen
        drawn = np.random.default_rng(0).choice(len(unit), MOST_DOTS, replace=False)
        unit, keys = unit[drawn], keys[drawn]
    columns = np.clip((unit[:, 0] * big_w).astype(int), 2, big_w - 3)
    rows = np.clip(((ASPECT - unit[:, 1]) * big_w).astype(int), 2, big_h - 3)
    chosen = colours(data, len(PALETTE)) if chosen is None else chosen
    table = np.array([_rgb(colour) for colour in (*PALETTE, NOISE_COLOUR)], np.float64)
    index = np.array([chosen.get(int(key), len(PALETTE)) for key in keys])
    weight = np.zeros(big_h * big_w)
    mixed = np.zeros((big_h * big_w, 3))
    dense = max(len(unit) / 20_000, 0.2)
    strength = np.where(index == len(PALETTE), 0.45, 1.3) / dense**0.2
    for down in range(-2, 3):
        for right in range(-2, 3):
            part = strength * max(1.25 - 0.42 * float(np.hypot(down, right)), 0)
            if part.any():
                place = (rows + down) * big_w + columns + right
                np.add.at(weight, place, part)
                np.add.at(mixed, place, part[:, None] * table[index])
    filled = np.flatnonzero(weight)
    image = np.zeros((big_h * big_w, 4), np.uint8)
    image[filled, :3] = (mixed[filled] / weight[filled, None]).round().clip(0, 255)
    image[filled, 3] = ((1 - np.exp(-1.3 * weight[filled])) * 255).round()
    whole = Image.fromarray(image.reshape(big_h, big_w, 4)).convert("RGBa")
    return [whole.resize((width, round(width * ASPECT)), Image.Resampling.BOX).convert("RGBA") for width in widths]


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=78, alpha_quality=80, method=2)
    return out.getvalue()


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@dataclass(frozen=True)
class Name:
    """A name on a poster, placed in percent of its width and height."""

    text: str
    slug: str
    x: float
    y: float


def poster_names(data: Dataset, projection: str, most: int = 16) -> list[Name]:
    """The names of the largest coarse clusters that do not overlap on a poster about 900 pixels wide."""
    frame = view(data, projection)
    taken: list[tuple[float, float, float]] = []
    names = []
    for cluster in (one for one in data.about.clusters if one.level == "coarse" and one.zooms[projection] < NEVER):
        x, y = frame.unit(np.array([cluster.anchors[projection]]))[0].tolist()
        short = cluster.name.split(" · ")[0]
        half = text_width(short, 15) / 1800 + 0.006
        if any(abs(x - other) < half + other_half and abs(y - up) < 0.033 for other, up, other_half in taken):
            continue
        if not half < x < 1 - half:
            continue
        taken.append((x, y, half))
        names.append(Name(short, cluster.slug, round(100 * x, 2), round(100 * (1 - y / ASPECT), 2)))
        if len(names) == most:
            break
    return names


def highlight(unit: Array, most: int = 1500) -> str:
    """An SVG path of dots, for points (n, 2) in units of the frame on a 1200-wide picture; thinned evenly above `most`."""
    if len(unit) > most:
        unit = unit[np.linspace(0, len(unit) - 1, most).astype(int)]
    places = np.stack([unit[:, 0] * 1200, (ASPECT - unit[:, 1]) * 1200], axis=1).round().astype(int)
    return "".join(f"M{x} {y}h0" for x, y in np.unique(places, axis=0).tolist())


@dataclass(frozen=True)
class CloseUp:
    """A cluster seen from near: dots as a path, and the tokens that fit, as text, in an 800 by 480 picture."""

    dots: str
    words: list[tuple[str, float, float, int]]


def close_up(xy: Array, texts: list[str], ids: Array, order: Array, wide: int = 800, high: int = 480, most: int = 60) -> CloseUp:
    """Points (n, 2) of a cluster fitted into a picture; tokens are written in the order given where they overlap no other."""
    low, high_end = np.quantile(xy, 0.02, axis=0), np.quantile(xy, 0.98, axis=0)
    span = np.maximum(high_end - low, 1e-6)
    scale = min((wide - 140) / span[0], (high - 50) / span[1])
    middle = (low + high_end) / 2
    x = wide / 2 + (xy[:, 0] - middle[0]) * scale
    y = high / 2 - (xy[:, 1] - middle[1]) * scale
    inside = (x > 4) & (x < wide - 4) & (y > 4) & (y < high - 4)
    dots = "".join(f"M{round(a)} {round(b)}h0" for a, b in zip(x[inside], y[inside], strict=True))
    placed: list[tuple[float, float, float]] = []
    words: list[tuple[str, float, float, int]] = []
    for row in order.tolist():
        half = text_width(texts[row], 15) / 2 + 5
        if not (half < x[row] < wide - half and 14 < y[row] < high - 10):
            continue
        if any(abs(x[row] - a) < half + h and abs(y[row] - b) < 19 for a, b, h in placed):
            continue
        placed.append((x[row], y[row], half))
        words.append((texts[row], round(float(x[row]), 1), round(float(y[row]) + 5, 1), int(ids[row])))
        if len(words) == most:
            break
    return CloseUp(dots, words)
