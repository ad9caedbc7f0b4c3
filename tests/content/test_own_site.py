"""A site of an author's own: pages of content, look, navigation, files, languages."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import html5lib
import pytest
from conftest import Built
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from atlas.content.front_matter import read, split
from atlas.content.markdown import Surroundings, parse, slug
from atlas.content.pages import Branch, Writing
from atlas.content.texts import Article, articles, unshown
from atlas.errors import AtlasError, ConfigError
from atlas.web.check import check
from atlas.web.palette import contrast
from atlas.web.writer import MANIFEST
from tests.content_site import write

BASE = "https://ada.example/atlas"


@pytest.fixture(scope="module")
def own(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, list[str]]:
    """The small atlas as its author wants it, built under a path, and the warnings. Read only."""
    root = tmp_path_factory.mktemp("own") / "atlas"
    shutil.copytree(tiny_atlas.root, root, ignore=shutil.ignore_patterns(".atlas"))
    site = Built(root)
    write(
        root,
        **{
            "templates/base.html": '{% extends "atlas/base.html" %}{% block foter %}x{% endblock %}',
            "templates/hom.html": "never",
        },
    )
    site.edit("[site]\n", f'[site]\nbase_url = "{BASE}"\n')
    return site, site.build(frozen=True).warnings


def text(site: tuple[Built, list[str]], name: str) -> str:
    return (site[0].public / name).read_text(encoding="utf-8")


def test_the_site_is_whole(own: tuple[Built, list[str]]) -> None:
    assert check(own[0].public) == []
    for name in ("notes/", "ja/notes/", "fr/guide/first/", "guide/", "", "fr/"):
        html5lib.HTMLParser(strict=True).parse(text(own, f"{name}index.html"))


def test_pages_of_content_hold_parts_of_the_atlas(own: tuple[Built, list[str]]) -> None:
    page = text(own, "notes/index.html")
    assert "<h1>Notes &amp; more</h1>" in page and "<title>Notes &amp; more · " in page
    assert 'src="../embed/minilm-words/"' in page and 'height="420"' in page
    assert 'href="../words/?w=king"' in page and "<figcaption>All &amp; more</figcaption>" in page
    assert 'href="../guide/#b"' in page and 'href="../"' in page and 'src="../dot.svg"' in page
    assert "{{ map(&quot;none&quot;) }}" in page  # code is shown as it is
    assert 'content="The first notes, and .' in page
    assert re.search(r'<nav class="contents".*?href="#a-live-map"', page, re.DOTALL)
    assert 'href="https://github.com/ada/atlas/edit/main/content/notes.md"' in page
    assert "frame-src 'self'" in page


def test_each_language_has_its_own_text_or_says_that_it_has_none(
    own: tuple[Built, list[str]],
) -> None:
    japanese = text(own, "ja/notes/index.html")
    assert "<h1>メモ</h1>" in japanese and "edit/main/content/notes.ja.md" in japanese
    assert "<em>メモ</em>" in japanese and 'src="../embed/ja-aozora-words/"' in japanese
    french = text(own, "fr/notes/index.html")
    assert "This page is not translated yet" in french and '<div lang="en">' in french
    assert f'hreflang="fr" href="{BASE}/fr/notes/"' in japanese


ROW = ["./", "first/", "parts/", "parts/one/", "second/", "no-first/page/"]


def test_pages_of_a_book_follow_one_another(own: tuple[Built, list[str]]) -> None:
    for place, name in enumerate(ROW):
        page = text(own, f"guide/{name}index.html")
        for kind, step in (("prev", -1), ("next", 1)):
            found = re.findall(rf'rel="{kind}" href="([^"]*)"', page)
            there = ROW[place + step : place + step + 1] if place + step >= 0 else []
            assert [urljoin(f"/{name}", link) for link in found] == [
                urljoin("/", one) for one in there
            ]
    assert not (own[0].public / "guide" / "draft").exists()


def test_pages_of_a_book_are_listed_beside_them(own: tuple[Built, list[str]]) -> None:
    page = html5lib.parse(text(own, "guide/parts/one/index.html"), namespaceHTMLElements=False)
    for kind in ("nav", "details"):  # on wide screens, on phones
        (folder,) = page.findall(f".//{kind}[@class='folder']")
        links = folder.findall(".//a")
        assert [urljoin("/parts/one/", link.get("href")) for link in links] == [
            urljoin("/", one) for one in ROW
        ]
        assert [link.get("aria-current") for link in links] == [*[None] * 3, "page", None, None]
        inner = ["".join(one.itertext()).split() for one in folder.findall("ul/li/ul")]
        assert inner == [["Part", "one"], ["Alone"]]
        assert "No first" in "".join(folder.itertext())  # a folder without a first page
    assert 'class="folder"' not in text(own, "notes/index.html")


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.lists(st.sampled_from(["a", "b", "index"]), min_size=1, max_size=3)
        .map("/".join)
        .filter(lambda stem: stem != "index" and "index/" not in stem),
        st.integers(0, 3),
        min_size=1,
    )
)
def test_the_tree_of_a_book_is_its_row(stems: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for stem, order in stems.items():
            path = Path(folder, "content", f"{stem}.md")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"---\norder: {order}\n---\n{stem}\n", encoding="utf-8")
        writing = Writing(articles(Path(folder), ["en"]), [], "")
    for article in writing.articles:
        row = writing.beside(article)
        walked = [one for branch in writing.listed(article) for one in walk(branch)]
        assert [one.url for one in walked] == [one.url for one in row]
        inside = [one.url.startswith(article.url) for one in row]
        if article.book != "/":  # a folder's pages follow its first page, with none between
            assert inside[inside.index(True) :][: sum(inside)] == [True] * sum(inside)
        after = writing.neighbor(article, 1)
        assert after is None or writing.neighbor(after, -1) is article


def walk(branch: Branch) -> Iterator[Article]:
    if branch.article:
        yield branch.article
    for one in branch.within:
        yield from walk(one)


@pytest.mark.parametrize(
    ("prefix", "title", "says"),
    [("", "Notes & more", "The first notes"), ("ja/", "メモ", "これはメモです。")],
)
def test_dated_pages_are_in_the_feed(
    own: tuple[Built, list[str]], prefix: str, title: str, says: str
) -> None:
    feed = ET.fromstring(text(own, f"{prefix}feed.xml"))
    atom = {"": "http://www.w3.org/2005/Atom"}
    entries = {
        entry.findtext("id", namespaces=atom): entry for entry in feed.findall("entry", atom)
    }
    assert {name for name in entries if name and f"/{prefix}maps/" not in name} == {
        f"{BASE}/{prefix}notes/"
    }
    entry = entries[f"{BASE}/{prefix}notes/"]
    assert entry.findtext("title", namespaces=atom) == title
    assert (entry.findtext("summary", namespaces=atom) or "").startswith(says)
    assert entry.findtext("updated", namespaces=atom) == "2026-11-20T00:00:00Z"


def test_the_look_is_the_author_s(own: tuple[Built, list[str]]) -> None:
    home = text(own, "index.html")
    assert "Ada&#39;s words" in home and "Two maps." in home and "Every word a model" not in home
    assert re.search(r'class="logo" src="assets/logo\.\w+\.svg"', home)
    styles = re.findall(r'rel="stylesheet" href="(assets/[^"]+)"', home)
    assert [name.split(".")[0] for name in styles] == ["assets/site", "assets/accent", "assets/own"]
    accent = re.findall(r"--accent: (#\w+)", text(own, styles[1]))
    assert accent[0] == "#8a1c5b" and contrast(accent[1], "#14181c") >= 4.5
    assert 'Made by <a href="https://ada.example/">Ada</a>.' in home
    assert 'rel="license" href="https://creativecommons.org/licenses/by/4.0/"' in home
    gallery = home[home.index('class="gallery"') :]
    assert gallery.index("maps/ja-aozora-words/") < gallery.index("maps/minilm-words/")
    assert (own[0].public / "favicon.ico").read_bytes()[:4] == b"\0\0\1\0"


def test_the_navigation_is_what_atlas_toml_says(own: tuple[Built, list[str]]) -> None:
    for name, expected in {
        "guide/second/index.html": [
            ("../", "Guide"),
            ("../../", "Maps"),
            ("https://ada.example/", "Blog"),
        ],
        "fr/index.html": [
            ("guide/", "Guide"),
            ("./", "Cartes"),
            ("https://ada.example/", "Blogue"),
        ],
    }.items():
        nav = re.search(r'<nav aria-label="Site">(.*?)</nav>', text(own, name), re.DOTALL)
        assert nav is not None
        assert re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', nav[1]) == expected
    assert 'href="../" aria-current="page">Guide' in text(own, "guide/second/index.html")


def test_files_for_hosts_hold_the_author_s_rules_first(own: tuple[Built, list[str]]) -> None:
    public = own[0].public
    assert text(own, "_headers").startswith("/api/*\n  X-Own: 1\n")
    rules = [line for line in text(own, "_redirects").splitlines() if line.startswith("/")]
    assert rules == [
        "/here /there 302",
        "/old/ https://ada.example/atlas/guide/#b 301",
        "/older https://older.example/ 301",
        "/older-still/ https://ada.example/atlas/guide/#b 301",
        "/there/* https://there.example/:splat 302",
    ]
    assert 'content="0; url=../guide/#b"' in text(own, "old/index.html")
    assert (public / "CNAME").is_file() and (public / ".nojekyll").is_file()
    assert (public / "files" / "a b.txt").read_text() == "as it is\n"


def test_what_does_nothing_is_told(own: tuple[Built, list[str]]) -> None:
    told = "\n".join(own[1])
    assert "templates/base.html, line 1: no page has a block 'foter' (did you mean footer?)" in told
    assert "templates/hom.html: no page uses it (did you mean home.html?)" in told
    assert re.search(r"locale/fr: \d{3} messages are not translated", told)
    assert len(own[1]) == 3


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        (
            "content/a.md",
            '---\ntitle: A\n---\n\n\n{{ map("minilm-word") }}\n',
            r"a\.md, line 6: map: .*did you mean minilm-words",
        ),
        (
            "content/a.md",
            '{{ mapp("x") }}\n',
            r"a\.md, line 1: mapp: no shortcode .*did you mean map",
        ),
        ("content/a.md", "x\n\n{{ map(open) }}\n", r"a\.md, line 3: .*is no shortcode"),
        ("content/a.md", 'x {{ map("minilm-words", height=3 }}\n', r"line 1: .*is no shortcode"),
        ("content/a.md", '{{ map("minilm-words", height="9px") }}\n', r"height=480"),
        ("content/a.md", "x {{ map }}\n", r"a\.md, line 1: \{\{ map \}\} is no shortcode"),
        ("content/a.md", "{{ map() }}\n", r"line 1: map: lacks its name: name, height=…"),
        ("content/a.md", "---\ndate: 2026-02-31\n---\n", r"a\.md, line 2: date: day is out"),
        ("content/a.md", "---\ntitle: A\n\nx\n", r"a\.md, line 1: its head has no end"),
        ("content/a.md", "+++\ntitle = 1\n+++\n", r"a\.md, line 1: its head is TOML"),
        ("content/a.md", '<p>{{ word("a") }}</p>\n', r"a\.md, line 1: .* stands in HTML"),
        (
            "templates/base.html",
            '{% extends "atlas/base.html" %}\n{% block footer %}{{ nothing.at }}{% endblock %}',
            r"templates/base\.html, line 2: 'nothing' is undefined",
        ),
        ("templates/base.html", "{% extends 'atlas/bse.html' %}", r"no template atlas/bse\.html"),
        ("templates/base.html", "{% block x %}", r"templates/base\.html, line 1: Unexpected end"),
        (
            "locale/fr/LC_MESSAGES/atlas.po",
            'msgid ""\nmsgstr ""\n\n#, python-format\nmsgid "%(n)s maps"\nmsgstr "%(m)s cartes"\n',
            r"atlas\.po: line 5: the message of '%\(n\)s maps' has %\(m\)s",
        ),
        (
            "content/a.md",
            '{{ map("minilm-words", heigt=3) }}\n',
            r"a\.md, line 1: map: takes no heigt .did you mean height",
        ),
        ("content/a.md", "[x](b.md)\n", r"a\.md, line 1: there is no content/b\.md"),
        ("content/about.md", "x\n", "has a page /about/ of its own"),
        ("content/index.md", "x\n", "home page is the atlas's own"),
        ("static/index.html", "x\n", "has a file index.html already"),
        ("content/a.md", "---\ntitel: A\n---\n", r"a\.md, line 2: titel: unknown key"),
        ("content/a.md", "---\ntitle: [\n---\n", r"a\.md, line 3: its head is not YAML"),
    ],
)
def test_faults_name_their_file_and_line(
    frozen_copy: Built, name: str, source: str, told: str
) -> None:
    path = frozen_copy.root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(source, encoding="utf-8")
    if name.startswith("locale"):
        frozen_copy.edit('languages = ["en", "ja"]', 'languages = ["en", "fr"]')
    with pytest.raises(AtlasError, match=told):
        frozen_copy.build(frozen=True)


def test_links_of_texts_lead_where_they_say_or_are_told(whole_copy: Built) -> None:
    """From the root, from the file's folder, to files; each once in the languages that have it."""
    text = """---
title: Links
---
[a](/maps/minilm-words/) [b](../maps/minilm-words/#x) [c](next.md) [e](https://x.example/y/)
[f](../words/?w=king) ![g](/data/minilm-words.card-en.png)

[h](/maps/minilm-wrods/)
[i](maps/minilm-words/) ![j](photo.png)
"""
    write(whole_copy.root, **{"content/links/a.md": text, "content/links/next.md": "# Next\n"})
    (whole_copy.root / "content/links/photo.svg").write_text("<svg/>", "utf-8")
    told = [line for line in whole_copy.build(frozen=True).warnings if "links/a.md" in line]
    assert told == [
        "content/links/a.md, line 7: leads to '/maps/minilm-wrods/', which the site has not "
        "(did you mean maps/minilm-words/?)",
        "content/links/a.md, line 8: leads to 'maps/minilm-words/', which the site has not "
        "(did you mean maps/minilm-words/?)",
        "content/links/a.md, line 8: leads to 'photo.png', which the site has not "
        "(did you mean links/photo.svg?)",
    ]
    page = (whole_copy.public / "links/a/index.html").read_text("utf-8")
    assert 'href="../../maps/minilm-words/">a' in page
    assert 'href="../../maps/minilm-words/#x">b' in page
    lost = [said for file, said in check(whole_copy.public) if file == "links/a/index.html"]
    assert len([said for said in lost if "there is no" in said]) == len(told)


