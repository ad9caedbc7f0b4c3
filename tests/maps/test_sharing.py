from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import micawber
import pytest
from conftest import Built
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from pybtex.database import parse_string

from atlas import atlas_toml as config
from atlas.maps import sharing
from atlas.maps.view import MapView

BASE = "https://atlas.example.org/maps-of-words"


class Head(HTMLParser):
    """What a consumer of links reads: meta properties, alternate links, the JSON-LD block,
    frames."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: list[dict[str, str | None]] = []
        self.frames: list[dict[str, str | None]] = []
        self.blocks: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta" and (name := found.get("property") or found.get("name")):
            self.meta[name] = found.get("content") or ""
        if tag == "link":
            self.links.append(found)
        if tag == "iframe":
            self.frames.append(found)
        self._inside = tag == "script" and found.get("type") == "application/ld+json"
        if self._inside:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.blocks[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


@pytest.fixture(scope="module")
def placed(plain_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small atlas with an address of its own."""
    root = tmp_path_factory.mktemp("placed") / "atlas"
    shutil.copytree(plain_atlas.root, root)
    found = Built(root)
    found.edit("[site]\n", f'[site]\nbase_url = "{BASE}"\nauthor = "A & B_C"\n')
    found.build()
    return found


def file_of(site: Built, url: str) -> Path:
    assert url.startswith(BASE + "/"), url
    path = site.public / url.removeprefix(BASE + "/")
    return path / "index.html" if path.is_dir() else path


@pytest.mark.parametrize("prefix", ["", "ja/"])
@pytest.mark.parametrize("map_id", ["minilm-words", "ja-aozora-words"])
@pytest.mark.parametrize("kind", ["maps", "embed"])
def test_oembed_is_found_from_the_page_and_leads_to_the_map(
    placed: Built, prefix: str, map_id: str, kind: str
) -> None:
    head = Head((placed.public / prefix / kind / map_id / "index.html").read_text(encoding="utf-8"))
    (link,) = [one for one in head.links if one.get("type") == "application/json+oembed"]
    found = json.loads(file_of(placed, str(link["href"])).read_text(encoding="utf-8"))
    assert found["version"] == "1.0" and found["type"] == "rich" and found["title"] == link["title"]
    assert found["width"] > 0 and found["height"] > 0
    assert found["author_name"] == "A & B_C" and found["provider_url"] == f"{BASE}/"
    (frame,) = Head(found["html"]).frames
    assert frame["title"] == found["title"] and frame["loading"] == "lazy"
    assert (
        f"{prefix}embed/{map_id}/" in str(frame["src"])
        and file_of(placed, str(frame["src"])).is_file()
    )
    assert file_of(placed, found["url"]).is_file()
    with Image.open(file_of(placed, found["thumbnail_url"])) as picture:
        assert picture.size == (found["thumbnail_width"], found["thumbnail_height"]) == (1200, 630)


def test_every_page_has_a_card(placed: Built) -> None:
    pages = [
        path
        for path in placed.public.rglob("index.html")
        if "clusters" not in path.parts or path.parent.name == "clusters"
    ]
    assert len(pages) > 10
    for path in pages:
        head = Head(path.read_text(encoding="utf-8"))
        meta = head.meta
        assert meta["og:title"] and meta["og:description"] and meta["og:type"] == "website", path
        assert file_of(placed, meta["og:url"]) == path
        told = (int(meta["og:image:width"]), int(meta["og:image:height"]))
        assert meta["og:image:alt"], path
        with Image.open(file_of(placed, meta["og:image"])) as picture:
            assert (picture.format, picture.size) == ("PNG", told), path
        assert told in ((1200, 630), (600, 315)), path  # those of words are small
        alternates = {
            one["hreflang"]: str(one["href"]) for one in head.links if one.get("hreflang")
        }
        assert (
            alternates.keys() == {"en", "ja", "x-default"}
            and alternates["x-default"] == alternates["en"]
        )
        assert {file_of(placed, url) for url in alternates.values()} >= {path}
        assert meta["twitter:card"] == "summary_large_image"
        assert meta["og:locale"] == (
            "ja_JP" if "ja" in path.relative_to(placed.public).parts else "en_US"
        )


@pytest.mark.parametrize("prefix", ["", "ja/"])
def test_the_data_of_a_map_are_described(placed: Built, prefix: str) -> None:
    head = Head(
        (placed.public / prefix / "maps/minilm-words/index.html").read_text(encoding="utf-8")
    )
    _trail, found = map(json.loads, head.blocks)
    assert found["@context"] == "https://schema.org" and found["@type"] == "Dataset"
    assert 50 <= len(found["description"]) <= 5000
    assert {one["encodingFormat"] for one in found["distribution"]} == {
        "application/vnd.apache.parquet",
        "application/json",
    }
    for one in found["distribution"]:
        assert (
            one["@type"] == "DataDownload"
            and file_of(placed, one["contentUrl"]).stat().st_size > 1000
        )
    assert found["creator"]["name"] == "A & B_C"
    assert found["dateModified"] == placed.data("minilm-words").about.built


