"""Pictures of walls: a small square for each member of a set, filled by how a vocabulary has it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from atlas.findings.vocabularies.data import STATES
from atlas.numeric.types import Bytes
from atlas.web.palette import PALETTE

SQUARE = 4  # pixels, beside one that is left free
# Rows of a square that a state fills from below, so that it is not told by its colour alone; of
# what is less than a row, one pixel.
FILLED = {"t": 4.0, "o": 3.0, "p": 2.0, "b": 1.0, "u": 0.25, "-": 0.25}
COLOURS = {"t": 0, "o": 2, "p": 4, "b": 6, "u": 1, "-": 10}  # of PALETTE


def picture(states: str, across: int) -> bytes:
    """A PNG of squares, `across` in a row, each filled by the state of its member."""
    step = SQUARE + 1
    rows = -(-len(states) // across)
    pixels = np.zeros((rows * step, across * step), np.uint8)
    stamps = {state: _stamp(state) for state in STATES}
    for number, state in enumerate(states):
        y, x = divmod(number, across)
        pixels[y * step : y * step + SQUARE, x * step : x * step + SQUARE] = stamps[state]
    image = Image.fromarray(pixels, "P")
    colours = [0, 0, 0]
    for state in STATES:
        value = PALETTE[COLOURS[state]].removeprefix("#")
        colours += [int(value[place : place + 2], 16) for place in (0, 2, 4)]
    image.putpalette(colours)
    written = io.BytesIO()
    image.save(written, "PNG", transparency=0, optimize=True)
    return written.getvalue()


def across(size: int) -> int:
    """How many squares stand in a row of a set of this size."""
    return 100 if size > 3000 else 60 if size > 400 else 40 if size > 150 else 25


def _stamp(state: str) -> Bytes:
    square = np.zeros((SQUARE, SQUARE), np.uint8)
    colour = list(STATES).index(state) + 1
    height = int(FILLED[state])
    if height:
        square[SQUARE - height :] = colour
    else:
        square[SQUARE - 1, 1] = colour
    return square
