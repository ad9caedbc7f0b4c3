"""The palette: styles and scripts have the colours of Python."""

from __future__ import annotations

import re

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
