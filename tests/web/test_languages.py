"""A language is a row, a catalogue and prose: a site in a third one, with no other file touched."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from conftest import Built

from atlas import atlas_toml
from atlas.config.languages import LANGUAGES, Language
from atlas.errors import AtlasError, ConfigError
from atlas.web.check import check
from atlas.web.headers import FILE, FRAMED, OPEN, PAGE, headers_of, read_headers
from atlas.web.languages import catalogue

BASE = "https://atlas.example"
ROW = Language("eo", "Esperanto", "eo_EO", comma=" kaj ", gap="  ")
CATALOGUE = """msgid ""
msgstr ""
"Language: eo\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Maps"
msgstr "Mapoj"

msgid "Page not found"
msgstr "Paĝo ne trovita"

msgid "A coarse cluster of %(n)s tokens."
msgstr "Granda areto de %(n)s ĵetonoj."
"""


@pytest.fixture
def esperanto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, ROW.code, ROW)


@pytest.fixture
def trilingual(esperanto: None, frozen_copy: Built) -> Built:
    """The tiny site in three languages; the third is known from its row and its own two files."""
    own = frozen_copy.root / "templates"
    messages = own / "locale" / "eo" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (messages / "atlas.po").write_text(CATALOGUE, encoding="utf-8")
    (own / "inputs_embeds").mkdir()
    (own / "inputs_embeds" / "prose.eo.html").write_text("<h1>Prozo</h1>\n", encoding="utf-8")
    frozen_copy.edit('languages = ["en", "ja"]', 'languages = ["en", "ja", "eo"]')
    frozen_copy.edit("[site]\n", f'[site]\nbase_url = "{BASE}"\n')
    frozen_copy.build(frozen=True)
    return frozen_copy


def text(public: Path, name: str) -> str:
    return (public / name).read_text(encoding="utf-8")


def test_a_site_in_a_language_of_its_own(trilingual: Built) -> None:
    public = trilingual.public
    assert check(public) == []
    home = text(public, "eo/index.html")
    assert '<html lang="eo">' in home
    assert re.search(r'<nav .*?<a href="\./" aria-current="page">Mapoj</a>', home, re.S)
    assert "Every word a model knows" in home  # the catalogue lacks it
    assert '<a class="language" href="../" hreflang="en" lang="en">English</a>' in home
    assert '<a class="language" href="../ja/" hreflang="ja" lang="ja">日本語</a>' in home
    assert ">Esperanto</a>" not in home
    for name, own, others in (
        ("index.html", "en_US", {"ja_JP", "eo_EO"}),
        ("eo/index.html", "eo_EO", {"en_US", "ja_JP"}),
    ):
        page = text(public, name)
        assert f'<meta property="og:locale" content="{own}">' in page
        found = set(re.findall(r'"og:locale:alternate" content="([^"]*)"', page))
        assert found == others
        places = dict(re.findall(r'rel="alternate" hreflang="([^"]*)" href="([^"]*)"', page))
        assert places == {
            "en": f"{BASE}/",
            "ja": f"{BASE}/ja/",
            "eo": f"{BASE}/eo/",
            "x-default": f"{BASE}/",
        }
    assert '<a class="language" href="eo/" hreflang="eo" lang="eo">Esperanto</a>' in text(
        public, "index.html"
    )
    assert "Paĝo ne trovita" in text(public, "eo/404.html")
    rules = read_headers(text(public, FILE))
    for path, headers in (
        ("/eo/", PAGE),
        ("/eo/404.html", PAGE),
        ("/eo/maps/minilm-words/", PAGE),
        ("/eo/embed/minilm-words/", FRAMED),
        ("/eo/oembed/minilm-words.json", OPEN),
        ("/eo/feed.xml", OPEN),
    ):
        assert headers_of(path, rules) == headers
    feed = ET.parse(public / "eo" / "feed.xml").getroot()
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "eo"
    assert f"<loc>{BASE}/eo/about/</loc>" in text(public, "sitemap.xml")
    assert (public / "eo" / "oembed" / "minilm-words.json").is_file()


def test_its_sentences_and_prose(trilingual: Built) -> None:
    public = trilingual.public
    clusters = (public / "eo" / "maps" / "minilm-words" / "clusters").glob("*/index.html")
    ledes = re.findall(
        r'<p class="lede">(.*)</p>', "".join(page.read_text(encoding="utf-8") for page in clusters)
    )
    assert any(re.match(r"Granda areto de [0-9]+ ĵetonoj\.  On average", lede) for lede in ledes)
    assert "<h1>Prozo</h1>" in text(public, "eo/write-ups/inputs-embeds/index.html")


def test_prose_that_it_lacks_is_in_the_first_language_and_says_so(trilingual: Built) -> None:
    (trilingual.root / "templates" / "inputs_embeds" / "prose.eo.html").unlink()
    trilingual.build(frozen=True)
    page = text(trilingual.public, "eo/write-ups/inputs-embeds/index.html")
    assert '<article class="prose write-up" lang="en">' in page
    assert (
        "lang"
        not in re.findall(
            "<article[^>]*>", text(trilingual.public, "ja/write-ups/inputs-embeds/index.html")
        )[0]
    )


def test_the_config_knows_it(esperanto: None, tmp_path: Path) -> None:
    path = tmp_path / "atlas.toml"
    entry = '[[models]]\nid = "m"\nsource = "path:m"\n'
    path.write_text(f'[site]\nlanguages = ["eo"]\ntitle = {{ eo = "Atlaso" }}\n{entry}')
    assert atlas_toml.load(path).site.languages == ("eo",)
    assert '"eo"' in str(atlas_toml.schema()).replace("'", '"')
    path.write_text(f'[site]\nlanguages = ["oe"]\n{entry}')
    with pytest.raises(ConfigError) as caught:
        atlas_toml.load(path)
    assert caught.value.problems == (
        "site.languages[0]: 'oe' is not one of en, ja, eo (did you mean eo?)",
    )


def test_words_of_data_that_it_lacks_are_in_english(esperanto: None, tmp_path: Path) -> None:
    assert catalogue(tmp_path, "eo").gettext("名詞") == catalogue(tmp_path, "en").gettext("名詞")
    assert catalogue(tmp_path, "en").gettext("名詞").isascii()


def test_words_of_unidic_stay_in_japanese(tmp_path: Path) -> None:
    words = {code: catalogue(tmp_path, code).gettext("名詞") for code in ("en", "ja")}
    assert words == {"en": "noun", "ja": "名詞"}


def test_a_catalogue_is_read_as_editors_leave_it_or_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "locale" / "fr" / "LC_MESSAGES" / "atlas.po"
    path.parent.mkdir(parents=True)
    source = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Maps"\n'
    source += 'msgstr "Cartes"\n'
    path.write_bytes(b"\xef\xbb\xbf" + source.replace("\n", "\r\n").encode())
    assert catalogue(tmp_path, "fr").gettext("Maps") == "Cartes"
    path.write_text(source + "\n<<<<<<< ours\n", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"atlas\.po: line 7: no message of a catalogue"):
        catalogue(tmp_path, "fr")
