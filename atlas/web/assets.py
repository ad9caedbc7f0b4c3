"""Styles, scripts and the map runtime under content-hashed names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from atlas.errors import AtlasError
from atlas.web.theme import RUNTIME, asset
from atlas.web.writer import Writer


def publish_assets(root: Path, writer: Writer, warn: Callable[[str], None]) -> dict[str, Any]:
    """Style and scripts under content-hashed names, and the map runtime: ours, or plotly's own
    where ours is not built."""

    def read(name: str) -> str:
        path = asset(root, name)
        if path is None:
            raise AtlasError(f"templates/assets/{name}: missing", "Install the atlas again.")
        return path.read_text(encoding="utf-8")

    parts = (
        "data tiles camera scene labels colour panel search choose link picture share message map"
    )
    found: dict[str, Any] = {
        "css": writer.hashed("site.css", read("site.css")),
        "site_js": writer.hashed("site.js", read("site.js")),
        "embedding_js": writer.hashed("embedding.js", read("embedding.js")),
        "compare_js": writer.hashed("compare.js", read("compare.js")),
        "senses_js": writer.hashed("senses.js", read("senses.js")),
        "charts_js": writer.hashed("charts.js", read("charts.js")),
        "map_css": writer.hashed("map.css", read("map.css")),
        "map_js": writer.hashed(
            "map.js", "\n".join(read(f"map/{name}.js") for name in parts.split())
        ),
    }
    writer.write("frame.js", read("frame.js"))  # for other people's pages, so its address stays
    runtime, rules = asset(root, f"vendor/{RUNTIME}"), asset(root, "vendor/plotly-map.css")
    found["strict"] = runtime is not None and rules is not None
    if runtime is not None and rules is not None:
        found["runtime"] = writer.hashed(RUNTIME, runtime.read_bytes())
        found["runtime_css"] = writer.hashed("plotly-map.css", rules.read_text(encoding="utf-8"))
        licence = asset(root, "vendor/plotly-map.LICENSE.txt")
        if licence is not None:
            writer.write("assets/plotly-map.LICENSE.txt", licence.read_bytes())
        return found
    import plotly

    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    warn(
        "the map runtime is not built, so pages load plotly's own file: three times the size, and it needs 'unsafe-eval' and "
        "'unsafe-inline' in the Content-Security-Policy. Install again with network access to build it."
    )
    found["runtime"] = writer.hashed("plotly.min.js", whole.read_bytes())
    found["runtime_css"] = None
    return found
