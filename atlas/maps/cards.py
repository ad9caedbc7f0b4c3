"""The picture of a map for link previews: its dots, the names of its large clusters, and its title,
as a PNG.

Pillow includes a font with the letters of English. Other texts use a font of the machine. A text
that no font can write is left out, because previews show the title beside the picture as well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont, features
from PIL.ImageFont import FreeTypeFont

from atlas.maps.data import Dataset
from atlas.maps.frame import ASPECT
from atlas.maps.posters import Name, dots, poster_names
from atlas.web.palette import PALETTE

SIZE = (1200, 630)  # pixels; Facebook, X, Slack and Hatena show it whole
MAP = 900  # pixels that the map takes, from the right
LEFT, COLUMN = 56, 290  # the left edge and the width of the text
PAPER, INK, SOFT = "#fcfbf8", "#1d2329", "#5a646e"
# Fonts with Japanese letters of Debian, Fedora, macOS and Windows, then fonts with many scripts.
# Pillow finds them by name.
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


def cards(
    data: Dataset, projection: str, titles: Mapping[str, tuple[str, str]]
) -> dict[str, bytes]:
    """A PNG picture of SIZE for each language. `titles` are the titles of the map and of the site
    by language."""
    width, height = SIZE
    (image,) = dots(data, projection, (MAP,))
    left, top = width - MAP, (height - image.height) // 2
    fade = np.clip(np.arange(MAP) / 130, 0, 1)  # towards the words
    alpha = Image.fromarray((np.asarray(image.getchannel("A")) * fade).astype(np.uint8))
    image.putalpha(alpha)
    ground = Image.new("RGBA", SIZE, PAPER)
    ground.alpha_composite(image, (left, top))
    made = {}
    for language, words in titles.items():
        picture = ground.copy()
        _name(picture, poster_names(data, projection, language), left, top)
        made[language] = _titled(picture, *words)
    return made


def _name(image: Image.Image, names: Iterable[Name], left: int, top: int) -> None:
    """Write names on a map that begins at these pixels."""
    pen = ImageDraw.Draw(image)
    for name in names:
        font = font_for(name.text, 19)
        x, y = left + name.x / 100 * MAP, top + name.y / 100 * MAP * ASPECT
        if font is not None and x - font.getlength(name.text) / 2 > LEFT + COLUMN + 10:
            pen.text((x, y), name.text, INK, font, "mm", stroke_width=4, stroke_fill=PAPER)


def _titled(image: Image.Image, title: str, site: str) -> bytes:
    pen = ImageDraw.Draw(image)
    dots_of_logo = ((0, 8, 8), (18, -8, 7), (23, 13, 5))
    for (right, down, radius), colour in zip(dots_of_logo, PALETTE, strict=False):
        x, y = LEFT + 8 + right, 76 + down
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
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
    return _png(image.convert("RGB"))


def _png(image: Image.Image) -> bytes:
    """An RGB picture in 256 colors, a third of its bytes, PAPER among them. An octree finds the
    others: Pillow's median cut gives dots, which few pixels are, the colors of what is around."""
    found = image.quantize(255, Image.Quantize.FASTOCTREE)
    found.putpalette([*ImageColor.getrgb(PAPER), *(found.getpalette() or ())[: 3 * 255]])
    out = io.BytesIO()
    image.quantize(palette=found).save(out, "PNG", optimize=True)  # dithered, or glows have rims
    return out.getvalue()


def wrapped(text: str, font: FreeTypeFont, width: float) -> list[str]:
    """Lines of a text no wider than `width` pixels, broken after spaces, after hiragana, and within
    words longer than a line."""
    lines = [""]
    for word in re.findall(r"[^ ぁ-ゖ]*[ ぁ-ゖー、。]+|[^ ぁ-ゖ]+", text):
        for piece in [word] if font.getlength(word.strip()) <= width else word:
            if lines[-1] and font.getlength((lines[-1] + piece).strip()) > width:
                lines.append("")
            lines[-1] += piece
    return [line.strip() for line in lines if line.strip()] or [""]


def font_for(text: str, size: int) -> FreeTypeFont | None:
    """The first font that has every sign of a text; None if there is none."""
    for name in ("", *FONTS):
        font = _font(name, size)
        if font is not None and not any(_lacks(name, sign) for sign in set(text)):
            return font
    return None


@cache
def _font(name: str, size: int) -> FreeTypeFont | None:
    if not features.check("freetype2"):
        return None
    try:
        font = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None
    return font if isinstance(font, FreeTypeFont) else None


@cache
def _lacks(name: str, sign: str) -> bool:
    """Whether a font draws a sign like U+FFFF, which no font has."""
    font = _font(name, 24)
    assert font is not None  # asked only of fonts that are there
    drawn, missing = font.getmask(sign), font.getmask("\uffff")
    return not sign.isspace() and drawn.size == missing.size and bytes(drawn) == bytes(missing)
