"""What the share dialog offers for the places where people write, read by their own processors."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from chrome import MARKS, Watched, serving
from conftest import Built
from huggingface_hub import SpaceCard
from markdown_it import MarkdownIt
from npm import installed

pytestmark = MARKS

BASE = "https://atlas.example.org/maps-of-words"
SEEN = "maps/minilm-words/#p=pca&c=kind"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def site(plain_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The small atlas with an address of its own, its model said to be of the hub."""
    root = tmp_path_factory.mktemp("placed") / "atlas"
    shutil.copytree(plain_atlas.root, root)
    placed = Built(root)
    placed.edit("[site]\n", f'[site]\nbase_url = "{BASE}"\n')
    for path in (root / "data").glob("minilm-*.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        if "source" in facts.get("model", {}):
            facts["model"]["source"] = "hub:sentence-transformers/all-MiniLM-L6-v2"
            path.write_text(json.dumps(facts), encoding="utf-8")
    placed.build(frozen=True)
    with serving(placed.public) as address:
        yield address


class Frames(HTMLParser):
    """The frames of a page, by their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.found.append(dict(attrs))


def opened(watched: Watched, url: str = SEEN) -> Any:
    page = watched.open(url)
    page.click("button[name=share]")
    page.wait_for_selector("dialog.share[open]")
    return page


@pytest.fixture
def offered(watch: Callable[..., Watched], site: str) -> dict[str, str]:
    """What the dialog offers for each place, and under `link` the address of what is seen."""
    page = opened(watch())
    found = {"link": page.locator("#share-link").input_value()}
    for place in page.locator("#share-place option").evaluate_all("all => all.map(o => o.value)"):
        page.select_option("#share-place", place)
        found[place] = page.locator("#share-frame").input_value()
        assert page.locator("#share-how span:visible").count() == 1
        found[f"pen of {place}"] = page.locator("input[name=data]").input_value()
        assert page.locator("form.pen").is_visible() == (place in ("zenn", "qiita"))
    return found


def held(text: str, offered: dict[str, str]) -> dict[str, str | None]:
    """The one frame of a page, which shows what is seen."""
    (frame,) = Frames(text).found
    assert frame["src"] == offered["link"].replace("/maps/", "/embed/")
    assert "p=pca" in str(frame["src"]) and "c=kind" in str(frame["src"])
    return frame


def node(folder: Path, package: str, code: str, given: str) -> str:
    """What a script prints that reads a text with a package of npm; skips where that is not to be
    had."""
    binary = installed(folder, package)
    (folder / "read.mjs").write_text(code)
    (folder / "given.txt").write_text(given)
    done = subprocess.run(
        [binary, "read.mjs"], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_html_and_quarto_hold_a_frame(offered: dict[str, str]) -> None:
    frame = held(offered["html"], offered)
    assert frame["title"] == "English words" and frame["height"] == "560"
    assert MarkdownIt("commonmark").render(offered["html"]).strip() == offered["html"]
    (fence,) = (
        token
        for token in MarkdownIt("commonmark").parse(offered["quarto"])
        if token.type == "fence"
    )
    assert fence.info == "{=html}"  # a raw attribute of Pandoc's
    assert fence.content.strip() == offered["html"]


def test_pandoc_which_quarto_calls_keeps_the_frame(offered: dict[str, str]) -> None:
    pandoc = shutil.which("pandoc")
    if not pandoc:
        pytest.skip("pandoc is not there")
    done = subprocess.run(
        [pandoc, "-f", "markdown", "-t", "html"],
        input=offered["quarto"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    held(done.stdout, offered)


def test_markdown_shows_a_picture_that_leads_to_what_is_seen(offered: dict[str, str]) -> None:
    inline = MarkdownIt("commonmark").parse(offered["markdown"])[1].children or []
    links = [token.attrs["href"] for token in inline if token.type == "link_open"]
    assert links == [offered["link"]] * 2
    (picture,) = [token for token in inline if token.type == "image"]
    assert (picture.attrs["src"], picture.content) == ("minilm-words.png", "English words")


def test_wordpress_reads_a_block_of_html(offered: dict[str, str], tmp_path: Path) -> None:
    code = """
import {readFileSync} from 'node:fs'
import * as parser from '@wordpress/block-serialization-default-parser'
console.log(JSON.stringify(parser.parse(readFileSync('given.txt', 'utf8'))))
"""
    package = "@wordpress/block-serialization-default-parser@5.55.0"
    (block,) = json.loads(node(tmp_path, package, code, offered["wordpress"]))
    assert block["blockName"] == "core/html"
    held(block["innerHTML"], offered)


def test_hatena_and_note_take_the_address(offered: dict[str, str]) -> None:
    assert offered["hatena"] == f"[{offered['link']}:embed]"
    assert offered["note"] == offered["link"]


def test_zenn_embeds_the_pen(offered: dict[str, str], tmp_path: Path) -> None:
    code = """
import {readFileSync} from 'node:fs'
import render from 'zenn-markdown-html'
console.log(await (render.default ?? render)(readFileSync('given.txt', 'utf8')))
"""
    page = node(tmp_path, "zenn-markdown-html@0.4.4", code, offered["zenn"])
    (frame,) = Frames(page).found
    assert str(frame["src"]).startswith("https://codepen.io/NAME/embed/ID?")
    pen = json.loads(offered["pen of zenn"])
    assert pen["title"] == "English words"
    held(pen["html"], offered)


# What Qiita leaves of such an element: embed/code_pen.rb of qiita-markdown, which is a Ruby gem.
QIITA = {"class", "data-height", "data-default-tab", "data-slug-hash", "data-user"}
QIITA |= {"data-pen-title", "data-preview", "data-theme-id", "data-embed-version"}


def test_qiita_has_codepens_element(offered: dict[str, str]) -> None:
    import html5lib

    tree = html5lib.parse(offered["qiita"], namespaceHTMLElements=False)
    (pen,) = tree.iter("p")
    assert pen.get("class") == "codepen"
    assert {"data-slug-hash", "data-user", "data-height"} <= pen.attrib.keys() <= QIITA
    (script,) = tree.iter("script")
    assert script.get("src") == "https://cpwebassets.codepen.io/assets/embed/ei.js"


def test_the_hub_reads_a_static_space_of_the_model(offered: dict[str, str]) -> None:
    card = SpaceCard(offered["huggingface"]).data
    assert (card.title, card.sdk, card.app_file) == ("English words", "static", "index.html")
    assert card.models == ["sentence-transformers/all-MiniLM-L6-v2"]


def test_a_notebook_shows_it(offered: dict[str, str]) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(offered["jupyter"])])
    nbformat.validate(nbclient.NotebookClient(notebook, timeout=120).execute())
    (output,) = notebook.cells[0].outputs
    frame = held(output["data"]["text/html"], offered)
    assert (frame["width"], frame["height"]) == ("100%", "560")


def test_the_pen_is_sent_as_a_form(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = opened(watched)
    context = page.context
    context.route("https://codepen.io/**", lambda route: route.fulfill(body="A pen"))
    page.select_option("#share-place", "zenn")
    with context.expect_page() as other, context.expect_event("request") as sent:
        page.click("form.pen button")
    other.value.wait_for_load_state()
    assert (sent.value.method, sent.value.url) == ("POST", "https://codepen.io/pen/define")
    assert "data=%7B%22title%22%3A" in sent.value.post_data
    watched.fine()


@pytest.mark.parametrize("url", [SEEN, f"ja/{SEEN}"])
def test_on_a_phone_nothing_is_wider_than_the_dialog(
    watch: Callable[..., Watched], url: str
) -> None:
    watched = watch(**PHONE)
    page = opened(watched, url)
    for place in page.locator("#share-place option").evaluate_all("all => all.map(o => o.value)"):
        page.select_option("#share-place", place)
        fits = "document.querySelector('dialog.share').scrollWidth <= document.querySelector('dialog.share').clientWidth"
        assert page.evaluate(fits), place
    watched.fine()
