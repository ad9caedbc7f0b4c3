"""The built site: valid, whole, bilingual, readable without JavaScript, and asking nothing of
anybody else."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from conftest import CHECKOUT, Built

from atlas.maps.cluster_view import TABLED
from atlas.web.check import check
from atlas.web.redirects import read_redirects
from atlas.web.theme import theme

MAPS = {"minilm-words": "en", "ja-aozora-words": "ja"}
KINDS = [
    "index.html",
    "404.html",
    "about/index.html",
    "models/minilm/index.html",
    "models/ja-aozora/index.html",
    *(f"{folder}/{name}/index.html" for folder in ("maps", "embed") for name in MAPS),
    *(f"maps/{name}/clusters/index.html" for name in MAPS),
]


class Elements(HTMLParser):
    """Every start tag of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@cache
def elements(path: Path) -> Elements:
    return Elements(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages(tiny_atlas: Built) -> dict[str, Path]:
    return {
        path.relative_to(tiny_atlas.public).as_posix(): path
        for path in sorted(tiny_atlas.public.rglob("*.html"))
    }


def test_the_atlas_finds_nothing_wrong_with_its_own_site(tiny_atlas: Built) -> None:
    assert check(tiny_atlas.public) == []


@pytest.mark.parametrize(
    ("page", "old", "new", "told"),
    [
        (
            "index.html",
            "</main>",
            '<a href="maps/none/">x</a></main>',
            "there is no maps/none/index.html",
        ),
        (
            "about/index.html",
            "</main>",
            '<a href="../../up/">x</a></main>',
            "there is no (outside the site)",
        ),
        (
            "index.html",
            "</main>",
            '<a href="about/#none">x</a></main>',
            "no element has the id none",
        ),
        ("index.html", "</main>", '<a href="#none">x</a></main>', "no element has the id none"),
        ("about/index.html", "</main>", '<p id="main"></p></main>', "the id main is there twice"),
        ("404.html", '<html lang="en">', "<html>", "its language is not declared"),
        (
            "index.html",
            "</main>",
            '<img src="data/none.webp"></main>',
            "an image has no alt attribute",
        ),
        (
            "index.html",
            "</main>",
            f"<p>{'x' * 200_000}</p></main>",
            "bytes of HTML, more than 200,000",
        ),
    ],
)
def test_planted_faults_are_found(
    frozen_copy: Built, page: str, old: str, new: str, told: str
) -> None:
    path = frozen_copy.public / page
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    found = check(frozen_copy.public)
    assert any(name == page and told in problem for name, problem in found), found
    assert any(problem == "changed since the build" for _, problem in found)


def test_a_lost_file_is_found(frozen_copy: Built) -> None:
    (picture, *_) = (frozen_copy.public / "assets" / "maps").glob("minilm-words.*-800.*.webp")
    picture.unlink()
    found = check(frozen_copy.public)
    assert (f"assets/maps/{picture.name}", "missing, though the build wrote it") in found
    assert any(name == "index.html" or name.startswith("maps/") for name, _ in found)


@pytest.mark.parametrize("language", ["", "ja/"])
@pytest.mark.parametrize("page", KINDS)
def test_html_is_valid(tiny_atlas: Built, page: str, language: str) -> None:
    html = (tiny_atlas.public / f"{language}{page}").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(html)


def test_html_of_every_cluster_page_is_valid(pages: dict[str, Path]) -> None:
    of_clusters = [path for name, path in pages.items() if re.search(r"/clusters/.+/", name)]
    assert len(of_clusters) > 20
    for path in of_clusters:
        html5lib.HTMLParser(strict=True).parse(path.read_text(encoding="utf-8"))


def test_each_page_is_there_in_every_language(pages: dict[str, Path]) -> None:
    english = {name for name in pages if not name.startswith("ja/")}
    assert {f"ja/{name}" for name in english} == pages.keys() - english
    assert set(KINDS) <= english
    for name, path in pages.items():
        attributes = next(one for tag, one in elements(path).tags if tag == "html")
        language, other = ("ja", "en") if name.startswith("ja/") else ("en", "ja")
        assert attributes["lang"] == language, name
        links = [one for tag, one in elements(path).tags if one.get("hreflang") == other]
        # A link element would need the site's own address, which this atlas does not give; see
        # test_sharing.py.
        assert {tag for tag, one in elements(path).tags if one.get("hreflang") == other} == {"a"}
        folder = "/" if path.name == "404.html" else f"/{name}"
        assert len({one["href"] for one in links}) == 1, name
        target = name.removeprefix("ja/") if language == "ja" else f"ja/{name}"
        assert _resolve(folder, links[0]["href"]) == target.removesuffix("index.html"), name


def _resolve(page: str, link: str) -> str:
    from urllib.parse import urljoin

    return urljoin(f"http://x{page}", link).removeprefix("http://x/")


def test_messages_of_the_theme_are_all_in_japanese() -> None:
    found = extract_from_dir(
        theme(),
        [("**.html", "jinja2")],
        options_map={"**.html": {"trim_blocks": "true", "silent": "false"}},
    )
    used = {
        message: (name, line) for name, line, message, *_ in found if not isinstance(message, tuple)
    }
    assert len(used) > 60
    with (theme() / "locale" / "ja" / "LC_MESSAGES" / "atlas.po").open("rb") as file:
        catalogue = read_po(file, locale="ja")
    translated = {
        message.id: message.string for message in catalogue if message.id and not message.fuzzy
    }
    lacking = {message: place for message, place in used.items() if not translated.get(message)}
    assert lacking == {}
    for message in used:  # a figure that a translation leaves out is lost to its reader
        wanted, there = (
            sorted(re.findall(r"%\(\w+\)s", text)) for text in (message, str(translated[message]))
        )
        assert wanted == there, message


def test_words_of_the_data_are_in_both_languages(tiny_atlas: Built) -> None:
    from atlas.web.languages import catalogue

    words = {language: catalogue(tiny_atlas.root, language).gettext for language in ("en", "ja")}
    for map_id in MAPS:
        data = tiny_atlas.data(map_id)
        for what in ("kind", "script", "pos"):
            for name in {value for value in data.strings(what) if value}:
                assert words["en"](name).isascii(), f"{what} {name} has no English word"
                assert not re.search("[A-Za-z]", words["ja"](name)), (
                    f"{what} {name} has no Japanese word"
                )


def test_parts_of_speech_have_english_words(tiny_atlas: Built) -> None:
    """The top classes of UniDic, those that this small selection does not hold as well."""
    from atlas.web.languages import catalogue

    english = catalogue(tiny_atlas.root, "en").gettext
    classes = [
        "名詞",
        "代名詞",
        "形状詞",
        "連体詞",
        "副詞",
        "接続詞",
        "感動詞",
        "動詞",
        "形容詞",
        "助動詞",
        "助詞",
        "接頭辞",
        "接尾辞",
        "記号",
        "補助記号",
        "固有名詞",
        "固有名詞・地名",
        "固有名詞・人名",
        "数詞",
    ]
    assert {name: english(name) for name in classes if not english(name).isascii()} == {}


def test_the_japanese_edition_is_in_japanese(pages: dict[str, Path]) -> None:
    japanese = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
    for name, path in pages.items():
        heading = re.search(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"), re.S)
        assert heading is not None
        if name.startswith("ja/"):
            assert japanese.search(heading[1]), name


def test_pictures_have_words(pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        for tag, one in elements(path).tags:
            if tag == "img":
                assert "alt" in one, name
            if tag == "svg":
                assert one.get("aria-hidden") == "true" or (
                    one.get("role") in ("img", "group") and one.get("aria-label")
                ), name
            if tag in ("section", "aside", "nav", "ul") and "aria-label" in one:
                assert one["aria-label"].strip(), name
    stage = elements(pages["maps/minilm-words/index.html"])
    assert any(tag == "img" and "tokens as dots" in one["alt"] for tag, one in stage.tags)


def test_nothing_is_inline_and_nothing_is_asked_of_others(pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        for tag, one in elements(path).tags:
            assert tag != "style", name
            assert "style" not in one, f"{name}: {tag} {one}"
            assert not [key for key in one if key.startswith("on")], f"{name}: {tag} {one}"
            data = one.get("type") == "application/ld+json"  # facts, which nothing runs
            assert tag != "script" or data or one.get("src"), f"{name}: a script stands in the page"
            for key in ("src", "href", "srcset", "data-meta", "data-base", "poster", "action"):
                value = one.get(key, "")
                if tag == "a" and key == "href":
                    continue
                if (tag, value) == ("form", "https://codepen.io/pen/define"):
                    continue  # sent when a reader says so, as a link is followed
                assert not re.match(r"(?:[a-z]+:)?//|https?:", value), (
                    f"{name}: {tag} {key}={value}"
                )
        policy = next(
            one["content"]
            for tag, one in elements(path).tags
            if one.get("http-equiv") == "Content-Security-Policy"
        )
        # Forms of a map may be sent to CodePen; what is fetched stays here.
        policy = re.sub(r"(form-action(?: 'self')?) https://codepen\.io$", r"\1", policy)
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy


def test_styles_and_scripts_ask_nothing_of_others(tiny_atlas: Built) -> None:
    for path in (tiny_atlas.public / "assets").iterdir():
        if path.suffix == ".css":
            text = path.read_text(encoding="utf-8")
            assert "@import" not in text
            assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", text), path.name


@pytest.mark.parametrize("language", ["", "ja/"])
@pytest.mark.parametrize("map_id", MAPS)
def test_tokens_and_their_neighbors_are_there_as_text(
    tiny_atlas: Built, map_id: str, language: str
) -> None:
    data = tiny_atlas.data(map_id)
    texts, ids = data.strings("text"), data.column("token_id").tolist()
    text_of = dict(zip(ids, texts, strict=True))
    near = dict(zip(ids, data.lists("neighbor_ids").tolist(), strict=True))
    coarse = [cluster for cluster in data.about.clusters if cluster.level == "coarse"]
    for cluster in coarse[:6]:
        path = tiny_atlas.public / f"{language}maps/{map_id}/clusters/{cluster.slug}/index.html"
        tree = html5lib.parse(path.read_text(encoding="utf-8"), namespaceHTMLElements=False)
        rows = tree.findall(".//table[@class='tokens']/tbody/tr")
        assert len(rows) == min(cluster.size, TABLED)
        assert [int(row.get("id")[1:]) for row in rows][: len(cluster.central)] == list(
            cluster.central
        )[:TABLED]
        for row in rows[:5]:
            token = int(row.get("id")[1:])
            assert row.find("th").text.startswith(text_of[token])
            told = [bdi.text for bdi in row.findall(".//td[@class='near']/bdi")]
            for text, one in zip(told, near[token][:6], strict=True):
                assert text.startswith(text_of[one])  # and the name of a script without a font
        members = {
            token
            for token, key in zip(
                ids, data.column(f"cluster_{cluster.level}").tolist(), strict=True
            )
            if key == cluster.key
        }
        assert len(members) == cluster.size
        shown = "".join(tree.find(".//main").itertext())
        assert all(str(text_of[token]) in shown for token in members)
        for inner in data.about.clusters:
            if inner.level == "fine" and inner.parent == cluster.key:
                told = "".join(tree.find(f".//section[@id='{inner.slug}']").itertext())
                assert all(str(text_of[token]) in told for token in inner.central)


def test_the_map_page_says_how_far_to_trust_it(tiny_atlas: Built) -> None:
    data = tiny_atlas.data("minilm-words")
    facts = data.about.faithfulness
    shown = " ".join(elements(tiny_atlas.public / "maps/minilm-words/index.html").words)
    for name in ("umap", "tsne", "pca", "random"):
        assert f"{facts[name].trustworthiness:.3f}" in shown
    for name in ("umap", "tsne", "pca"):
        assert f"{facts[name].overlap:.3f}" in shown
    best = facts[next(iter(data.about.map.projections))]
    chance = best.k / (len(data.column("token_id")) - 1)
    assert f"{chance:.3f}" in shown  # in the row of a random layout, and in the sentence:
    times = re.search(r"([\d.]+) times what chance would keep", shown)
    assert times and float(times[1]) == pytest.approx(best.overlap / chance, rel=0.06)


def test_no_page_names_the_machine_it_was_built_on(tiny_atlas: Built) -> None:
    source = f"path:{CHECKOUT.as_posix()}/site/models/ja-aozora"  # what this test's atlas.toml says, and model pages tell
    for path in tiny_atlas.public.rglob("*"):
        if path.suffix in (".html", ".css", ".js", ".txt"):
            text = path.read_text(encoding="utf-8").replace(source, "")
            assert str(tiny_atlas.root) not in text, path
            assert str(CHECKOUT) not in text, path


def test_clusters_without_pages_are_told_on_that_of_all(frozen_copy: Built) -> None:
    frozen_copy.edit("coarse = 40, fine = 20 }", 'coarse = 40, fine = 20, pages = "none" }')
    frozen_copy.build(frozen=True)
    public, data = frozen_copy.public, frozen_copy.data("minilm-words")
    text_of = dict(zip(data.column("token_id").tolist(), data.strings("text"), strict=True))
    rules = read_redirects((public / "_redirects").read_text("utf-8"))
    for language in ("", "ja/"):
        base = f"{language}maps/minilm-words/clusters/"
        assert [path.name for path in (public / base).iterdir()] == ["index.html"]
        html = (public / base / "index.html").read_text(encoding="utf-8")
        tree = html5lib.parse(html, namespaceHTMLElements=False)
        for cluster in data.about.clusters:
            told = "".join(tree.find(f".//*[@id='{cluster.slug}']").itertext())
            assert all(str(text_of[token]) in told for token in cluster.central[:8])
            if cluster.level == "coarse":
                assert rules[f"{base}{cluster.slug}/"] == f"{base}#{cluster.slug}"
    assert check(public) == []
