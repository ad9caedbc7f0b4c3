"""The colours of clusters and of series."""

from __future__ import annotations

# Twelve colours after Okabe & Ito 2008 that differ in lightness as well as in hue, on white and on
# black. The custom properties --c0 … of site.css are the same.
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