def test_without_an_address_of_its_own_links_are_relative(tiny_atlas: Built) -> None:
    page = "maps/minilm-words/"
    head = Head((tiny_atlas.public / page / "index.html").read_text(encoding="utf-8"))
    assert "og:url" not in head.meta
    (link,) = [one for one in head.links if one.get("type") == "application/json+oembed"]
    address = urljoin(f"http://x/{page}", str(link["href"]))
    found = json.loads(
        (tiny_atlas.public / address.removeprefix("http://x/")).read_text(encoding="utf-8")
    )
    (frame,) = Head(found["html"]).frames
    assert urljoin(address, str(frame["src"])) == "http://x/embed/minilm-words/"


def view_of(site: Built) -> tuple[config.Config, MapView]:
    settings = config.load(site.toml)
    return settings, MapView(
        settings.models[0], settings.models[0].maps[0], site.data("minilm-words")
    )


def test_a_citation_names_what_one_cites(placed: Built) -> None:
    settings, view = view_of(placed)
    found = sharing.citation(settings.site, view, "en", f"{BASE}/maps/minilm-words/")
    year = view.about.built[:4]
    entry = found["bibtex"]
    assert re.match(r"@misc\{[A-Za-z0-9-]+,\n", entry) and entry.endswith("\n}")
    assert entry.count("{") == entry.count("}")
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", entry, re.MULTILINE))
    assert fields["year"] == year and fields["url"] == f"{BASE}/maps/minilm-words/"
    assert fields["title"] == "{English words}" and fields["author"] == r"{A \& B\_C}"
    assert found["text"].startswith("A & B_C. English words (MiniLM, ") and found["text"].endswith(
        fields["url"]
    )
    assert year in found["text"] and fields["version"] in found["text"]


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30
    ).filter(str.strip)
)
@example("50% {of} #1 & $2_\\n~^")
@example("日本語の地図")
def test_a_reader_of_bibtex_reads_any_title_and_author(placed: Built, words: str) -> None:
    settings, view = view_of(placed)
    odd = settings.model_copy(
        update={"site": settings.site.model_copy(update={"author": words, "title": words})}
    )
    (entry,) = parse_string(
        sharing.citation(odd.site, view, "en", BASE)["bibtex"], "bibtex"
    ).entries.values()
    assert (
        entry.type == "misc"
        and entry.fields["url"] == BASE
        and entry.fields["year"] == view.about.built[:4]
    )
    (author,) = entry.persons["author"]  # braces keep an organisation's name whole
    assert not author.first_names and "".join(author.last_names).startswith("{")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40), st.integers(100, 2000))
def test_a_snippet_is_one_whole_element(title: str, height: int) -> None:
    head = Head(sharing.snippet("https://x.org/embed/a/#t=1&v=2,3,4,5", title, height) + "<p>")
    (frame,) = head.frames
    assert (
        frame["src"] == "https://x.org/embed/a/#t=1&v=2,3,4,5"
        and frame["title"] == title
        and frame["height"] == str(height)
    )


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@contextmanager
def at_its_address(placed: Built, folder: Path) -> Iterator[str]:
    """The atlas served where it says it is; its address."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=str(folder / "atlas" / "public"))
    )
    here = f"http://127.0.0.1:{server.server_address[1]}"
    shutil.copytree(placed.root, folder / "atlas")
    again = Built(folder / "atlas")
    again.edit(BASE, here)
    again.build()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()


def test_an_oembed_client_finds_the_map(placed: Built, tmp_path: Path) -> None:
    """micawber, the client of Django and Wagtail sites, asks our answer as it would any
    provider's."""
    with at_its_address(placed, tmp_path) as here:
        providers = micawber.ProviderRegistry()
        providers.register(
            rf"{here}/maps/minilm-words/.*", micawber.Provider(f"{here}/oembed/minilm-words.json")
        )
        found = providers.request(f"{here}/maps/minilm-words/", maxwidth=600)
        text = micawber.parse_text(f"Look:\n\n{here}/maps/minilm-words/\n\nNice.", providers)
        plain = micawber.parse_text(f"{here}/models/minilm/", providers)
    assert found["type"] == "rich" and found["title"] == "English words"
    assert text.count("<iframe ") == 1 and f'src="{here}/embed/minilm-words/"' in text
    assert "<iframe" not in plain


@pytest.mark.slow
def test_a_real_reader_of_links_unfolds_the_map(placed: Built, tmp_path: Path) -> None:
    """unfurl.js, which follows oEmbed discovery and reads Open Graph, against the site served at
    its own address."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("npm is not there")
    command = [
        npm,
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=0",
        "unfurl.js@6.4.0",
    ]
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    installed = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install unfurl.js: {installed.stderr[:200]}")
    code = "import {unfurl} from 'unfurl.js'; console.log(JSON.stringify(await unfurl(process.argv[2])))"
    (tmp_path / "read.mjs").write_text(code)
    with at_its_address(placed, tmp_path) as here:
        done = subprocess.run(
            [node, "read.mjs", f"{here}/ja/maps/minilm-words/"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (
        found["oEmbed"]["title"] == "英単語"
        and f"{here}/ja/embed/minilm-words/" in found["oEmbed"]["html"]
    )
    assert found["oEmbed"]["thumbnails"][0]["width"] == 1200
    graph = found["open_graph"]
    assert graph["title"].startswith("英単語") and graph["url"] == f"{here}/ja/maps/minilm-words/"
    assert (
        graph["images"][0]["url"].startswith(f"{here}/data/")
        and graph["images"][0]["height"] == 630
    )
    assert found["twitter_card"]["card"] == "summary_large_image"
