"""Composes the site: the views of every section, and their pages in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.maps import moved
from atlas.maps.cards import SIZE
from atlas.maps.files.addresses import FOLDER
from atlas.maps.view import MapView
from atlas.pipeline import front
from atlas.pipeline.programs import write_programs
from atlas.pipeline.sections import SECTIONS, entries
from atlas.section import Gallery
from atlas.web.addresses import write_addresses
from atlas.web.assets import Assets, publish_assets
from atlas.web.headers import write_headers
from atlas.web.links import Edition
from atlas.web.page import Common, Page, Part
from atlas.web.redirects import write_redirects
from atlas.web.render import Renderer
from atlas.web.writer import Writer


def compose(
    config: Config, maps: Sequence[str], data: Path, writer: Writer, warn: Callable[[str], None]
) -> int:
    """Write the site. Returns the number of its pages. Raises AtlasError for a faulty theme,
    DataError for faulty atlas data."""
    gallery = arranged(config, maps, data, writer)
    renderer = Renderer(config.root, config.site.languages, config.root / ".atlas" / "templates")
    shared = common(gallery, publish_assets(config.root, writer, warn))
    indexed = []
    framed: dict[str, bool] = {}
    for page in pages(gallery):
        fragments: Mapping[str, str] = {}
        for language in config.site.languages:
            edition = Edition(config.site, language, page.url, anywhere=page.url == "404.html")
            names = context(page, edition, shared)
            fragments = fragments or {
                name: renderer.render(language, template, names)
                for name, template in page.fragments.items()
            }
            html = renderer.render(language, page.template, {**names, "fragments": fragments})
            writer.write(edition.path, html)
            framed[edition.here] = page.framed
            if page.indexed:
                indexed.append(edition.here)
    write_programs(gallery, SECTIONS)
    write_addresses(config.site.base_url, indexed, writer)
    write_redirects(writer, partial(_now, gallery))
    write_headers(framed, writer, warn)
    return len(framed)


def _now(gallery: Gallery, address: str) -> str | None:
    """The address of what an old address held, in the same edition."""
    prefixes = (f"{language}/" for language in gallery.site.languages[1:])
    prefix = next((one for one in prefixes if address.startswith(one)), "")
    views = {view.id: view for view in gallery.of("maps", MapView)}
    found = moved.now(address.removeprefix(prefix), views)
    return None if found is None else prefix + found


def arranged(config: Config, maps: Sequence[str], data: Path, writer: Writer) -> Gallery:
    """The views of every section; their files are written. Raises DataError."""
    models = {model.id: model for model in config.models}
    gallery = Gallery(config.site, config.root, models, maps, data, writer)
    for section in SECTIONS:
        views = section.show(entries(config, section), gallery)
        gallery.shown[section.name] = tuple(views)
    return gallery


def pages(gallery: Gallery) -> Iterator[Page]:
    """Every page of the site."""
    yield from front.pages(gallery.of("maps", MapView))
    for section in SECTIONS:
        yield from section.pages(gallery.shown[section.name])


def common(gallery: Gallery, assets: Assets) -> Common:
    """The names that the templates of all pages get."""
    return Common(
        site=gallery.site,
        languages=gallery.site.languages,
        assets=assets,
        version=__version__,
        map_files=FOLDER,
        card_size=SIZE,
        sections=[
            Part(section.name, section.title, section.address, gallery.shown[section.name])
            for section in SECTIONS
        ],
        pictured=gallery.of("maps", MapView)[0],
    )


def context(page: Page, edition: Edition, shared: Common) -> dict[str, Any]:
    """All names that a template of this page gets in this edition."""
    return {
        **{field.name: getattr(shared, field.name) for field in fields(shared)},
        **{field.name: getattr(page.context, field.name) for field in fields(page.context)},
        "page": page,
        "edition": edition,
        "language": edition.language,
        "link": edition.link,
        "file": edition.file,
        "style": partial(shared.assets.style, edition.file),
        "script": partial(shared.assets.script, edition.file),
        "absolute": edition.absolute,
        "pictured": page.pictured or shared.pictured,
    }