def test_warnings_of_pages_count_and_are_told_again(frozen_copy: Built) -> None:
    folder = frozen_copy.root / "templates"
    folder.mkdir()
    (folder / "hom.html").write_text("never", encoding="utf-8")
    before = (frozen_copy.public / "index.html").read_bytes()
    with pytest.raises(AtlasError, match="1 warning"):
        frozen_copy.build(frozen=True, strict=True)
    assert (frozen_copy.public / "index.html").read_bytes() == before
    first, again = (frozen_copy.build(frozen=True) for _ in range(2))
    assert first.warnings == again.warnings and "hom.html" in first.warnings[0]
    with pytest.raises(AtlasError, match="1 warning"):
        frozen_copy.build(frozen=True, strict=True)
    (folder / "hom.html").unlink()
    assert frozen_copy.build(frozen=True, strict=True).warnings == []


def test_drafts_are_kept_from_search_engines_and_told_before_one_publishes(
    frozen_copy: Built,
) -> None:
    (frozen_copy.root / "content").mkdir()
    page = frozen_copy.root / "content" / "soon.md"
    page.write_text("---\ntitle: Soon\ndraft: true\ndate: 2026-01-01\n---\n\nNot yet.\n", "utf-8")
    frozen_copy.edit("[site]\n", f'[site]\nbase_url = "{BASE}"\n')
    frozen_copy.build(frozen=True, drafts=True)
    shown = (frozen_copy.public / "soon" / "index.html").read_text(encoding="utf-8")
    assert 'name="robots" content="noindex' in shown
    for name in ("sitemap.xml", "feed.xml"):
        assert "soon" not in (frozen_copy.public / name).read_text(encoding="utf-8")
    told = {name for name, what in check(frozen_copy.public) if "a draft" in what}
    assert told == {"soon/index.html", "ja/soon/index.html"}
    frozen_copy.build(frozen=True)
    assert check(frozen_copy.public) == [] and not (frozen_copy.public / "soon").exists()


