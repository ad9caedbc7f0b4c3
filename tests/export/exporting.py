"""What the tests of exports share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atlas import atlas_toml
from atlas.export.export import export
from atlas.pipeline.places import Places


def run(root: Path, kind: str, output: Path, **more: Any) -> list[Path]:
    config = atlas_toml.load(root / "atlas.toml")
    map_id = more.pop("map_id", "m-words")
    return export(config, Places.of(config), map_id, kind, output, **({"force": False} | more))
