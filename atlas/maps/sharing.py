"""Descriptions of a map for other sites: oEmbed, feeds, schema.org facts, citations and the snippet
of an iframe.

Addresses are absolute if the site has a `base_url`, else relative to the page, which browsers
resolve and most crawlers do not.

oEmbed 1.0: https://oembed.com/. The dataset follows Google's reading of https://schema.org/Dataset.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from atlas import __version__
from atlas.config.characters import numbered
from atlas.config.site import Site, text
from atlas.maps.cards import SIZE as CARD
from atlas.maps.facts import ModelFacts
from atlas.web.identity import licence

if TYPE_CHECKING:
    from atlas.maps.view import MapView

WIDTH, HEIGHT = 800, 560  # of a frame, for hosts that ask for a size
# Descriptions of the columns of the data for search engines, in English in every edition.
VARIABLES = {
    "x, y": "place of the token on the map, one pair for each projection",
    "neighbors": "exact nearest neighbors by cosine in the original space, with similarities",
    "clusters": "group of the token at two levels; -1 is noise",
    "overlap": "share of the token's nearest neighbors that a projection keeps among its nearest",
}

TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
}


def snippet(url: str, title: str, height: int = HEIGHT) -> str:
    """The element that puts a map into another page."""
    return (
        f'<iframe src="{html.escape(url)}" title="{html.escape(title)}" width="100%" '
        f'height="{height}" loading="lazy" allow="fullscreen" '
        'referrerpolicy="strict-origin-when-cross-origin" style="border:0"></iframe>'
    )


def oembed(site: Site, view: MapView, language: str, embed: str, page: str, picture: str) -> str:
    """The oEmbed answer of a map, in JSON: a frame of full width. `embed`, `page` and `picture` are
    the addresses of the page for frames, the map's page and the card."""
    title = view.title(language)
    facts: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": text(site.title, language),
        "html": snippet(embed, title),
        "width": WIDTH,
        "height": HEIGHT,
        "url": page,
        "thumbnail_url": picture,
        "thumbnail_width": CARD[0],
        "thumbnail_height": CARD[1],
        "cache_age": 86400,
    }
    if site.base_url:
        facts["provider_url"] = f"{site.base_url}/"
    if site.author:
        facts["author_name"] = site.author
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


class Entry(NamedTuple):
    """A page as a feed tells of it: its title, its address below the root of the edition, when it
    was made (RFC 3339), and a sentence."""

    title: str
    address: str
    updated: str
    summary: str


def entry(view: MapView, language: str) -> Entry:
    """A map as feeds tell of it."""
    summary = view.description(language) or view.model_title(language)
    return Entry(view.title(language), f"maps/{view.id}/", view.about.built, summary)


def feed(site: Site, entries: Iterable[Entry], language: str, prefix: str) -> str:
    """An Atom feed (RFC 4287), newest first. Its addresses are absolute, so the site needs a
    base_url."""
    base, atom = f"{site.base_url}/{prefix}", "http://www.w3.org/2005/Atom"
    root = ET.Element("feed", {"xmlns": atom, "xml:lang": language})

    def add(parent: ET.Element, name: str, value: str = "", **marks: str) -> ET.Element:
        part = ET.SubElement(parent, name, marks)
        part.text = value or None
        return part

    newest = sorted(entries, key=lambda one: (one.updated, one.address), reverse=True)
    name = text(site.title, language)
    add(root, "title", name)
    add(root, "id", base)
    add(root, "link", rel="self", href=f"{base}feed.xml", type="application/atom+xml")
    add(root, "link", rel="alternate", href=base, type="text/html", hreflang=language)
    add(root, "updated", newest[0].updated if newest else "1970-01-01T00:00:00Z")
    add(add(root, "author"), "name", site.author or name)
    for one in newest:
        part = add(root, "entry")
        place = f"{base}{one.address}"
        add(part, "title", one.title)
        add(part, "id", place)
        add(part, "link", rel="alternate", href=place, type="text/html", hreflang=language)
        add(part, "updated", one.updated)
        add(part, "summary", one.summary)
    ET.indent(root, " ")
    body = numbered(ET.tostring(root, encoding="unicode"), "&lt;{}&gt;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def dataset(
    site: Site,
    view: MapView,
    language: str,
    description: str,
    page: str,
    files: dict[str, str],
    picture: str,
) -> dict[str, Any]:
    """A map's data as schema.org's Dataset. `files` are the addresses of downloads by media
    type."""
    about = view.about
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": view.title(language),
        "url": page,
        "identifier": view.id,
        "description": description,
        "inLanguage": language,
        "isAccessibleForFree": True,
        "version": about.recipe[:12],
        "image": picture,
        "dateModified": about.built,
        "datePublished": about.built[:10],
        "size": f"{len(view.ids)} tokens",
        **_measured(view),
        "includedInDataCatalog": {"@type": "DataCatalog", "name": text(site.title, language)},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": url}
            for kind, url in files.items()
        ],
        "isBasedOn": _basis(about.model),
    }
    if told := licence(site.licence):
        facts["license"] = told.url
    if site.base_url:
        facts["includedInDataCatalog"]["url"] = f"{site.base_url}/"
    if site.author:
        facts["creator"] = facts["publisher"] = {"@type": "Organization", "name": site.author}
    return facts


