"""What pages say is parted at their headings, read as terms, and found by those."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conftest import Built
from hypothesis import given
from hypothesis import strategies as st

from atlas.pipeline import search
from atlas.web.writer import Writer

PAGE = """<!doctype html><html><head><title>How it is &amp; was · Docs · Site</title><style>p{}</style>
</head><body><nav>Not this</nav><main><nav>Nor this</nav>
<h1>How it is &amp; was</h1><p>First <b>of</b> all.<br>Then</p></p>
<h2 id="next">Next <code>inputs_embeds</code></h2><table><tr><td>One</td><td>two</td></tr></table>
<h3>Without an id</h3>stays <dialog><h2 id="share">Share</h2>no</dialog>
<p hidden>no</p><p data-unsearched>no <b>no</b></p><svg aria-hidden="true"><text>no</text></svg>
<h3 id="last">最後</h3>表の中身</main><footer>Not this</footer></body></html>"""


def test_a_page_is_parted_at_its_headings() -> None:
    title, parts = search.sections(PAGE)
    assert title == "How it is & was"
    assert [(part.anchor, part.heading, part.text) for part in parts] == [
        ("", "How it is & was", "First of all. Then"),
        ("next", "Next inputs_embeds", "One two Without an id stays"),
        ("last", "最後", "表の中身"),
    ]


def test_terms_are_words_and_pairs_of_signs() -> None:
    told = list(search.terms(search.fold("BERTの inputs_embeds、トークン！ 字 ＡＢ1")))
    assert told == [
        *("bert", "の", "inputs_embeds", "inputs", "embeds", "とー", "ーく", "くん", "字", "ab1")
    ]


@given(st.text(st.sampled_from("aZ9é_ 、。とトーク字語한글ｱ-'\u0308"), max_size=30))
def test_any_part_of_a_text_has_terms_of_the_text(text: str) -> None:
    folded = search.fold(text)
    own = set(search.terms(folded))
    for begin in range(len(folded)):
        for end in range(begin + 1, min(begin + 6, len(folded)) + 1):
            for term in search.terms(folded[begin:end]):
                assert any(term in one for one in own), (folded, term)


def rows(public: Path, language: str) -> list[list[str]]:
    folder = public / "data" / "search" / language
    files = sorted(folder.glob("texts-*.json"), key=lambda path: int(path.stem.split("-")[1]))
    return [row for path in files for row in json.loads(path.read_text(encoding="utf-8"))]


def test_every_page_but_those_of_words_and_clusters_is_found(tiny_atlas: Built) -> None:
    for language, prefix in (("en", ""), ("ja", "ja/")):
        base = tiny_atlas.public / prefix
        there = {
            path.parent.relative_to(base).as_posix().replace(".", "", 1) + "/"
            for path in base.rglob("index.html")
            if prefix or "ja" not in path.relative_to(base).parts
        }
        found = {row[0] for row in rows(tiny_atlas.public, language)}
        assert "" in found and found <= there | {""}
        left = {url.split("/")[0] for url in there - found - {"/"}}
        assert left <= {"words", "maps", "embed"}
        assert {"about/", "words/", "maps/minilm-words/", "maps/minilm-words/clusters/"} <= found


def test_long_words_name_no_file(tmp_path: Path) -> None:
    """As in pages that show what an encoder wrote, which are one word to it."""
    words = " ".join(f"{'語' if at % 2 else 'x'}{'é' * 200}{at}" for at in range(2000))
    index = search.Index()
    index.pages.append(search.Said("p/", "Words", [search.Section("", "Words", words)]))
    index.write("en", Writer(tmp_path, tmp_path / "old", {}))
    folder = tmp_path / "data" / "search" / "en"
    bounds = json.loads((folder / "index.json").read_text(encoding="utf-8"))["bounds"]
    assert bounds == sorted(set(bounds))
    found = {}
    for bound, after in zip(bounds, [*bounds[1:], "\U0010ffff"], strict=True):
        file = json.loads((folder / f"{bound.encode().hex()}.json").read_text(encoding="utf-8"))
        assert all(bound <= term < after for term in file)
        found |= file
    assert len(found) > 2000 and "words" in found


def test_the_index_leads_to_what_it_says(tiny_atlas: Built) -> None:
    folder = tiny_atlas.public / "data" / "search" / "ja"
    index: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    every = rows(tiny_atlas.public, "ja")
    assert index["sections"] == len(every) and index["bounds"] == sorted(index["bounds"])
    firsts = [at for at, row in enumerate(every) if not at or every[at - 1][0] != row[0]]
    assert index["pages"] == firsts
    for bound in index["bounds"]:
        file = json.loads((folder / f"{bound.encode().hex()}.json").read_text(encoding="utf-8"))
        assert next(iter(file)).startswith(bound)
        for term, steps in file.items():
            number = 0
            for step in steps:
                number += step
                _, _, title, heading, text = every[number // 10]
                if len(text) < search.SHOWN:
                    assert term in search.fold(f"{title} {heading} {text}"), term
    for path in folder.glob("*.json"):
        assert path.stat().st_size < 40_000
