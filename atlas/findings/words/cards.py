"""The picture of a word for link previews: the word, and what stands near it."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from atlas.maps.cards import INK, PAPER, font_for, wrapped
from atlas.web.palette import PALETTE, rgb

VERSION = 1
SIZE = (600, 315)  # pixels: half of a map's picture, and the least that is shown in full width
_LEFT, _WIDE = 28, 330
_STEPS = 12  # of grey from the ink to the paper
_NEAR = 96  # the grey of what stands near


def card(text: str, nearest: Sequence[str]) -> bytes:
    """A PNG picture of SIZE; texts that no font can write are left out."""
    grey = Image.new("L", SIZE, 255)
    pen = ImageDraw.Draw(grey)
    _write(pen, text)
    for number, near in enumerate(nearest[:8]):
        font = font_for(near, 19)
        if font is not None:
            line = wrapped(near, font, 190)[0]
            pen.text((SIZE[0] - _LEFT, 44 + number * 32), line, _NEAR, font, "rm")
    # A picture of few colours is packed ten times as fast as one that has to find them.
    levels = grey.point([value * (_STEPS - 1) // 255 for value in range(256)])
    image = Image.frombytes("P", SIZE, levels.tobytes())
    image.putpalette(_palette())
    pen = ImageDraw.Draw(image)
    for number, (x, y, radius) in enumerate(((32, 38, 4.5), (42, 33, 4), (45, 44, 3)), _STEPS):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), number)
    out = io.BytesIO()
    image.save(out, "PNG", bits=4, compress_level=6)
    return out.getvalue()


def _write(pen: ImageDraw.ImageDraw, text: str) -> None:
    """Write the word as large as it has room."""
    for size in (64, 48, 36, 26, 20):
        font = font_for(text, size)
        if font is None:
            return
        lines = wrapped(text, font, _WIDE)
        if len(lines) * size * 1.25 <= 190 or size == 20:
            for number, line in enumerate(lines[:7]):
                top = 165 + (number - len(lines) / 2) * size * 1.25
                pen.text((_LEFT, top), line, 0, font)
            return


def _palette() -> list[int]:
    """Colours from the ink to the paper, then those of the dots."""
    ink, paper = rgb(INK), rgb(PAPER)
    greys = [
        round(dark + (light - dark) * step / (_STEPS - 1))
        for step in range(_STEPS)
        for dark, light in zip(ink, paper, strict=True)
    ]
    return greys + [value for colour in PALETTE[: 16 - _STEPS] for value in rgb(colour)]
