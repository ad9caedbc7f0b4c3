"""What the site consists of: for each map its files and pictures, for each page its HTML in every language, styles and scripts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atlas import __version__, comparison, dataset, findings, sense_map, sharing, writeup
from atlas import config as settings
from atlas.cards import cards
from atlas.comparing import VERSION as COMPARED
from atlas.comparing import CompareView
from atlas.errors import AtlasError
from atlas.figures import PALETTE, posters
from atlas.pages import MapView, pages
from atlas.payload import VERSION, payload
from atlas.render import RUNTIME, Renderer, asset, relative
from atlas.sensing import SenseView, shape
from atlas.study import Study
from atlas.writer import Writer

MAPS = "assets/maps/"  # what map pages fetch, and posters: a digest in each name, to be kept for long. What people name stands in data/


def compose(config: settings.Config, maps: tuple[str, ...], data: Path, writer: Writer, warn: Callable[[str], None]) -> int:
    """Write everything that the site consists of; how many pages. Raises AtlasError, DataError."""
    languages = config.site.languages
    by_id = {entry.id(model): (model, entry) for model in config.models for entry in model.maps}
    views = []
    facts: dict[str, dict[str, Any]] = {language: {} for language in languages}
    for map_id in maps:
        found = dataset.read(data, map_id)
        view = MapView(config, *by_id[map_id], found)
        views.append(view)

        def make(found: dataset.Dataset = found, view: MapView = view) -> tuple[dict[str, bytes], Any]:
            packed = payload(found, len(PALETTE))
            files = {f"{MAPS}{name}": content for name, content in packed.files.items()}
            pictures = {}
            for name in found.about.map.projections:
                widths = (1200, 800) if name == view.main else (1200,)
                for width, picture in zip(widths, posters(found, name, widths), strict=True):
                    at = f"{MAPS}{view.id}.{name}-{width}.{hashlib.sha256(picture).hexdigest()[:10]}.webp"
                    files[at] = picture
                    pictures[f"{name}-{width}"] = at
            points = f"{MAPS}{packed.meta['projections'][view.main]}"
            return files, {"meta": f"{MAPS}{packed.meta['file']}", "points": points, "pictures": pictures}

        titles: dict[str, tuple[str, str]] = {
            language: (view.title(language), settings.text(config.site.title, language)) for language in languages
        }

        def titled(
            found: dataset.Dataset = found, view: MapView = view, titles: dict[str, tuple[str, str]] = titles
        ) -> tuple[dict[str, bytes], Any]:
            made = cards(found, view.main, titles)
            names = {one: f"data/{view.id}.card-{one}.png" for one in languages}  # people paste this address, so it stays
            return {names[one]: made[one] for one in languages}, names

        shared = writer.derive(map_id, f"{VERSION} {found.about.recipe}", make)
        named = writer.derive(f"{map_id}.card", f"{VERSION} {found.about.recipe} {sorted(titles.items())}", titled)
        for language in languages:
            facts[language][map_id] = {**shared, "pictures": {**shared["pictures"], "card": named[language]}}
        for path in dataset.paths(data, map_id):
            writer.write(f"data/{path.name}", path.read_bytes())
    compared = _compared(config, views, data, writer)
    for language in languages:
        for pair, files in compared:
            facts[language][pair.id] = files
    study = _studied(config, [pair for pair, _ in compared], data, writer)
    sensed = _sensed(config, data, writer)
    assets = _assets(config.root, writer, warn)
    renderer = Renderer(config.root, languages)
    count = 0
    shown: list[str] = []
    fragments: dict[str, str] = {}
    for page in pages(config, views, [pair for pair, _ in compared], study, sensed):
        for language in languages:
            prefix = "" if language == languages[0] else f"{language}/"
            here = prefix + page.url
            # A host serves the 404 page at any address, so its links start at the site's root.
            at = _Links(here, prefix, relative) if page.url != "404.html" else _Rooted(here, prefix, relative, config.site.base_url)
            context = {
                **page.context, "config": config, "site": config.site, "language": language, "languages": languages,
                "assets": assets, "map_files": MAPS, "facts": facts[language], "palette": PALETTE, "page": page, "link": at.link,
                "file": at.file, "here": here, "version": __version__, "views_all": views, "sharing": sharing,
                "prefix": prefix, "compared": [pair for pair, _ in compared], "studied": study, "sensed": sensed,
                "shape": shape,
                "absolute": lambda name, at=at: f"{config.site.base_url}/{name}" if config.site.base_url else at.file(name),
                "editions": {one: at.file(("" if one == languages[0] else f"{one}/") + page.url) for one in languages},
                "text": lambda value, fallback="", language=language: settings.text(value, language, fallback),
            }  # fmt: skip
            if "one" in context:  # a cluster's tokens read the same in every language
                if language == languages[0]:
                    fragments = {
                        f"{part}_html": renderer.render(language, f"fragments/{part}.html", {"one": context["one"]})
                        for part in ("tokens", "close", "rest")
                    }
                context |= fragments
            html = renderer.render(language, page.template, context)
            writer.write(f"{here}index.html" if here == "" or here.endswith("/") else here, html)
            count += 1
            if page.indexed:
                shown.append(here)
    _embeds(config, views, facts, relative, writer)
    _addresses(config, shown, writer)
    if config.site.base_url:
        for language in languages:
            prefix = "" if language == languages[0] else f"{language}/"
            writer.write(f"{prefix}feed.xml", sharing.feed(config, views, language, prefix))
    return count


def _compared(
    config: settings.Config, views: list[MapView], data: Path, writer: Writer
) -> list[tuple[CompareView, dict[str, Any]]]:  # fmt: skip
    """Comparisons whose maps and data are there, and the files of each: of the second map as it lies on the first."""
    by_id = {view.id: view for view in views}
    made = []
    for entry in config.compare:
        name = comparison.name(*entry.maps)
        if not set(entry.maps) <= set(by_id):
            continue
        found = findings.read(data, name, comparison.Comparison, comparison.SCHEMA_VERSION)
        if found is None:
            continue
        first, second = (by_id[one] for one in entry.maps)
        pair = CompareView(config, entry, found, first, second)

        def make(pair: CompareView = pair) -> tuple[dict[str, bytes], Any]:
            view = pair.beside
            packed = payload(view.data, len(PALETTE), view.colour)
            files = {f"{MAPS}{name}": content for name, content in packed.files.items()}
            pictures = {}
            for width, picture in zip((1200, 800), posters(view.data, view.main, (1200, 800), view.colour), strict=True):
                at = f"{MAPS}{pair.id}-{width}.{hashlib.sha256(picture).hexdigest()[:10]}.webp"
                files[at] = picture
                pictures[f"{view.main}-{width}"] = at
            pairs = None
            if pair.found.pairs is not None:
                content = json.dumps([pair.ids[:, side].tolist() for side in (0, 1)], separators=(",", ":")).encode()
                pairs = f"{MAPS}{pair.id}.pairs.{hashlib.sha256(content).hexdigest()[:10]}.json"
                files[pairs] = content
            points = f"{MAPS}{packed.meta['projections'][view.main]}"
            meta = f"{MAPS}{packed.meta['file']}"
            return files, {"meta": meta, "points": points, "pictures": pictures, "pairs": pairs}

        recipes = f"{VERSION} {COMPARED} {found.recipe} {first.about.recipe} {second.about.recipe}"
        made.append((pair, writer.derive(pair.id, recipes, make)))
        writer.write(f"data/{name}", (data / name).read_bytes())
    return made


def _studied(config: settings.Config, compared: list[CompareView], data: Path, writer: Writer) -> Study | None:
    """What the write-up shows, where the config asks for it and its data are there."""
    found = findings.read(data, writeup.NAME, writeup.WriteUp, writeup.SCHEMA_VERSION) if config.pitfall else None
    if found is None:
        return None
    writer.write(f"data/{writeup.NAME}", (data / writeup.NAME).read_bytes())
    return Study(config, found, compared)


def _sensed(config: settings.Config, data: Path, writer: Writer) -> list[SenseView]:
    """The sense maps whose data are there."""
    models = {model.id: model for model in config.models}
    found = []
    for entry in config.senses:
        name = sense_map.file(entry.name)
        one = findings.read(data, name, sense_map.SenseMap, sense_map.SCHEMA_VERSION)
        if one is not None:
            writer.write(f"data/{name}", (data / name).read_bytes())
            found.append(SenseView(entry, models[entry.model], one))
    return found


def _embeds(config: settings.Config, views: list[Any], facts: dict[str, Any], relative: Callable[[str, str], str], writer: Writer) -> None:
    """The oEmbed answers, and the script that a page around a frame may use, at an address that stays."""
    base = config.site.base_url
    for language in config.site.languages:
        prefix = "" if language == config.site.languages[0] else f"{language}/"
        for view in views:
            here = f"{prefix}oembed/{view.id}.json"
            places = [f"{prefix}embed/{view.id}/", f"{prefix}maps/{view.id}/", facts[language][view.id]["pictures"]["card"]]
            addresses = [f"{base}/{place}" if base else relative(place, here) for place in places]
            writer.write(here, sharing.oembed(config, view, language, *addresses))
    script = asset(config.root, "frame.js")
    if script is not None:
        writer.write("frame.js", script.read_bytes())


class _Links:
    """Links from one page: to a page of the same edition, and to a file of the site."""

    def __init__(self, here: str, prefix: str, relative: Callable[[str, str], str]) -> None:
        self.here, self.prefix, self._relative = here, prefix, relative

    def link(self, url: str) -> str:
        return self._relative(self.prefix + url, self.here)

    def file(self, name: str) -> str:
        return self._relative(name, self.here)


class _Rooted(_Links):
    """Links from a page that may be served at any address."""

    def __init__(self, here: str, prefix: str, relative: Callable[[str, str], str], base_url: str) -> None:
        super().__init__(here, prefix, relative)
        self.root = f"{urlsplit(base_url).path.rstrip('/')}/"

    def link(self, url: str) -> str:
        return self.root + self.prefix + url

    def file(self, name: str) -> str:
        return self.root + name


def _assets(root: Path, writer: Writer, warn: Callable[[str], None]) -> dict[str, Any]:
    """Style and scripts under content-hashed names, and the map runtime: ours, or plotly's own where ours is not built."""

    def read(name: str) -> str:
        path = asset(root, name)
        if path is None:
            raise AtlasError(f"templates/assets/{name}: missing", "Install the atlas again.")
        return path.read_text(encoding="utf-8")

    parts = "data tiles camera scene labels colour panel search choose link picture share message map"
    found: dict[str, Any] = {
        "css": writer.hashed("site.css", read("site.css")),
        "site_js": writer.hashed("site.js", read("site.js")),
        "embedding_js": writer.hashed("embedding.js", read("embedding.js")),
        "compare_js": writer.hashed("compare.js", read("compare.js")),
        "senses_js": writer.hashed("senses.js", read("senses.js")),
        "charts_js": writer.hashed("charts.js", read("charts.js")),
        "map_css": writer.hashed("map.css", read("map.css")),
        "map_js": writer.hashed("map.js", "\n".join(read(f"map/{name}.js") for name in parts.split())),
    }
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


def _addresses(config: settings.Config, shown: list[str], writer: Writer) -> None:
    """robots.txt, and with a base_url the sitemap, which must name full addresses."""
    base = config.site.base_url
    if not base:
        writer.write("robots.txt", "User-agent: *\nAllow: /\n")
        return
    rows = "".join(f"<url><loc>{base}/{here}</loc></url>\n" for here in shown)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    writer.write("sitemap.xml", f"{head}{rows}</urlset>\n")
    writer.write("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n")
