"""What other sites and search engines read of a page: its picture, its facts, its title."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyld import jsonld

from atlas.pipeline import title_cards
from atlas.web.schema_org import parted

BASE = "https://atlas.example.org/of-words"
LIMIT = 40_000  # bytes of a card that is set in type
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
# The properties that schema.org knows of what pages are made of, as far as they are used.
THING = {"name", "description", "url", "identifier", "image", "sameAs", "potentialAction"}
WORK = THING | {
    *("headline", "inLanguage", "datePublished", "dateModified", "author", "publisher", "creator"),
    *("license", "isAccessibleForFree", "version", "keywords", "isBasedOn", "size"),
}
KNOWN = {
    "WebSite": WORK,
    "Article": WORK,
    "Dataset": WORK
    | {"distribution", "includedInDataCatalog", "measurementTechnique", "variableMeasured"},
    "DataCatalog": WORK,
    "DataDownload": WORK | {"contentUrl", "encodingFormat"},
    "SoftwareSourceCode": WORK,
    "PropertyValue": THING,
    "Organization": THING,
    "SearchAction": THING | {"target", "query-input"},
    "EntryPoint": THING | {"urlTemplate"},
    "BreadcrumbList": THING | {"itemListElement"},
    "ListItem": THING | {"position", "item"},
    "DefinedTerm": THING | {"termCode", "inLanguage", "inDefinedTermSet"},
    "DefinedTermSet": WORK,
}


@pytest.fixture(scope="module")
def placed(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small atlas with an address, an author, a licence and a dated text."""
    root = tmp_path_factory.mktemp("previews") / "atlas"
    shutil.copytree(tiny_atlas.root, root)
    found = Built(root)
    site = f'[site]\nbase_url = "{BASE}"\nauthor = "A & B"\nlicence = "CC-BY-4.0"\n'
    found.edit("[site]\n", site)
    (root / "content").mkdir(exist_ok=True)
    for name, text in {
        "log/index.md": "# A log\n\nAll of it.\n",
        "log/first.md": "---\ndate: 2026-02-01\n---\n# First & 1 < 2\n\nIt began.\n",
    }.items():
        (root / "content" / name).parent.mkdir(exist_ok=True)
        (root / "content" / name).write_text(text, encoding="utf-8")
    found.build()
    return found


def pages(site: Built) -> Iterator[tuple[str, str]]:
    """Each page's address below the root, and its HTML."""
    for path in sorted(site.public.rglob("*.html")):
        name = path.relative_to(site.public).as_posix()
        yield name.removesuffix("index.html"), path.read_text(encoding="utf-8")


def facts(html: str) -> list[dict[str, Any]]:
    return [json.loads(block) for block in BLOCK.findall(html)]


def meta(html: str, name: str) -> str | None:
    found = re.search(rf'<meta (?:property|name)="{name}" content="([^"]*)"', html)
    return unescape(found[1]) if found else None


def file_of(site: Built, url: str) -> Path:
    assert url.startswith(f"{BASE}/"), url
    return site.public / url.removeprefix(f"{BASE}/")


def expanded(block: dict[str, Any]) -> list[dict[str, Any]]:
    """A block as a JSON-LD processor reads it, with the whole vocabulary of schema.org."""

    def load(url: str, options: object) -> dict[str, Any]:
        assert url.rstrip("/") == "https://schema.org"
        document = {"@context": {"@vocab": "https://schema.org/"}}
        return {"contextUrl": None, "documentUrl": url, "document": document}

    found: list[dict[str, Any]] = jsonld.expand(block, {"documentLoader": load})
    return found


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, list):
        for part in tree:
            yield from nodes(part)
    elif isinstance(tree, dict):
        if "@type" in tree:
            yield tree
        for part in tree.values():
            yield from nodes(part)


def test_no_page_carries_the_card_of_another_kind(placed: Built) -> None:
    bearers = defaultdict(set)
    for address, html in pages(placed):
        card = meta(html, "og:image")
        if address.endswith("404.html"):
            assert card is None and meta(html, "og:url") is None and not facts(html)
            assert "canonical" not in html and "hreflang" not in html.partition("<body")[0]
            continue
        assert card and meta(html, "og:image:alt"), address
        assert file_of(placed, card).is_file(), address
        bearers[card].add(address)
    for card, addresses in bearers.items():
        if "/words/cards/" not in card:  # a word's holds no sentence
            assert len({address.startswith("ja/") for address in addresses}) == 1, addresses
        kinds = {address.removeprefix("ja/").split("/")[0] for address in addresses}
        assert len(kinds) == 1 or kinds == {"maps", "embed"}, (card, addresses)
    own = {card for card, addresses in bearers.items() if len(addresses) == 1}
    for address, html in pages(placed):
        first = address.removeprefix("ja/").split("/")[0]
        if first in ("", "about", "embedding", "compare", "senses", "models", "write-ups", "log"):
            assert meta(html, "og:image") in own, address


def test_cards_of_titles_are_small_and_alike(placed: Built) -> None:
    cards = sorted((placed.public / "assets" / "cards").glob("*.png"))
    assert len(cards) > 20
    for card in cards:
        assert card.stat().st_size < LIMIT
        with Image.open(card) as picture:
            assert picture.size == (1200, 630)
            assert picture.mode == "P"


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=120)


