"""The colours of clusters and of series."""

from __future__ import annotations

# Twelve hues after Okabe & Ito 2008 of about one lightness, so that a dot stands out by 3:1 from
# the field of either theme. The custom properties --c0 … of site.css are the same.
PALETTE = (
    "#0d74b8",
    "#cf5a0c",
    "#0b8a63",
    "#b0588f",
    "#a87400",
    "#3a8cc4",
    "#8461c9",
    "#b84a45",
    "#64830a",
    "#158a94",
    "#8a6a3c",
    "#d64fae",
)


NOISE_COLOUR = "#7c848d"
