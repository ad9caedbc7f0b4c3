"""The picture for link previews of a page that shows no map: its title and what it says of itself,
set in type."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from atlas.config.site import text
from atlas.maps.cards import INK, PAPER, SIZE, font_for, wrapped
from atlas.web.links import Edition
from atlas.web.palette import PALETTE, rgb
from atlas.web.schema_org import parted, plain
from atlas.web.writer import Derived, Writer

VERSION = 1
_LEFT, _WIDE = 72, 740  # pixels: the left edge of the text, and its width
_TITLE, _BESIDE, _BASE = 176, 28, 578  # the top of the title, the size of other text, its last line
_SIZES = (84, 68, 56, 46, 38)  # of the title, the first that has room
_DARK, _SOFT = 0, 96  # greys of the title and of other text
_GREYS = 10  # steps from the ink to the paper; with two of each dot's, four bits a pixel
# The logo, and again beside the text: the place and the radius of each dot.
_DOTS = (
    (82, 88, 10),
    (104, 77, 9),
    (110, 102, 6),
    (945, 330, 88),
    (1090, 150, 68),
    (1095, 470, 52),
)


def title_card(writer: Writer, edition: Edition, title: str, description: str) -> str:
    """The address of a page's picture, which is written unless another page has the same. `title`
    and `description` are those of the page, as HTML; ` · ` divides a title, the site's last."""
    site = text(edition.site.title, edition.language)
    name, above = parted(plain(title), site)
    told = plain(description)
    words = (site, above, name, told)
    key = repr((VERSION, words))
    address = f"assets/cards/{hashlib.sha256(key.encode()).hexdigest()[:12]}.png"
    return writer.derive(address, key, partial(_made, address, words))


def _made(address: str, words: tuple[str, str, str, str]) -> Derived[str]:
    return {address: drawn(*words)}, address


def drawn(site: str, above: str, name: str, told: str) -> bytes:
    """A PNG picture of SIZE; texts that no font can write are left out."""
    site, above, name, told = map(_printable, (site, above, name, told))
    grey = Image.new("L", SIZE, 255)
    pen = ImageDraw.Draw(grey)
    _head(pen, " · ".join(part for part in (site, above) if part and part != name))
    foot = _title(pen, name)
    font = font_for(told, _BESIDE)
    if font is not None:
        lines = wrapped(told, font, _WIDE)
        room = max(0, int((_BASE - foot) / (_BESIDE * 1.45)))
        shown = lines[:room]
        if len(lines) > room > 0:
            shown[-1] = f"{shown[-1]}…"
        for number, line in enumerate(shown):
            pen.text((_LEFT, foot + number * _BESIDE * 1.45), line, _SOFT, font)
    return _packed(np.asarray(grey))


def _printable(words: str) -> str:
    """Words without control characters, which no font lays out."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())


def _head(pen: ImageDraw.ImageDraw, words: str) -> None:
    """Write where the page stands, beside the logo."""
    font = font_for(words, _BESIDE)
    if words and font is not None:
        pen.text((_LEFT + 62, 88), wrapped(words, font, _WIDE)[0], _SOFT, font, "lm")


def _title(pen: ImageDraw.ImageDraw, name: str) -> float:
    """Write the title as large as it has room; where the text after it begins."""
    for size in _SIZES:
        font = font_for(name, size)
        if font is None:
            break
        lines = wrapped(name, font, _WIDE)
        if len(lines) * size * 1.2 <= 250 or size == _SIZES[-1]:
            weight = 1 if font.getname()[1] == "Regular" else 0  # Pillow's own font has no bold
            for number, line in enumerate(lines[:6]):
                place = (_LEFT, _TITLE + number * size * 1.2)
                pen.text(place, line, _DARK, font, stroke_width=weight, stroke_fill=_DARK)
            return _TITLE + len(lines[:6]) * size * 1.2 + 28
    return _TITLE


def _packed(grey: np.ndarray) -> bytes:
    """A grey picture with its dots as a PNG: few colours, found without a search."""
    levels = (np.arange(256) * (_GREYS - 1) // 255).astype(np.uint8)[grey]
    for number, (x, y, radius) in enumerate(_DOTS):
        down, right = np.ogrid[-radius - 1 : radius + 2, -radius - 1 : radius + 2]
        covered = radius + 0.5 - np.hypot(right, down)
        colour = _GREYS + number % 3 * 2
        part = levels[y - radius - 1 : y + radius + 2, x - radius - 1 : x + radius + 2]
        part[covered > 0.25] = colour
        part[covered > 0.75] = colour + 1
    image = Image.frombytes("P", SIZE, levels.tobytes())
    image.putpalette(_palette())
    out = io.BytesIO()
    image.save(out, "PNG", bits=4, compress_level=6)
    return out.getvalue()


def _palette() -> list[int]:
    """Greys from the ink to the paper, then of each dot its rim and itself."""
    paper = rgb(PAPER)
    colours = [_between(rgb(INK), paper, step / (_GREYS - 1)) for step in range(_GREYS)]
    for dot in PALETTE[:3]:
        colours += [_between(rgb(dot), paper, 0.5), list(rgb(dot))]
    return [value for colour in colours for value in colour]


def _between(one: Sequence[int], other: Sequence[int], share: float) -> list[int]:
    return [round(a + (b - a) * share) for a, b in zip(one, other, strict=True)]
