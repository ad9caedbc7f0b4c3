"""A map as a web page in one file: the map of the site with its search, neighbors and legend.

Everything stands in the file, so that it opens from a disk, in a notebook or in a sandboxed frame
without a network. What the map's script fetches on the site is here served by a script of the page
(templates/export/single/serve.js), and the page's policy allows no request.

The file is small: it draws on the map's own canvas, which needs no runtime, and has no poster; its
places are of fewer bits than the site's, and of each token it has the nearest third of the
neighbors.
"""

from __future__ import annotations

import base64
import html
import json
import posixpath
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.maps.config import Map, Model
from atlas.maps.data import Dataset
from atlas.maps.files.addresses import FOLDER, MapFiles
from atlas.maps.files.bytes import pack
from atlas.maps.files.payload import Detail, payload
from atlas.maps.view import MapView
from atlas.web.assets import publish_assets
from atlas.web.palette import PALETTE
from atlas.web.render import Renderer
from atlas.web.writer import Writer

MAP = "maps/map.js"  # the script of maps, in the theme
DETAIL = Detail(near=5, rows=None, bits=13)  # 8,192 places across the frame
SANDBOX = "allow-scripts allow-popups allow-downloads"  # of a frame that holds the page
_IMPORT = re.compile(
    r"""^(import\s*|(?:import|export)\b[^;"'=]*?\bfrom\s*)["'](\.{1,2}/[^"']+)["']""", re.MULTILINE
)


@dataclass(frozen=True)
class SinglePage:
    """What export/page.html is told besides `language`, `link(url)` to a page of the site and
    `file(name)` to a file.

    view       the map
    assets     `runtime`, which is empty: the map stays on its canvas
    styles     rules of the site and of maps, as gzip in base 64
    modules    an import map of the script's modules, where it was not bundled
    script     of maps, as gzip in base 64
    files      what the script fetches, as gzip in base 64, by the address it asks for
    map_files  where these addresses begin
    version    of the atlas
    """

    view: MapView
    assets: Mapping[str, str]
    styles: str
    modules: str
    script: str
    files: Mapping[str, str]
    map_files: str = FOLDER
    version: str = __version__


def page(config: Config, data: Dataset, language: str = "") -> str:
    """The HTML of a map in one file, in a language of the site, its first when left out.

    `config` need not name the map: then it goes by its id. A map that the site shows by tiles
    carries all of them. Raises AtlasError when an asset or template is missing or wrong.
    """
    language = language or config.site.languages[0]
    view = MapView(*_tables(config, data), data)
    made = payload(data, len(PALETTE), view.colour, view.map.clusters.pages, DETAIL)
    view.files = MapFiles(FOLDER + made.head, FOLDER + made.points, pictures={}, cards={})
    files = {
        FOLDER + name: _packed(content) if name == made.head else _base64(content)
        for name, content in made.files.items()
    }
    base = config.site.base_url
    context = {
        **vars(SinglePage(view=view, files=files, **_assets(config.root))),
        "language": language,
        "link": lambda url: f"{base}/{url}" if base else url,
        "file": lambda name: name,
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
    """Styles and scripts of the site, as text for the page."""
    with tempfile.TemporaryDirectory() as folder:
        assets = publish_assets(root, Writer(Path(folder), Path(folder), {}), lambda _: None)

        def read(name: str) -> bytes:
            return Path(folder, name).read_bytes()

        script = assets.scripts["map"]
        modules, start = "", read(script.path)
        if script.module:
            modules = _import_map(Path(folder, script.path).parents[1])
            start = f'import "{MAP}"'.encode()
        return {
            "assets": {"runtime": ""},
            "styles": _packed(b"\n".join(read(assets.styles[name]) for name in ("site", "map"))),
            "modules": modules,
            "script": _packed(start),
        }


def _import_map(folder: Path) -> str:
    """The modules of a folder as one import map, where the script was not bundled. They name each
    other by their places in it, since what stands in the page itself has no folder."""
    modules = {}
    for path in sorted(folder.rglob("*.js")):
        place = path.relative_to(folder).as_posix()

        def full(found: re.Match[str], place: str = place) -> str:
            return f'{found[1]}"{posixpath.normpath(f"{posixpath.dirname(place)}/{found[2]}")}"'

        source = _IMPORT.sub(full, path.read_text(encoding="utf-8"))
        modules[place] = f"data:text/javascript;base64,{_base64(source.encode())}"
    return json.dumps({"imports": modules})


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _packed(raw: bytes) -> str:
    return _base64(pack(raw))
