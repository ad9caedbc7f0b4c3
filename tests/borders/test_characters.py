"""Characters that pages cannot hold are refused at the border, with their place; what comes past it
is shown by its number."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import borders
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.config.characters import numbered, unfit
from atlas.config.site import Site
from atlas.errors import DataError
from atlas.findings.senses.sentences import read
from atlas.spaces.plan import read_words
from atlas.web.addresses import write_addresses
from atlas.web.render import Renderer
from atlas.web.writer import Writer

MODEL = '[[models]]\nid = "m"\nsource = "path:m"\n'


@given(st.text())
def test_what_is_left_is_xml(text: str) -> None:
    clean = numbered(text, "({})")
    assert not unfit(clean)
    assert (clean == text) == (not unfit(text))
    mark = ET.Element("a")
    mark.text = clean
    assert ET.fromstring(ET.tostring(mark)).text == (
        clean.replace("\r\n", "\n").replace("\r", "\n") or None
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'[site]\ntitle = "a\\u0007"\n{MODEL}', "site.title: holds U+0007"),
        (f'[site.title]\nja = "\\u007f"\n{MODEL}', "site.title.ja: holds U+007F"),
        (f'{MODEL}description = "\\uFFFE"', "models[0].description: holds U+FFFE"),
        (
            f'{MODEL}[[landmarks]]\nname = "x"\ntokens = ["a", "b\\u001b"]',
            "landmarks[0].tokens[1]: holds U+001B",
        ),
        (f'{MODEL}[pitfall.sentences]\nen = ["\\u0000"]', "pitfall.sentences.en[0]: holds U+0000"),
    ],
)
def test_config(tmp_path: Path, capsys: Any, text: str, place: str) -> None:
    (tmp_path / "atlas.toml").write_text(text, encoding="utf-8")
    code, said = borders.run(capsys, "status", str(tmp_path))
    assert code == 1 and place in said and "which no page can show" in said


def test_words_and_sentences(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("one\ntwo\x0bthree\n")
    with pytest.raises(DataError, match=r"words\.txt, line 2: holds U\+000B"):
        read_words(words)
    words.write_bytes("one\r\n two\t\r\n\r\nçé\n".encode())
    assert read_words(words) == ("one", "two", "çé")
    sentences = tmp_path / "s.jsonl"
    sentences.write_text('{"word": "a", "sense": "x\\u0001", "text": "a b"}\n')
    with pytest.raises(DataError, match=r"s\.jsonl, line 1: holds U\+0001"):
        read(sentences)


def test_past_the_border(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "404.html").write_text("<p>{{ word }}</p>\n")
    html = Renderer(tmp_path, ("en",)).render("en", "404.html", {"word": "a\x07b\ufffe\n"})
    assert html == "<p>a&lt;U+0007&gt;b&lt;U+FFFE&gt;\n</p>"


def test_base_url_in_files_for_robots(tmp_path: Path) -> None:
    base = Site(base_url="https://a.example/b&c/'d'").base_url
    writer = Writer(tmp_path / "new", tmp_path / "old", {})
    write_addresses(base, {"": "", "maps/x/": "2026-11-20"}, writer)
    tree = ET.parse(tmp_path / "new" / "sitemap.xml")
    found = [place.text for place in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert found == [f"{base}/", f"{base}/maps/x/"]
    assert len((tmp_path / "new" / "robots.txt").read_text().splitlines()) == 3
    for odd in (
        "https://a.example/<b>",
        "https://a.example/\nDisallow: /",
        'https://a.example/"',
        "https://[a",
    ):
        with pytest.raises(ValueError, match="base_url"):
            Site(base_url=odd)


def command(*arguments: str, cwd: str | bytes, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "atlas", *arguments],
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": os.pathsep.join(sys.path), **env},
        check=False,
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in said and "fault of the atlas" not in said, said
    return done.returncode, said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="folders have names of bytes")
def test_working_folders(tmp_path: Path, models_folder: Callable[[str], Path]) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "atlas.toml").write_text(MODEL.replace("path:m", f"path:{models_folder('wordpiece')}"))
    odd = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(odd)  # noqa: PTH102  # a name of bytes
    (Path(os.fsdecode(odd)) / "atlas.toml").write_bytes((whole / "atlas.toml").read_bytes())
    code, said = command("build", cwd=odd)
    assert code == 1 and "not UTF-8" in said
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && "{sys.executable}" -m atlas build {{}}'
    for where, told in (
        ("", "working folder"),
        (".", "no atlas.toml"),
        (f"-o x {whole}", "working folder"),
    ):
        done = subprocess.run(
            ["sh", "-c", script.format(where)],
            capture_output=True,
            text=True,
            env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (1, 2) and told in done.stderr, done.stderr
        gone.mkdir(exist_ok=True)
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code, said = command("status", cwd=str(whole), **plain)
    assert code == 0 and "stages would run" in said
    code, said = command("build", "--only", "日本", cwd=str(whole), **plain)
    assert code == 2
    for epoch in ("abc", "-1", "9" * 30, "²", "1e3"):
        code, said = command("status", cwd=str(whole), SOURCE_DATE_EPOCH=epoch)
        assert code == 1 and "SOURCE_DATE_EPOCH" in said
