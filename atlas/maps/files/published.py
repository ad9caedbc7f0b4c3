"""What of a map stands in the site besides its pages: the files its page fetches, posters, cards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from atlas.config.site import Site, text
from atlas.maps.cards import cards
from atlas.maps.files.addresses import FOLDER, MapFiles
from atlas.maps.files.payload import VERSION, payload
from atlas.maps.posters import posters
from atlas.web.palette import PALETTE

if TYPE_CHECKING:
    from atlas.maps.view import MapView
    from atlas.web.writer import Derived, Writer


def publish(view: MapView, site: Site, writer: Writer) -> MapFiles:
    """Write a map's files, or share them with the old site where they are as before."""
    recipe = view.about.recipe
    shown = writer.derive(
        view.id, f"{VERSION} {recipe}", lambda: drawn(view, view.about.map.projections)
    )
    titles: dict[str, tuple[str, str]] = {
        language: (view.title(language), text(site.title, language)) for language in site.languages
    }
    named = writer.derive(
        f"{view.id}.card",
        f"{VERSION} {recipe} {sorted(titles.items())}",
        lambda: _cards(view, titles),
    )
    return MapFiles(**shown, cards=named)


def drawn(view: MapView, projections: Iterable[str], name: str = "") -> Derived:
    """What the page of a map fetches, and its posters: of the main projection in two widths.

    `name` begins the names of posters; the map's id and the projection when left out.
    """
    packed = payload(view.data, len(PALETTE), view.colour)
    files = {f"{FOLDER}{file}": content for file, content in packed.files.items()}
    pictures = {}
    for projection in projections:
        widths = (1200, 800) if projection == view.main else (1200,)
        images = posters(view.data, projection, widths, view.colour)
        for width, image in zip(widths, images, strict=True):
            digest = hashlib.sha256(image).hexdigest()[:10]
            address = f"{FOLDER}{name or f'{view.id}.{projection}'}-{width}.{digest}.webp"
            files[address] = image
            pictures[f"{projection}-{width}"] = address
    return files, {
        "meta": f"{FOLDER}{packed.told}",
        "points": f"{FOLDER}{packed.points}",
        "pictures": pictures,
    }


def _cards(view: MapView, titles: Mapping[str, tuple[str, str]]) -> Derived:
    """A picture for link previews in each language. People paste its address, so it stays."""
    names = {language: f"data/{view.id}.card-{language}.png" for language in titles}
    images = cards(view.data, view.main, titles)
    return {names[language]: images[language] for language in titles}, names
