"""A site as the programs read it that follow its addresses: feed readers, and what search engines
do with the sitemap and with pages that are each other's translation."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import feedparser
import pytest
from conftest import Built
from npm import installed
from selectolax.lexbor import LexborHTMLParser

BASE = "https://atlas.example.org/of-words"
SITEMAP = "sitemap@8.0.3"  # a parser that refuses what the protocol does not allow
READ = """
import { createReadStream } from 'node:fs'
import { ErrorLevel, XMLToSitemapItemStream } from 'sitemap'
const told = new XMLToSitemapItemStream({ level: ErrorLevel.THROW, logger: false })
const items = []
for await (const item of createReadStream(process.argv[2]).pipe(told)) items.push(item)
console.log(JSON.stringify(items))
"""


@pytest.fixture(scope="module")
def placed(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small atlas with an address, dated texts and the documentation. Read only."""
    root = tmp_path_factory.mktemp("crawlers") / "atlas"
    shutil.copytree(tiny_atlas.root, root, ignore=shutil.ignore_patterns(".atlas"))
    found = Built(root)
    found.edit("[site]\n", f'[site]\nbase_url = "{BASE}"\nauthor = "A & B"\n')
    (root / "content" / "log").mkdir(parents=True, exist_ok=True)
    (root / "content" / "log" / "first.md").write_text(
        "---\ndate: 2026-02-01\n---\n# First & 1 < 2\n\nIt *began*.\n", encoding="utf-8"
    )
    found.build(frozen=True)
    return found


def links(path: Path, rel: str) -> list[dict[str, str]]:
    """The links of a page's head by their relation, as a browser parses them."""
    found = LexborHTMLParser(path.read_text(encoding="utf-8")).css(f'link[rel="{rel}"]')
    return [{name: value or "" for name, value in one.attributes.items()} for one in found]


def file_of(site: Built, url: str) -> Path:
    """The file that a host sends for an address."""
    assert url.startswith(f"{BASE}/"), url
    path = site.public / url.removeprefix(f"{BASE}/")
    return path / "index.html" if url.endswith("/") else path


def test_every_page_and_its_translations_name_each_other(placed: Built) -> None:
    told: dict[str, dict[str, str]] = {}
    for path in placed.public.rglob("*.html"):
        alternates = links(path, "alternate")
        editions = {one["hreflang"]: one["href"] for one in alternates if "hreflang" in one}
        own = [one["href"] for one in links(path, "canonical")]
        if not editions:
            continue
        assert len(own) == 1 and file_of(placed, own[0]) == path
        assert own[0] in editions.values(), path
        told[own[0]] = editions
    assert len(told) > 60
    for page, editions in told.items():
        assert set(editions) == {"en", "ja", "x-default"}, page
        assert editions["x-default"] == editions["en"]
        assert all(told[other] == editions for other in editions.values()), page


def test_the_sitemap_holds_every_page_once_and_only_pages(placed: Built, tmp_path: Path) -> None:
    node = installed(tmp_path, SITEMAP)
    (tmp_path / "read.mjs").write_text(READ, encoding="utf-8")
    command = [node, "read.mjs", str(placed.public / "sitemap.xml")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    items = json.loads(told.stdout)
    listed = [item["url"] for item in items]
    assert len(listed) == len(set(listed)) > 60
    assert all(file_of(placed, url).is_file() for url in listed)
    dated = {item["url"]: item["lastmod"] for item in items if item.get("lastmod")}
    today = datetime.now(UTC).date().isoformat()
    assert dated and all(when[:10] <= today for when in dated.values())
    measured = (
        "write-ups/inputs-embeds/",
        "compare/minilm-words--ja-aozora-words/",
        "senses/tiny/",
    )
    assert {f"{BASE}/{prefix}{one}" for prefix in ("", "ja/") for one in measured} <= dated.keys()
    every = {
        one["href"]: path
        for path in placed.public.rglob("*.html")
        for one in links(path, "canonical")
    }
    kept_out = {
        url
        for url, path in every.items()
        if 'name="robots" content="noindex' in path.read_text(encoding="utf-8")
    }
    assert set(listed) == every.keys() - kept_out


def test_feed_readers_read_the_feeds(placed: Built) -> None:
    found = 0
    for home in ("index.html", "ja/index.html"):
        for link in links(placed.public / home, "alternate"):
            if link.get("type") != "application/atom+xml":
                continue
            feed = feedparser.parse(file_of(placed, link["href"]).read_bytes())
            assert not feed.bozo, feed.get("bozo_exception")
            assert feed.version == "atom10" and feed.feed.title and feed.feed.updated_parsed
            assert feed.feed.id and len({entry.id for entry in feed.entries}) == len(feed.entries)
            for entry in feed.entries:
                assert (
                    entry.title and entry.updated_parsed and file_of(placed, entry.link).is_file()
                )
            times = [entry.updated_parsed for entry in feed.entries]
            assert times == sorted(times, reverse=True)
            (first,) = [one for one in feed.entries if one.link.endswith("/log/first/")]
            assert first.title in ("First &amp; 1 &lt; 2", "First & 1 < 2")
            assert first.updated_parsed[:3] == (2026, 2, 1)
            found += 1
    assert found == 2


def test_robots_are_led_to_the_sitemap(placed: Built) -> None:
    lines = (placed.public / "robots.txt").read_text(encoding="utf-8").splitlines()
    assert f"Sitemap: {BASE}/sitemap.xml" in lines
    assert not list(chain.from_iterable(line.split() for line in lines if line == "Disallow: /"))