def test_faults_of_own_files_are_told_before_anything_is_computed(tmp_path: Path) -> None:
    site = Built(tmp_path)
    site.toml.write_text(
        '[site]\nlogo = "a.svg"\n[[models]]\nid = "a"\nsource = "path:absent"\n', encoding="utf-8"
    )
    with pytest.raises(AtlasError, match=r"line 2: site\.logo: a\.svg: cannot be read"):
        site.build()
    (tmp_path / "a.svg").write_text("<svg/>", encoding="utf-8")
    page = tmp_path / "content" / "a.md"
    page.parent.mkdir()
    page.write_text("---\ntitle: a: b\n---\n", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"content/a\.md, line 2: its head is not YAML"):
        site.build()
    page.write_text("---\ntitle: a\n---\n", encoding="utf-8")
    with pytest.raises(AtlasError, match="absent does not exist"):  # the model is asked for last
        site.build()


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ('nav = ["map"]', r"site.nav\[0\]: 'map' is no part of this site .did you mean maps"),
        ('logo = "no.svg"', r"atlas.toml, line 3: site.logo: no.svg: cannot be read"),
        ('logo = "atlas.toml"', "site.logo: atlas.toml: must be one of .svg, .png"),
    ],
)
def test_keys_that_name_nothing_are_told(frozen_copy: Built, key: str, told: str) -> None:
    frozen_copy.edit("[site]\n", f"[site]\n{key}\n")
    with pytest.raises(AtlasError, match=told):
        frozen_copy.build(frozen=True)


