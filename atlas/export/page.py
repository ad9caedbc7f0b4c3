"""A map as a web page in one file: the map of the site with its search, neighbors and legend.

Everything stands in the file, so that it opens from a disk, in a notebook or in a sandboxed frame
without a network. What the map's script fetches on the site is here served by a script of the page
(templates/export/single/serve.js), and the page's policy allows no request.
"""

from __future__ import annotations

import base64
import gzip
import html
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.config.site import text
from atlas.maps.config import Map, Model
from atlas.maps.data import Dataset
from atlas.maps.files.payload import payload
from atlas.maps.posters import posters
from atlas.maps.view import MapView
from atlas.web.assets import publish_assets
from atlas.web.palette import PALETTE
from atlas.web.render import Renderer
from atlas.web.theme import asset
from atlas.web.writer import Writer

FILES = "atlas-files/"  # begins the names of files that the page serves itself
POSTER = 800  # pixels across, of the picture that is there before the map is drawn
SANDBOX = "allow-scripts allow-popups allow-downloads"  # of a frame that holds the page


def page(config: Config, data: Dataset, language: str = "") -> str:
    """The HTML of a map in one file, in a language of the site, its first when left out.

    `config` need not name the map: then it goes by its id. A map that the site shows by tiles
    carries all of them. Raises AtlasError when an asset or template is missing or wrong.
    """
    language = language or config.site.languages[0]
    view = MapView(*_tables(config, data), data)
    packed = payload(data, len(PALETTE), view.colour)
    (poster,) = posters(data, view.main, (POSTER,), view.colour)
    facts = {
        "meta": f"{FILES}{packed.meta['file']}",
        "pictures": {f"{view.main}-1200": f"data:image/webp;base64,{_base64(poster)}"},
    }
    base = config.site.base_url
    context: dict[str, Any] = {
        "site": config.site,
        "language": language,
        "view": view,
        "version": __version__,
        "palette": PALETTE,
        "map_files": FILES,
        "facts": {view.id: facts},
        "link": lambda url: f"{base}/{url}" if base else url,
        "file": lambda name: name,
        "text": lambda value, fallback="": text(value, language, fallback),
        "files": {f"{FILES}{name}": _base64(raw) for name, raw in packed.files.items()},
        **_assets(config.root),
    }
    return Renderer(config.root, (language,)).render(language, "export/page.html", context)


def frame(document: str, title: str, height: int | None = None) -> str:
    """An element that holds the page in another one, `height` pixels high; two thirds of its width
    when left out, within what fits a screen."""
    size = f"height:{height}px" if height else "aspect-ratio:3/2;min-height:30rem;max-height:46rem"
    source = document.replace("&", "&amp;").replace('"', "&quot;")
    return (
        f'<iframe title="{html.escape(title)}" sandbox="{SANDBOX}" allow="fullscreen" '
        f'style="display:block;border:0;width:100%;{size}" srcdoc="{source}"></iframe>'
    )


def _tables(config: Config, data: Dataset) -> tuple[Model, Map]:
    """The tables of the map in the config, else the least that its data say."""
    for model in config.models:
        for entry in model.maps:
            if entry.id(model) == data.about.map.id:
                return model, entry
    about = data.about
    entry = Map.model_construct(name=about.map.name, title=about.map.id)
    model = Model.model_construct(id=about.model.id, source=about.model.source, maps=(entry,))
    return model, entry


def _assets(root: Path) -> Mapping[str, Any]:
    """Styles, scripts and the runtime of the site, as text for the page."""
    with tempfile.TemporaryDirectory() as folder:
        assets = publish_assets(root, Writer(Path(folder), Path(folder), {}), lambda _: None)

        def read(name: str) -> str:
            return Path(folder, assets[name]).read_text(encoding="utf-8") if assets[name] else ""

        licence = asset(root, "vendor/plotly-map.LICENSE.txt")
        return {
            "assets": {"strict": assets["strict"], "runtime": ""},
            "styles": [_style(read(name)) for name in ("css", "map_css")],
            "runtime_style": _style(read("runtime_css")),
            "runtime": _base64(gzip.compress(read("runtime").encode(), mtime=0)),
            "licence": licence.read_text(encoding="utf-8") if licence else "",
            "script": _script(read("map_js")),
        }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _script(source: str) -> str:
    """A script as it may stand in an element: nothing in it ends the element or opens a comment."""
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _style(source: str) -> str:
    """Rules as they may stand in an element."""
    return source.replace("</style", "<\\/style")
