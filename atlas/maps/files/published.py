"""The files of a map besides its pages: those that its page fetches, posters and cards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from atlas.config.site import Site, text
from atlas.maps.cards import cards
from atlas.maps.files.addresses import FOLDER, MapFiles
from atlas.maps.files.payload import VERSION, payload
from atlas.maps.posters import posters
from atlas.maps.sharing import oembed
from atlas.web.links import Edition
from atlas.web.palette import PALETTE
from atlas.web.writer import Wanted

if TYPE_CHECKING:
    from atlas.maps.view import MapView
    from atlas.section import Gallery
    from atlas.web.writer import Derived

WIDTHS = (1200, 800, 400)  # pixels of posters, which are of the main projection


def publish(views: Sequence[MapView], gallery: Gallery) -> None:
    """Ask for the files of maps, and have these told where they are. Those that a map's recipe
    leaves unchanged are shared with the old site. Then write the maps' oEmbed answers."""

    def tell(made: Sequence[Any]) -> None:
        for view, files, addresses in zip(views, made[::2], made[1::2], strict=True):
            view.files = MapFiles(**files, cards=addresses)
            for language in gallery.site.languages:
                _answer(view, Edition(gallery.site, language, f"oembed/{view.id}.json"), gallery)

    wanted = [one for view in views for one in (_files(view), _previews(view, gallery.site))]
    gallery.derive(wanted, tell)


def _answer(view: MapView, edition: Edition, gallery: Gallery) -> None:
    """Write the oEmbed answer of a map in one edition."""
    places = (
        f"{edition.prefix}embed/{view.id}/",
        f"{edition.prefix}maps/{view.id}/",
        view.files.cards[edition.language],
    )
    answer = oembed(gallery.site, view, edition.language, *map(edition.absolute, places))
    gallery.writer.write(edition.here, answer)


def _files(view: MapView) -> Wanted:
    key = f"{VERSION} {WIDTHS} {view.main} {view.about.recipe} {view.map.clusters.pages}"
    return Wanted(view.id, key, partial(drawn, view))


def _previews(view: MapView, site: Site) -> Wanted:
    titles: dict[str, tuple[str, str]] = {
        language: (view.title(language), text(site.title, language)) for language in site.languages
    }
    key = f"{VERSION} {view.about.recipe} {sorted(titles.items())}"
    return Wanted(f"{view.id}.card", key, partial(_cards, view, titles))


def drawn(view: MapView, name: str = "", like: MapView | None = None) -> Derived[dict[str, Any]]:
    """The files that the page of a map fetches, and its posters, of the main projection in several
    widths.

    `name` begins the names of posters; empty for the map's id and the projection. `like` is a map
    of the same tokens, some of whose files are the same.
    """
    packed = payload(
        view.data,
        len(PALETTE),
        view.colour,
        view.map.clusters.pages,
        like=like.data if like else None,
    )
    files = {f"{FOLDER}{file}": content for file, content in packed.files.items()}
    pictures = {}
    widths = WIDTHS[:2] if name else WIDTHS  # pages of words show maps alone
    images = posters(view.data, view.main, widths, view.colour)
    for width, image in zip(widths, images, strict=True):
        digest = hashlib.sha256(image).hexdigest()[:10]
        address = f"{FOLDER}{name or f'{view.id}.{view.main}'}-{width}.{digest}.webp"
        files[address] = image
        pictures[f"{view.main}-{width}"] = address
    return files, {
        "meta": f"{FOLDER}{packed.head}",
        "points": f"{FOLDER}{packed.points}",
        "pictures": pictures,
    }


def _cards(view: MapView, titles: Mapping[str, tuple[str, str]]) -> Derived[dict[str, str]]:
    """A picture for link previews in each language. Other sites keep its address, so it is
    fixed."""
    names = {language: f"data/{view.id}.card-{language}.png" for language in titles}
    images = cards(view.data, view.main, titles)
    return {names[language]: images[language] for language in titles}, names