@given(words, words, words, words)
def test_any_words_make_a_card_and_always_the_same(a: str, b: str, c: str, d: str) -> None:
    drawn = title_cards.drawn(a, b, c, d)
    assert drawn == title_cards.drawn(a, b, c, d)
    assert len(drawn) < LIMIT * 2


def test_another_title_makes_another_picture() -> None:
    one = title_cards.drawn("Site", "", "A title", "What it says.")
    assert one != title_cards.drawn("Site", "", "Another", "What it says.")
    assert one != title_cards.drawn("Site", "", "A title", "What it does not say.")


def test_titles_and_descriptions_are_those_of_one_page(placed: Built) -> None:
    for pick in (
        lambda html: re.search("<title>(.*?)</title>", html, re.DOTALL)[1],  # type: ignore[index]
        lambda html: meta(html, "description"),
    ):
        for language in ("", "ja/"):
            told = Counter(
                pick(html)
                for address, html in pages(placed)
                if address.startswith("ja/") == bool(language)
                and 'name="robots" content="noindex"' not in html
            )
            assert len(told) > 20
            assert not {text: count for text, count in told.items() if count > 1}


def test_facts_are_those_of_schema_org(placed: Built) -> None:
    kinds: Counter[str] = Counter()
    for address, html in pages(placed):
        for block in facts(html):
            (root,) = expanded(block)
            assert root["@type"][0].startswith("https://schema.org/")
            for node in nodes(root):
                kind = node["@type"][0].removeprefix("https://schema.org/")
                kinds[kind] += 1
                own = {key.removeprefix("https://schema.org/") for key in node if key[0] != "@"}
                assert own <= KNOWN[kind], (address, kind, own - KNOWN[kind])
    assert {"WebSite", "SearchAction", "BreadcrumbList", "Article", "Dataset"} <= kinds.keys()
    assert kinds["WebSite"] == kinds["SearchAction"] == 2  # one a language


def test_every_trail_leads_over_pages_to_the_page(placed: Built) -> None:
    trails = 0
    for address, html in pages(placed):
        trail = [block for block in facts(html) if block["@type"] == "BreadcrumbList"]
        indexed = not address.endswith("404.html") and 'content="noindex"' not in html
        assert len(trail) == (indexed and address not in ("", "ja/")), address
        for block in trail:
            items = block["itemListElement"]
            trails += 1
            assert [item["position"] for item in items] == [*range(1, len(items) + 1)]
            assert items[0]["item"] == f"{BASE}/{'ja/' if address.startswith('ja/') else ''}"
            assert items[-1]["item"] == f"{BASE}/{address}"
            assert all(item["name"] for item in items) and len(items) > 1
            for item in items:
                assert (file_of(placed, item["item"]) / "index.html").is_file()
    assert trails > 20
    page = (placed.public / "log" / "first" / "index.html").read_text(encoding="utf-8")
    (trail,) = [block for block in facts(page) if block["@type"] == "BreadcrumbList"]
    assert [item["name"] for item in trail["itemListElement"]][1:] == ["A log", "First & 1 < 2"]


def test_the_home_page_says_where_to_search(placed: Built) -> None:
    for prefix in ("", "ja/"):
        (site,) = facts((placed.public / prefix / "index.html").read_text(encoding="utf-8"))
        target = site["potentialAction"]["target"]["urlTemplate"]
        url = target.replace("{search_term_string}", quote("優勝"))
        address, _, query = url.partition("?")
        assert query == f"w={quote('優勝')}"
        assert (file_of(placed, address) / "index.html").is_file()
        assert site["url"] == f"{BASE}/{prefix}" and site["license"].startswith("https://")


def test_texts_with_a_date_and_write_ups_are_articles(placed: Built) -> None:
    found = {
        address: block
        for address, html in pages(placed)
        for block in facts(html)
        if block["@type"] == "Article"
    }
    assert {"log/first/", "ja/log/first/", "write-ups/inputs-embeds/"} <= found.keys()
    assert "log/" not in found  # it has no date
    first = found["log/first/"]
    assert (first["headline"], first["datePublished"]) == ("First & 1 < 2", "2026-02-01")
    for address, block in found.items():
        assert block["url"] == f"{BASE}/{address}" and block["author"]["name"] == "A & B"
        assert file_of(placed, block["image"]).is_file()
        assert block["datePublished"] <= datetime.now(UTC).date().isoformat(), address


def test_data_have_a_licence_and_can_be_fetched(placed: Built) -> None:
    found = {
        address: block
        for address, html in pages(placed)
        for block in facts(html)
        if block["@type"] == "Dataset"
    }
    assert {"maps/minilm-words/", "ja/maps/minilm-words/"} <= found.keys()
    for block in found.values():
        assert 50 <= len(block["description"]) <= 5000  # as Google asks
        assert block["license"] == "https://creativecommons.org/licenses/by/4.0/"
        for file in block["distribution"]:
            assert file_of(placed, file["contentUrl"]).is_file()


@given(st.text("ab ·", min_size=1), st.sampled_from(["Site", "a", "b · c"]))
def test_a_title_of_a_page_gives_its_name_back(name: str, site: str) -> None:
    name = name.replace(" · ", "").strip(" ·") or "x"
    assert parted(f"{name} · {site}", site) == (name, "")
    assert parted(f"{name} · Above · {site}", site) == (name, "Above")
    assert parted(site, f"{site}!")[0]
