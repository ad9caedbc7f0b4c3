"""What a page is, in the words of schema.org, for search engines: JSON-LD as Google reads it.

https://developers.google.com/search/docs/appearance/structured-data/search-gallery
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from atlas.config.site import Site, text
from atlas.web.identity import licence
from atlas.web.links import Edition

CONTEXT = "https://schema.org"
Facts = dict[str, object]
_TAG = re.compile(r"<[^>]*>")


def parted(title: str, site: str) -> tuple[str, str]:
    """A page's own name in its title, and what stands around that: `a · b · site` and `a · b` are
    a page a of b."""
    if title.endswith(f" · {site}"):
        name, _, above = title.removesuffix(f" · {site}").partition(" · ")
    else:  # names of clusters are parted, too
        name, _, above = title.rpartition(" · ")
    return (name, above) if name else (title, "")


@dataclass(frozen=True)
class SchemaOrg:
    """The facts of one page.

    edition  of the page
    names    of the pages so far, by their addresses: the trail of a page leads over them
    """

    edition: Edition
    names: dict[str, str]

    def page(self, title: str, description: str, search: str) -> Facts:
        """The way to the page from the home page; of the home page itself, the site. `search` is
        the address of the page that answers `?w=`; empty for none."""
        name, _ = parted(plain(title), self._site)
        self.names[self.edition.here] = name
        return self._trail() if self.edition.url else self._home(description, search)

    def article(self, headline: str, description: str, picture: str, date: str = "") -> Facts:
        """A page of text. `date` is the day of its publication; empty where it is not known."""
        dated = {"datePublished": date, "dateModified": date} if date else {}
        return {
            "@context": CONTEXT,
            "@type": "Article",
            "headline": parted(plain(headline), self._site)[0],
            "description": plain(description),
            "url": self._absolute(self.edition.here),
            "image": self._absolute(picture),
            "inLanguage": self.edition.language,
            **dated,
            **self._owned(),
        }

    def dataset(self, name: str, description: str, files: Mapping[str, str]) -> Facts:
        """Data that the page shows. `files` are names of downloads by media type."""
        return {
            "@context": CONTEXT,
            "@type": "Dataset",
            "name": parted(plain(name), self._site)[0],
            "description": plain(description),
            "url": self._absolute(self.edition.here),
            "inLanguage": self.edition.language,
            "isAccessibleForFree": True,
            "distribution": [
                {
                    "@type": "DataDownload",
                    "encodingFormat": kind,
                    "contentUrl": self._absolute(file),
                }
                for kind, file in files.items()
            ],
            **self._owned(),
        }

    def _home(self, description: str, search: str) -> Facts:
        facts: Facts = {
            "@context": CONTEXT,
            "@type": "WebSite",
            "name": self._site,
            "url": self._absolute(self.edition.here),
            "description": plain(description),
            "inLanguage": self.edition.language,
            **self._owned(),
        }
        if search:
            target = f"{self._absolute(self.edition.prefix + search)}?w={{search_term_string}}"
            facts["potentialAction"] = {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": target},
                "query-input": "required name=search_term_string",
            }
        return facts

    def _trail(self) -> Facts:
        parts = self.edition.url.split("/")
        above = ["", *("/".join(parts[:end]) + "/" for end in range(1, len(parts)))]
        ways = [self.edition.prefix + url for url in above if url != self.edition.url]
        ways = [way for way in ways if way in self.names]
        return {
            "@context": CONTEXT,
            "@type": "BreadcrumbList",
            "itemListElement": [
                {
                    "@type": "ListItem",
                    "position": place,
                    "name": self.names[way],
                    "item": self._absolute(way),
                }
                for place, way in enumerate([*ways, self.edition.here], 1)
            ],
        }

    def _owned(self) -> Facts:
        """Whose it is."""
        facts: Facts = {}
        if told := licence(self._settings.licence):
            facts["license"] = told.url
        if self._settings.author:
            facts["author"] = facts["publisher"] = {
                "@type": "Organization",
                "name": self._settings.author,
            }
        return facts

    @property
    def _settings(self) -> Site:
        return self.edition.site

    @property
    def _site(self) -> str:
        return text(self._settings.title, self.edition.language)

    def _absolute(self, address: str) -> str:
        return self.edition.absolute(address)


def plain(html: str) -> str:
    """The text of a piece of HTML."""
    return " ".join(unescape(_TAG.sub("", html)).split())
