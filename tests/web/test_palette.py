"""The palette: styles and scripts have the colours of Python."""

from __future__ import annotations

import re

import pytest

from atlas.web.palette import NOISE_COLOUR, PALETTE
from atlas.web.theme import theme


def test_the_style_has_the_palette() -> None:
    style = (theme() / "assets" / "site.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(c\d+|noise): (#[0-9a-f]{6});", style))
    expected = {f"c{number}": colour for number, colour in enumerate(PALETTE)}
    assert colours == expected | {"noise": NOISE_COLOUR}


def test_scripts_have_the_palette() -> None:
    scripts = [
        path.read_text(encoding="utf-8")
        for path in sorted(theme().rglob("*.js"))
        if not {"vendor", "node_modules"} & set(path.parts)
    ]
    lists = [found for text in scripts for found in re.findall(r"PALETTE = \[([^\]]*)\]", text)]
    assert lists
    for found in lists:
        assert tuple(re.findall("#[0-9a-f]{6}", found)) == PALETTE


def themes() -> dict[str, dict[str, str]]:
    """The custom properties of site.css in either theme."""
    style = (theme() / "assets" / "site.css").read_text(encoding="utf-8")
    light = re.search(r"^:root \{(.*?)^\}", style, re.S | re.M)
    dark = re.search(r'^:root\[data-theme="dark"\] \{(.*?)^\}', style, re.S | re.M)
    assert light and dark
    first, second = (
        dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6});", found[1])) for found in (light, dark)
    )
    return {"light": first, "dark": first | second}


def channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(colour: list[float]) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(front: str, back: str, opacity: float = 1.0) -> float:
    below = channels(back)
    seen = [
        opacity * own + (1 - opacity) * under
        for own, under in zip(channels(front), below, strict=True)
    ]
    high, low = sorted((luminance(seen), luminance([float(part) for part in below])), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_stands_out_from_what_it_stands_on(name: str) -> None:
    colours = themes()[name]
    for text in ("ink", "soft", "accent", "good"):
        for back in ("paper", "field"):
            assert contrast(colours[text], colours[back]) >= 4.5, (text, back)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_dots_stand_out(name: str) -> None:
    colours = themes()[name]
    dots = [*(colours[f"c{number}"] for number in range(len(PALETTE))), colours["noise"]]
    assert min(contrast(dot, colours["field"]) for dot in dots) >= 3