def test_unknown_keys_of_a_head_are_told_with_the_nearest() -> None:
    head, body, above = split("---\r\ntitel: A\n---\nB\n")
    assert (body, above) == ("B\n", 3)
    assert read(str(head))[1] == ["line 2: titel: unknown key (did you mean title?)"]


def test_a_time_is_a_day_and_what_is_none_is_told() -> None:
    for told in ("2026-01-02", '"2026-01-02"', "2026-01-02T10:00:00Z", "2026-01-02 23:00:00"):
        front, faults = read(f"date: {told}\n")
        assert faults == [] and front.date == dt.date(2026, 1, 2)
    for told in ("2026-1-2", "5", "[1]", "yesterday"):
        (fault,) = read(f"title: A\ndate: {told}\n")[1]
        assert fault.startswith("line 3: date: ") and fault.endswith("write a day as in 2026-01-31")
    assert read("a: &a [*a]\n")[1] and read("date: " + "[" * 3000)[1]


def test_a_text_in_no_language_of_the_site_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "content" / "b"
    folder.mkdir(parents=True)
    for name in ("a.md", "a.ja.md", "a.jp.md", "a.fr.md", "_a.jp.md", "a.v2.md"):
        (folder / name).write_text("x\n", encoding="utf-8")
    assert [*unshown(tmp_path, ["en", "ja"])] == [
        "content/b/a.fr.md: is not shown, as the site has no 'fr'",
        "content/b/a.jp.md: is not shown, as the site has no 'jp' (did you mean ja?)",
    ]
    assert len(articles(tmp_path, ["en", "ja"])) == 2


