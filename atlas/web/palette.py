"""The colours of clusters and of series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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

# What people see who lack one kind of cones, in linear RGB (Machado, Oliveira & Fernandes 2009).
_EYES = np.array(
    [
        np.eye(3),
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.3039],
        ],
    ]
)
# From linear RGB to OKLab (Ottosson 2020), by way of the cones.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)


def differences(colours: Sequence[str]) -> npt.NDArray[np.float64]:
    """How different colours look (c, c), as distances in OKLab: to the eyes, of those with all
    cones and of those who lack one kind, that tell the two apart least."""
    values = np.array([list(bytes.fromhex(colour[1:])) for colour in colours]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.einsum("eij,cj->eci", _EYES, linear), 0, 1)
    lab = np.cbrt(seen @ _CONES.T) @ _LAB.T
    gaps = np.linalg.norm(lab[:, :, None] - lab[:, None], axis=-1)
    return np.asarray(gaps.min(axis=0), np.float64)


def contrast(colour: str, paper: str) -> float:
    """How a colour stands out from another, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(colour), _luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lightened(colour: str, paper: str, least: float) -> str:
    """A colour mixed with as little white as makes it stand out from dark paper by `least`."""
    own = bytes.fromhex(colour[1:])
    for share in range(101):
        mixed = "#" + bytes(round(one + (255 - one) * share / 100) for one in own).hex()
        if contrast(mixed, paper) >= least:
            return mixed
    return "#ffffff"


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of a colour as `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    values = np.array(list(bytes.fromhex(colour[1:]))) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
