"""The picture of a map that link previews show: its dots, the names of its large clusters, and its
title, as a PNG.

Pillow brings a font with the letters of English. For others a font of the machine is taken, and
what none of them can write is left out: a preview tells the title beside its picture in any case.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from atlas.maps.data import Dataset
from atlas.maps.frame import ASPECT
from atlas.maps.posters import dots, poster_names
from atlas.web.palette import PALETTE

SIZE = (1200, 630)  # pixels; what Facebook, X, Slack and Hatena show whole
PAPER, INK, SOFT = "#fcfbf8", "#1d2329", "#5a646e"
# Fonts with Japanese letters of Debian, Fedora, macOS and Windows, then those with many scripts.
# Pillow finds them by their names.
FONTS = (
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJKjp-Bold.otf",
    "NotoSansCJK-Regular.ttc",
    "ヒラギノ角ゴシック W6.ttc",
    "YuGothB.ttc",
    "meiryob.ttc",
    "ipaexg.ttf",
    "ipag.ttf",
    "TakaoPGothic.ttf",
    "VL-Gothic-Regular.ttf",
    "DejaVuSans-Bold.ttf",
    "Arial Unicode.ttf",
    "segoeui.ttf",
)
MAP = 900  # pixels that the map takes, from the right
LEFT, COLUMN = 56, 290  # where words stand, and how wide they may be


def cards(
    data: Dataset, projection: str, titles: Mapping[str, tuple[str, str]]
) -> dict[str, bytes]:
    """PNG pictures of SIZE, one for each of `titles`: language → title of the map, title of the
    site."""
    width, height = SIZE
    (image,) = dots(data, projection, (MAP,))
    left, top = width - MAP, (height - image.height) // 2
    fade = np.clip(np.arange(MAP) / 130, 0, 1)  # towards the words
    alpha = Image.fromarray((np.asarray(image.getchannel("A")) * fade).astype(np.uint8))
    image.putalpha(alpha)
    ground = Image.new("RGBA", SIZE, PAPER)
    ground.alpha_composite(image, (left, top))
    pen = ImageDraw.Draw(ground)
    for name in poster_names(data, projection):
        font = font_for(name.text, 19)
        x, y = left + name.x / 100 * MAP, top + name.y / 100 * MAP * ASPECT
        if font is not None and x - font.getlength(name.text) / 2 > LEFT + COLUMN + 10:
            pen.text((x, y), name.text, INK, font, "mm", stroke_width=4, stroke_fill=PAPER)
    return {language: _titled(ground.copy(), *words) for language, words in titles.items()}


def _titled(image: Image.Image, title: str, site: str) -> bytes:
    pen = ImageDraw.Draw(image)
    for x, y, radius, colour in (
        (0, 8, 8, PALETTE[0]),
        (18, -8, 7, PALETTE[1]),
        (23, 13, 5, PALETTE[2]),
    ):  # the mark of the site
        pen.ellipse(
            (LEFT + 8 + x - radius, 76 + y - radius, LEFT + 8 + x + radius, 76 + y + radius), colour
        )
    small = font_for(site, 24)
    if small is not None:
        pen.text((LEFT + 50, 76), wrapped(site, small, COLUMN)[0], SOFT, small, "lm")
    for size in (48, 42, 36, 30, 24):
        font = font_for(title, size)
        if font is None:
            break
        lines = wrapped(title, font, COLUMN)
        if len(lines) * size * 1.25 > 380 and size > 24:
            continue
        weight = 1 if font.getname()[1] == "Regular" else 0  # Pillow's own font has no bold
        for number, line in enumerate(lines):
            place = (LEFT, 335 + (number - len(lines) / 2) * size * 1.25)
            pen.text(place, line, INK, font, "la", stroke_width=weight, stroke_fill=INK)
        break
    out = io.BytesIO()
    image.convert("RGB").quantize(160).save(out, "PNG", optimize=True)
    return out.getvalue()


def wrapped(text: str, font: Any, width: float) -> list[str]:
    """Lines of a text no wider than `width`: broken after spaces, in Japanese where hiragana end,
    and within words longer than a line."""
    lines = [""]
    for word in re.findall(r"[^ ぁ-ゖ]*[ ぁ-ゖー、。]+|[^ ぁ-ゖ]+", text):
        for piece in [word] if font.getlength(word.strip()) <= width else word:
            if lines[-1] and font.getlength((lines[-1] + piece).strip()) > width:
                lines.append("")
            lines[-1] += piece
    return [line.strip() for line in lines if line.strip()] or [""]


def font_for(text: str, size: int) -> Any | None:
    """The first font that has every sign of a text, or None."""
    for name in ("", *FONTS):
        font = _font(name, size)
        if font is not None and not any(_lacks(name, sign) for sign in set(text)):
            return font
    return None


@cache
def _font(name: str, size: int) -> Any | None:
    if not features.check("freetype2"):
        return None
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None


@cache
def _lacks(name: str, sign: str) -> bool:
    """Whether a font draws a sign as it draws what no font has."""
    font = _font(name, 24)
    assert font is not None  # asked only of fonts that are there
    drawn, missing = (font.getmask(one) for one in (sign, "\uffff"))
    return not sign.isspace() and drawn.size == missing.size and bytes(drawn) == bytes(missing)
