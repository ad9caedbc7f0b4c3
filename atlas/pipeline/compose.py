"""Composes the site: the views of every section, and their pages in every language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.config.site import Site
from atlas.content import pages as content
from atlas.content.pages import ContentPage, Writing
from atlas.content.texts import at_fault, beside, unshown
from atlas.errors import AtlasError
from atlas.findings.finding import Finding
from atlas.findings.words.view import WordsView
from atlas.maps import moved
from atlas.maps.absent import absent
from atlas.maps.cards import SIZE
from atlas.maps.facts import About
from atlas.maps.files.addresses import FOLDER
from atlas.maps.sharing import entry, feed
from atlas.maps.view import MapView
from atlas.pipeline import forked, front, own, search
from atlas.pipeline.navigation import navigation
from atlas.pipeline.programs import write_programs
from atlas.pipeline.rendering import Rendering
from atlas.pipeline.sections import SECTIONS, entries
from atlas.section import Gallery, Spread
from atlas.web import headers, redirects, static
from atlas.web.addresses import write_addresses
from atlas.web.assets import Assets, publish_assets
from atlas.web.identity import Identity, publish_identity
from atlas.web.languages import lacking
from atlas.web.links import Edition
from atlas.web.page import Common, Page, Part
from atlas.web.render import Renderer
from atlas.web.theme_faults import lint
from atlas.web.writer import Writer


def compose(
    config: Config,
    maps: Sequence[str],
    data: Path,
    writer: Writer,
    warn: Callable[[str], None],
    *,
    drafts: bool = False,
    jobs: int = 1,
    rendered: Callable[[int, int], None] = lambda _, __: None,
) -> int:
    """Write the site, in up to `jobs` processes. Returns the number of its pages. Raises AtlasError
    for a faulty theme, DataError for faulty atlas data."""
    site = config.site
    written = own.check(config, drafts=drafts)
    gallery = arranged(config, maps, data, writer, partial(forked.spread, jobs))
    pens = renderer(config)
    for fault in (
        *lint(config.root, pens.environments[site.languages[0]]),
        *unshown(config.root, site.languages),
        *own.absent(config, written, maps),
        *absent(config.landmarks, gallery.of("maps", MapView)),
    ):
        warn(fault)
    for language in site.languages:
        if lost := lacking(config.root, language):
            warn(
                f"locale/{language}: {len(lost)} messages are not translated and are shown in "
                f"English, such as {lost[0]!r}; `atlas messages {language}` adds those that the "
                "catalogue lacks."
            )
    writing = Writing(written, gallery.of("maps", MapView), site.edit)
    shared = common(
        gallery,
        publish_assets(config.root, writer, warn),
        publish_identity(config.root, site, writer, warn),
        writing,
    )
    laid = list(pages(gallery, writing))
    _check_free(laid, site, writer)
    told = Rendering(site, shared, pens, writer).all(laid, jobs, rendered)
    indexed: dict[str, str] = {}
    framed: dict[str, bool] = {}
    said = search.Indexes(site.languages)
    for page, texts in zip(laid, told, strict=True):
        for language in site.languages:
            edition = Edition(site, language, page.url)
            framed[edition.here] = page.framed
            said.add(language, texts[language])
            if page.indexed:
                indexed[edition.here] = updated(page, language)
    if gallery.shown["words"]:  # else there is no field
        said.write(writer, gallery.spread)
    write_feeds(gallery, writing)
    write_programs(gallery, SECTIONS)
    write_addresses(site.base_url, indexed, writer)
    for name, path in beside(config.root):
        static.copy(name, path, writer)
    static.publish_static(config.root, writer, warn)
    static.write_for_github(site.base_url, writer)
    rules = static.merged(config.root, redirects.FILE)
    redirects.write_redirects(
        writer, partial(_now, gallery), config.redirects, site.base_url, rules, warn
    )
    headers.write_headers(framed, writer, warn, static.merged(config.root, headers.FILE))
    for astray in writing.astray(site, writer.files):
        warn(astray)
    return len(framed)


def renderer(config: Config) -> Renderer:
    """Renders the site's templates; what they compile to is kept for the next build."""
    return Renderer(config.root, config.site.languages, config.root / ".atlas" / "templates")