def test_headings_can_be_linked_to_in_any_script() -> None:
    parsed = parse("## 地図の読み方\n\n## A & B\n\n## A & B\n")
    html = parsed.html(Surroundings(str, lambda _: pytest.fail("no part"), "Table"))
    assert re.findall(r'<h2 id="([^"]+)">', html) == ["地図の読み方", "a-b", "a-b-1"]
    assert slug("…") == "part"


def test_a_change_of_content_writes_its_pages_alone(frozen_copy: Built) -> None:
    page = frozen_copy.root / "content" / "a.md"
    page.parent.mkdir()
    page.write_text("# A\n", encoding="utf-8")
    frozen_copy.build(frozen=True)
    before = contents(frozen_copy.public)
    page.write_text("# A\n\nmore\n", encoding="utf-8")
    assert frozen_copy.build(frozen=True).written > 0
    after = contents(frozen_copy.public)
    changed = {name for name in before.keys() | after if before.get(name) != after.get(name)}
    pages = {name for name in changed if not name.startswith("data/search/")}
    assert pages == {"a/index.html", "ja/a/index.html"}
    assert frozen_copy.build(frozen=True).written == 0


def contents(public: Path) -> dict[str, bytes]:
    """The files of a site besides its manifest."""
    return {
        path.relative_to(public).as_posix(): path.read_bytes()
        for path in public.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_a_catalogue_is_begun_and_kept(tmp_path: Path) -> None:
    from atlas.web.languages import begin_catalogue, lacking, messages

    path, lacks = begin_catalogue(tmp_path, "fr")
    assert lacks == len(messages()) > 300
    source = path.read_text(encoding="utf-8")
    path.write_text(
        source.replace('msgid "Maps"\nmsgstr ""', 'msgid "Maps"\nmsgstr "Cartes"'), "utf-8"
    )
    assert begin_catalogue(tmp_path, "fr")[1] == lacks - 1
    assert "Maps" not in lacking(tmp_path, "fr")


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    heads = {"a": "titel: A", "b": "title: [", "c": "title: C\ndraft: true", "d e": "title: D"}
    for name, head in heads.items():
        (tmp_path / "content" / f"{name}.md").write_text(f"---\n{head}\n---\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="3 faults") as caught:
        articles(tmp_path, ["en"])
    places = [problem.partition(":")[0] for problem in caught.value.problems]
    assert places == ["content/a.md, line 2", "content/b.md, line 3", "content/d e.md"]
    assert "titel" in caught.value.problems[0] and "YAML" in caught.value.problems[1]


def test_all_faults_of_an_author_s_files_are_told_before_anything_is_computed(
    tmp_path: Path,
) -> None:
    site = Built(tmp_path)
    site.toml.write_text(
        '[site]\nnav = ["mps", "maps"]\nlogo = "a.svg"\ncss = ["a.css"]\n'
        '[[models]]\nid = "a"\nsource = "path:absent"\n',
        encoding="utf-8",
    )
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "n.md").write_text(
        '---\ntitel: A\ndate: 2026-13-01\n---\n{{ map("a-wrds") }}\nand\n[x](no.md)\n\n'
        '| a |\n|---|\n| {{ wrd("x") }} |\n\n{{ map("a-words") }}\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="8 faults") as caught:
        site.build()
    assert [line.partition(" (")[0] for line in caught.value.problems] == [
        "atlas.toml, line 2: site.nav[0]: 'mps' is no part of this site",
        "atlas.toml, line 3: site.logo: a.svg: cannot be read",
        "atlas.toml, line 4: site.css[0]: a.css: cannot be read",
        "content/n.md, line 2: titel: unknown key",
        "content/n.md, line 3: date: month must be in 1..12",
        "content/n.md, line 5: map: there is no map 'a-wrds'",
        "content/n.md, line 7: there is no content/no.md",
        "content/n.md, line 11: wrd: no shortcode of this name",
    ]


BLOCKS = (
    "text",
    "two\nlines",
    "- item\n- item",
    "`{{ code }}`",
    "    {{ code }}",
    "> quoted\n> on",
)
FAULTS = ("{{ none() }}", "a\n{{ none() }}", "- a\n- {{ none() }}", "> a\n> b {{ none() }} c")


@given(st.lists(st.tuples(st.sampled_from([*BLOCKS, *FAULTS]), st.integers(1, 3))))
def test_a_fault_is_told_with_its_line(blocks: list[tuple[str, int]]) -> None:
    """Whatever stands before it, and however many empty lines."""
    source = "# Title\n\n" + "".join(f"{block}\n\nx\n" + "\n" * gap for block, gap in blocks)

    def none(call: object) -> Markup:
        raise LookupError("none")

    wanted = [n for n, line in enumerate(source.split("\n"), 1) if "none()" in line]
    told = parse(source).faults(Surroundings(str, none, ""))
    assert [int(re.findall(r"\d+", line)[0]) for line in told] == wanted


def test_a_page_may_begin_with_a_table_and_words_need_no_pages_of_words(
    frozen_copy: Built,
) -> None:
    (frozen_copy.root / "content").mkdir()
    (frozen_copy.root / "content" / "a.md").write_text(
        '| a |\n|---|\n| {{ word("king") }} |\n', encoding="utf-8"
    )
    assert "[words]\nenabled = false\n" in frozen_copy.toml.read_text(encoding="utf-8")
    frozen_copy.build(frozen=True)
    html = (frozen_copy.public / "a" / "index.html").read_text(encoding="utf-8")
    assert '<span class="word">king</span>' in html and "words/" not in html
    assert check(frozen_copy.public) == []


def test_a_map_that_a_build_leaves_out_is_told_in_its_place(frozen_copy: Built) -> None:
    """By --only, or as that of an optional model that cannot be reached."""
    (frozen_copy.root / "content").mkdir()
    (frozen_copy.root / "content" / "a.md").write_text(
        'See {{ map("ja-aozora-words") }} here.\n\n{{ figure("gone-words") }}\n\n'
        '{{ map("minilm-words") }}\n',
        encoding="utf-8",
    )
    toml = frozen_copy.toml.read_text(encoding="utf-8")
    gone = '\n[[models]]\nid = "gone"\nsource = "path:gone"\noptional = true\n'
    frozen_copy.toml.write_text(toml + gone, encoding="utf-8")
    summary = frozen_copy.build(frozen=True, only=("minilm",))
    assert [line for line in summary.warnings if line.startswith("content/")] == [
        "content/a.md, line 1: map: the map 'ja-aozora-words' is not in this build; its place says "
        "so",
        "content/a.md, line 3: figure: the map 'gone-words' is not in this build; its place says so",
    ]
    html = (frozen_copy.public / "a" / "index.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(html)
    assert html.count("is not in this build.") == 2 and "embed/minilm-words/" in html
    assert [line for line in check(frozen_copy.public) if line[0].endswith("a/index.html")] == []


def test_a_figure_within_a_paragraph_stands_between_two() -> None:
    around = Surroundings(str, lambda call: Markup(f"<{call[0]}></{call[0]}>"), "")
    html = parse("a {{ figure() }} b {{ b() }} c\n\n{{ figure() }}\n").html(around)
    assert re.sub(r"\s+", " ", html).strip() == (
        "<p>a </p> <figure></figure> <p> b <b></b> c</p> <figure></figure>"
    )
