"""The colours of clusters and of series."""

from __future__ import annotations

# Twelve colours after Okabe & Ito 2008 that differ in lightness as well as in hue; as dots of
# opacity 0.78 they stand out by 3:1 on the dark field. The custom
# properties --c0 … of site.css are the same.
PALETTE = (
    "#117fc4",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8f6bc9",
    "#bf5e59",
    "#7a9a01",
    "#2a9d9d",
    "#a6761d",
    "#e377c2",
)


NOISE_COLOUR = "#8e959d"