def _measured(view: MapView) -> dict[str, Any]:
    """The methods and the variables of a map's data."""
    about = view.about
    return {
        "keywords": [
            "word embeddings",
            "language models",
            "token vocabulary",
            *about.map.projections,
            about.model.id,
        ],
        "measurementTechnique": [
            *about.map.projections,
            "exact nearest neighbors by cosine",
            "HDBSCAN",
        ],
        "variableMeasured": [
            {"@type": "PropertyValue", "name": name, "description": what}
            for name, what in VARIABLES.items()
        ],
    }


def _basis(model: ModelFacts) -> dict[str, Any]:
    """The checkpoint of a map."""
    facts: dict[str, Any] = {
        "@type": "SoftwareSourceCode",
        "name": model.id,
        "version": model.revision or model.digest,
    }
    if model.source.startswith("hub:"):
        facts["sameAs"] = f"https://huggingface.co/{model.source.removeprefix('hub:')}"
    if licence := model.facts.get("license"):
        facts["license"] = licence
    return facts


def citation(site: Site, view: MapView, language: str, url: str) -> dict[str, str]:
    """The map as BibTeX and as a line of text. `url` may be a placeholder that the page fills
    in."""
    year, month, day = view.about.built[:10].split("-")
    title, name, author = (
        view.title(language),
        text(site.title, language),
        site.author,
    )
    plain = unicodedata.normalize("NFKD", view.id).encode("ascii", "ignore").decode()
    key = re.sub(r"[^A-Za-z0-9]+", "-", f"{plain}-{year}").strip("-")
    model = view.about.model
    source = f"{view.model_title(language)}; {model.revision or model.digest[:20]}"
    fields = {
        "title": f"{{{_tex(title)}}}",
        "author": f"{{{_tex(author)}}}" if author else "",
        "year": year,
        "month": str(int(month)),
        "howpublished": _tex(name),
        "url": url,
        "version": view.about.recipe[:12],
        "note": _tex(f"{source}; atlas {__version__}"),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    version = f"{view.model_title(language)}, {fields['version']}"
    by = f"{author}. " if author else ""
    line = f"{by}{title} ({version}). {name}, {year}-{month}-{day}. {url}"
    return {"bibtex": f"@misc{{{key},\n{lines}\n}}", "text": line}


@dataclass(frozen=True)
class Sharing:
    """The functions of this module, for one map of a site, as templates call them."""

    site: Site
    view: MapView

    def snippet(self, url: str, language: str) -> str:
        """The element that puts the map at this address into another page."""
        return snippet(url, self.view.title(language))

    def citation(self, language: str, url: str) -> dict[str, str]:
        """The map as BibTeX and as a line of text."""
        return citation(self.site, self.view, language, url)

    def dataset(
        self, language: str, description: str, page: str, files: dict[str, str], picture: str
    ) -> dict[str, Any]:
        """The map's data as schema.org's Dataset."""
        return dataset(self.site, self.view, language, description, page, files, picture)


def _tex(value: str) -> str:
    """Text with TeX's special signs as commands; braces too, because BibTeX counts them even after
    a backslash."""
    return "".join(TEX.get(sign, sign) for sign in value)
