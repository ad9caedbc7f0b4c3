"""What the site consists of: for each map its files and pictures, for each page its HTML in every
language, styles and scripts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atlas import __version__, atlas_toml
from atlas.config import site
from atlas.findings import finding as findings
from atlas.findings.comparisons import data as comparison
from atlas.findings.comparisons.view import VERSION as COMPARED
from atlas.findings.comparisons.view import CompareView
from atlas.findings.inputs_embeds import data as writeup
from atlas.findings.inputs_embeds.view import Study
from atlas.findings.senses import data as sense_map
from atlas.findings.senses.view import SenseView, shape
from atlas.maps import data as dataset
from atlas.maps import sharing
from atlas.maps.cards import cards
from atlas.maps.files.payload import VERSION, payload
from atlas.maps.posters import posters
from atlas.maps.view import MapView
from atlas.pipeline.front import pages
from atlas.web.addresses import write_addresses
from atlas.web.assets import publish_assets
from atlas.web.links import Links, Rooted, relative
from atlas.web.palette import PALETTE
from atlas.web.render import Renderer
from atlas.web.theme import asset
from atlas.web.writer import Writer

MAPS = "assets/maps/"  # what map pages fetch, and posters: a digest in each name, to be kept for long. What people name stands in data/


def compose(
    config: atlas_toml.Config,
    maps: tuple[str, ...],
    data: Path,
    writer: Writer,
    warn: Callable[[str], None],
) -> int:
    """Write everything that the site consists of; how many pages. Raises AtlasError, DataError."""
    languages = config.site.languages
    by_id = {entry.id(model): (model, entry) for model in config.models for entry in model.maps}
    views = []
    facts: dict[str, dict[str, Any]] = {language: {} for language in languages}
    for map_id in maps:
        found = dataset.read(data, map_id)
        view = MapView(config, *by_id[map_id], found)
        views.append(view)

        def make(
            found: dataset.Dataset = found, view: MapView = view
        ) -> tuple[dict[str, bytes], Any]:
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
            return files, {
                "meta": f"{MAPS}{packed.meta['file']}",
                "points": points,
                "pictures": pictures,
            }

        titles: dict[str, tuple[str, str]] = {
            language: (view.title(language), site.text(config.site.title, language))
            for language in languages
        }

        def titled(
            found: dataset.Dataset = found,
            view: MapView = view,
            titles: dict[str, tuple[str, str]] = titles,
        ) -> tuple[dict[str, bytes], Any]:
            made = cards(found, view.main, titles)
            names = {
                one: f"data/{view.id}.card-{one}.png" for one in languages
            }  # people paste this address, so it stays
            return {names[one]: made[one] for one in languages}, names

        shared = writer.derive(map_id, f"{VERSION} {found.about.recipe}", make)
        named = writer.derive(
            f"{map_id}.card", f"{VERSION} {found.about.recipe} {sorted(titles.items())}", titled
        )
        for language in languages:
            facts[language][map_id] = {
                **shared,
                "pictures": {**shared["pictures"], "card": named[language]},
            }
        for path in dataset.paths(data, map_id):
            writer.write(f"data/{path.name}", path.read_bytes())
    compared = _compared(config, views, data, writer)
    for language in languages:
        for pair, files in compared:
            facts[language][pair.id] = files
    study = _studied(config, [pair for pair, _ in compared], data, writer)
    sensed = _sensed(config, data, writer)
    assets = publish_assets(config.root, writer, warn)
    renderer = Renderer(config.root, languages)
    count = 0
    shown: list[str] = []
    fragments: dict[str, str] = {}
    for page in pages(config, views, [pair for pair, _ in compared], study, sensed):
        for language in languages:
            prefix = "" if language == languages[0] else f"{language}/"
            here = prefix + page.url
            # A host serves the 404 page at any address, so its links start at the site's root.
            at = (
                Links(here, prefix, relative)
                if page.url != "404.html"
                else Rooted(here, prefix, relative, config.site.base_url)
            )
            context = {
                **page.context,
                "config": config,
                "site": config.site,
                "language": language,
                "languages": languages,
                "assets": assets,
                "map_files": MAPS,
                "facts": facts[language],
                "palette": PALETTE,
                "page": page,
                "link": at.link,
                "file": at.file,
                "here": here,
                "version": __version__,
                "views_all": views,
                "sharing": sharing,
                "prefix": prefix,
                "compared": [pair for pair, _ in compared],
                "studied": study,
                "sensed": sensed,
                "shape": shape,
                "absolute": lambda name, at=at: (
                    f"{config.site.base_url}/{name}" if config.site.base_url else at.file(name)
                ),
                "editions": {
                    one: at.file(("" if one == languages[0] else f"{one}/") + page.url)
                    for one in languages
                },
            }
            if "one" in context:  # a cluster's tokens read the same in every language
                if language == languages[0]:
                    fragments = {
                        f"{part}_html": renderer.render(
                            language, f"maps/{part}.html", {"one": context["one"]}
                        )
                        for part in ("tokens", "close", "rest")
                    }
                context |= fragments
            html = renderer.render(language, page.template, context)
            writer.write(f"{here}index.html" if here == "" or here.endswith("/") else here, html)
            count += 1
            if page.indexed:
                shown.append(here)
    _embeds(config, views, facts, relative, writer)
    write_addresses(config, shown, writer)
    if config.site.base_url:
        for language in languages:
            prefix = "" if language == languages[0] else f"{language}/"
            writer.write(f"{prefix}feed.xml", sharing.feed(config, views, language, prefix))
    return count


def _compared(
    config: atlas_toml.Config, views: list[MapView], data: Path, writer: Writer
) -> list[tuple[CompareView, dict[str, Any]]]:
    """Comparisons whose maps and data are there, and the files of each: of the second map as it
    lies on the first."""
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
            for width, picture in zip(
                (1200, 800), posters(view.data, view.main, (1200, 800), view.colour), strict=True
            ):
                at = f"{MAPS}{pair.id}-{width}.{hashlib.sha256(picture).hexdigest()[:10]}.webp"
                files[at] = picture
                pictures[f"{view.main}-{width}"] = at
            pairs = None
            if pair.found.pairs is not None:
                content = json.dumps(
                    [pair.ids[:, side].tolist() for side in (0, 1)], separators=(",", ":")
                ).encode()
                pairs = f"{MAPS}{pair.id}.pairs.{hashlib.sha256(content).hexdigest()[:10]}.json"
                files[pairs] = content
            points = f"{MAPS}{packed.meta['projections'][view.main]}"
            meta = f"{MAPS}{packed.meta['file']}"
            return files, {"meta": meta, "points": points, "pictures": pictures, "pairs": pairs}

        recipes = f"{VERSION} {COMPARED} {found.recipe} {first.about.recipe} {second.about.recipe}"
        made.append((pair, writer.derive(pair.id, recipes, make)))
        writer.write(f"data/{name}", (data / name).read_bytes())
    return made


def _studied(
    config: atlas_toml.Config, compared: list[CompareView], data: Path, writer: Writer
) -> Study | None:
    """What the write-up shows, where the config asks for it and its data are there."""
    found = (
        findings.read(data, writeup.NAME, writeup.WriteUp, writeup.SCHEMA_VERSION)
        if config.pitfall
        else None
    )
    if found is None:
        return None
    writer.write(f"data/{writeup.NAME}", (data / writeup.NAME).read_bytes())
    return Study(config, found, compared)


def _sensed(config: atlas_toml.Config, data: Path, writer: Writer) -> list[SenseView]:
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


def _embeds(
    config: atlas_toml.Config,
    views: list[Any],
    facts: dict[str, Any],
    relative: Callable[[str, str], str],
    writer: Writer,
) -> None:
    """The oEmbed answers, and the script that a page around a frame may use, at an address that
    stays."""
    base = config.site.base_url
    for language in config.site.languages:
        prefix = "" if language == config.site.languages[0] else f"{language}/"
        for view in views:
            here = f"{prefix}oembed/{view.id}.json"
            places = [
                f"{prefix}embed/{view.id}/",
                f"{prefix}maps/{view.id}/",
                facts[language][view.id]["pictures"]["card"],
            ]
            addresses = [f"{base}/{place}" if base else relative(place, here) for place in places]
            writer.write(here, sharing.oembed(config, view, language, *addresses))
    script = asset(config.root, "frame.js")
    if script is not None:
        writer.write("frame.js", script.read_bytes())