def write_feeds(gallery: Gallery, writing: Writing) -> None:
    """Write a feed of the maps and of dated content in every language, if there is a base_url."""
    site = gallery.site
    for language in site.languages if site.base_url else ():
        edition = Edition(site, language, "feed.xml")
        maps = (entry(view, language) for view in gallery.of("maps", MapView))
        entries = [*maps, *writing.dated(language)]
        gallery.writer.write(edition.here, feed(site, entries, language, edition.prefix))


def updated(page: Page, language: str) -> str:
    """When what a page shows was made, a date; empty where it is not known."""
    if isinstance(page.context, ContentPage):
        date = page.context.article.text(language).front.date
        return date.isoformat() if date else ""
    for part in vars(page.context).values():
        shown = part.about if isinstance(part, MapView) else getattr(part, "data", None)
        if isinstance(shown, About | Finding):
            return shown.built[:10]
    return ""


def _check_free(laid: Sequence[Page], site: Site, writer: Writer) -> None:
    """Raise AtlasError where the site has two pages at an address, or a file at that of a page."""
    taken = set(writer.files)
    told: list[str] = []
    for page in laid:
        paths = {Edition(site, language, page.url).path for language in site.languages}
        if not taken & paths:
            taken |= paths
            continue
        if isinstance(page.context, ContentPage):
            file = next(iter(page.context.article.texts.values())).file
            told.append(
                f"content/{file}: the atlas has a page /{page.url} of its own; name it otherwise"
            )
            continue
        raise AtlasError(
            f"/{page.url}: two pages have this address",
            "It is made of ids in atlas.toml; give one of its models or maps another id.",
        )
    if told:
        raise at_fault(told)


def _now(gallery: Gallery, address: str) -> str | None:
    """The address of what an old address held, in the same edition."""
    prefixes = (f"{language}/" for language in gallery.site.languages[1:])
    prefix = next((one for one in prefixes if address.startswith(one)), "")
    plain = address.removeprefix(prefix)
    if word := re.fullmatch(r"words/([^/]+)/", plain):
        words = (view.now(word[1]) for view in gallery.of("words", WordsView))
        found = next((f"words/{told}" for told in words if told is not None), None)
    else:
        found = moved.now(plain, {view.id: view for view in gallery.of("maps", MapView)})
    return None if found is None else prefix + found


def arranged(
    config: Config, maps: Sequence[str], data: Path, writer: Writer, spread: Spread = map
) -> Gallery:
    """The views of every section; their files are written. Raises DataError."""
    models = {model.id: model for model in config.models}
    gallery = Gallery(config.site, config.root, models, maps, data, writer, spread=spread)
    for section in SECTIONS:
        views = section.show(entries(config, section), gallery)
        gallery.shown[section.name] = tuple(views)
    gallery.write()
    return gallery


def pages(gallery: Gallery, writing: Writing) -> Iterator[Page]:
    """Every page of the site; those of content last."""
    yield from front.pages(gallery.of("maps", MapView), gallery.site.hero.maps)
    for section in SECTIONS:
        yield from section.pages(gallery.shown[section.name])
    yield from content.pages(writing)


def common(gallery: Gallery, assets: Assets, identity: Identity, writing: Writing) -> Common:
    """The names that the templates of all pages get."""
    sections = [
        Part(section.name, section.title, section.address, gallery.shown[section.name])
        for section in SECTIONS
    ]
    return Common(
        site=gallery.site,
        languages=gallery.site.languages,
        assets=assets,
        version=__version__,
        map_files=FOLDER,
        card_size=SIZE,
        sections=sections,
        nav=navigation(gallery.site, sections, writing.articles),
        identity=identity,
    )
