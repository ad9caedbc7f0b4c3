"""The colours of groups."""

from __future__ import annotations

# Twelve colours that differ in lightness as well as in hue, after Okabe & Ito 2008, to be told
# apart on white and on black.
PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8f6bc9",
    "#b5504b",
    "#7a9a01",
    "#2a9d9d",
    "#a6761d",
    "#e377c2",
)


NOISE_COLOUR = "#8e959d"
