"""A word in every model: splits that are the tokenizer's own, answers by key, and their files."""

from __future__ import annotations

import gzip
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pytest
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.parquet import read_table, write_table

from atlas.engine.stage import Work
from atlas.errors import DataError
from atlas.findings.words import data, shards
from atlas.findings.words.answers import AnswersFile, IndexFile, WordFile
from atlas.findings.words.entries import slugs, twins
from atlas.findings.words.forms import key, word
from atlas.findings.words.lexicon import Lexicon
from atlas.findings.words.stages.splits import splits, words_of
from atlas.models.tokenizer_asked import tokenizer
from atlas.spaces.stages.vocabulary import vocabulary
from atlas.web.check import check
from atlas.web.redirects import read_redirects


def answers(public: Path, text: str) -> list[dict[str, Any] | None] | None:
    """The answers to a word, found and read as the documentation says."""
    folder = public / "data" / "words"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    bound = [one for one in index["shards"] if one <= key(text)][-1]
    name = f"{bound.encode().hex() or '_'}.json"
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    answer = found["words"].get(key(text))
    for model, one in zip(index["models"], answer or (), strict=False):
        for token in (one or {}).get("tokens", ()):
            if one.get("ids") == [token["id"]]:
                one.setdefault("split", [token["text"]])
            token["rank"] = token["id"] + 1
            columns = [token.pop(name) for name in COLUMNS if name in token]
            told = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]
            if told:
                token["spaces"] = [space(model, found, row) for row in told]
    return answer


COLUMNS = ("spaces", "near", "cosine", "kept", "cluster", "at")  # of a token


def space(model: dict[str, Any], file: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What one space says of a token, from a row of its columns."""
    told = {
        "space": row["spaces"],
        "near": [
            [file["texts"][place], value / 1000]
            for place, value in zip(row["near"], row["cosine"], strict=True)
        ],
        "kept": row["kept"],
    }
    if row["cluster"] is not None:
        title, below = file["clusters"][row["cluster"]]
        href = f"{model['spaces'][row['spaces']]['href']}clusters/{below}"
        told["cluster"] = {"title": title, "href": href}
    return told | ({"at": [part / 1000 for part in row["at"]]} if row["at"] else {})


class TestForms:
    @pytest.mark.parametrize(
        "text", ["victory", "Victory", "VICTORY", "␣victory", "##victory", "Ġvictory", "▁victory"]
    )
    def test_written_forms_have_one_key(self, text: str) -> None:
        assert key(text) == "victory"

    @pytest.mark.parametrize(
        ("text", "plain", "found"),
        [
            ("ｖｉｃｔｏｒｙ", "ｖｉｃｔｏｒｙ", "victory"),
            ("victory␣", "victory", "victory"),
            ("victory</w>", "victory", "victory"),
            ("victo@@", "victo", "victo"),
            ("two␣words", "two words", "two words"),
            ("##", "##", "##"),
            ("␣␣", "  ", "␣␣"),
            ("<U+2423>", "␣", "␣"),
            ("a <row 12>", "a", "a"),
            ("<row 12>", "<row 12>", "<row 12>"),
            ("Straße", "Straße", "strasse"),
            ("ﾖｰｸﾞﾙﾄ", "ﾖｰｸﾞﾙﾄ", "ヨーグルト"),
            ("@", "@", "@"),
        ],
    )
    def test_marks_are_taken_off(self, text: str, plain: str, found: str) -> None:
        assert (word(text), key(text)) == (plain, found)

    @given(st.text())
    def test_every_text_has_a_key_and_a_key_is_its_own(self, text: str) -> None:
        assert bool(key(text)) == bool(text)
        assert key(key(text)) == key(text) or "<U+" in text or "<row" in text


class TestShards:
    @given(st.sets(st.text(min_size=1), max_size=60), st.integers(1, 40_000))
    def test_every_key_is_in_the_file_that_its_bound_names(self, keys: set[str], size: int) -> None:
        ordered = sorted(keys)
        found = shards.shards(ordered, dict.fromkeys(ordered, size))
        assert next(iter(found)) == "" and list(found) == sorted(found)
        assert [one for own in found.values() for one in own] == ordered
        for one in ordered:
            bound = [bound for bound in found if bound <= one][-1]
            assert one in found[bound]
        for own in found.values():
            assert len(own) <= 1 or len(own) * size <= shards.ROOM

    @pytest.mark.parametrize("sign", ["-", "─", "𓀀"])
    def test_no_key_is_too_long_to_name_a_file(self, sign: str) -> None:
        """Vocabularies have runs of signs: of cl100k's the longest is of 128."""
        keys = [sign * length for length in range(1, 300)]
        found = shards.shards(keys, dict.fromkeys(keys, shards.ROOM))
        assert len(found) > 20
        for bound, own in found.items():
            assert len(Path(shards.file_name(bound)).name) < 255
            for one in own:
                assert [other for other in found if other <= one][-1] == bound


class TestSplits:
    def test_they_are_the_tokenizer_s_own(self, checkpoint: Path) -> None:
        where = Work(location=f"path:{checkpoint}")
        tokens = vocabulary(work=where)
        found = splits(tokens, work=where)
        asked = tokenizer(where.location)
        assert set(words_of(tokens)) <= set(found.words)
        for text, (pieces, ids) in zip(found.words, found, strict=True):
            assert list(pieces) == asked.tokenize(text), text
            assert ids == asked.encode(text, add_special_tokens=False), text

    def test_a_word_after_a_space_is_asked_where_that_is_told_apart(
        self, models_folder: Any
    ) -> None:
        where = Work(location=f"path:{models_folder('bytelevel')}")
        found = splits(vocabulary(work=where), work=where)
        assert any(one.startswith(" ") for one in found.words)
        where = Work(location=f"path:{models_folder('wordpiece')}")
        found = splits(vocabulary(work=where), work=where)
        assert not any(one.startswith(" ") for one in found.words)


class TestFewPages:
    def test_each_landmark_keeps_some_and_the_others_are_led_on(self, whole_copy: Built) -> None:
        def paged() -> set[str]:
            folder = whole_copy.public / "data" / "words" / "pages"
            return {json.loads(path.read_bytes())["key"] for path in folder.iterdir()}

        before, most = paged(), 40
        whole_copy.edit("max_pages = 60", f'list = ["zebra"]\nmax_pages = {most}')
        whole_copy.build(frozen=True)
        kept = paged()
        assert len(kept) == most < len(before) and kept <= before | {"zebra"}
        assert {"man", "woman", "はし"} <= kept  # of claims and of sense maps
        for model in ("minilm", "ja-aozora"):
            folder = whole_copy.public / "data"
            landmarks = json.loads((folder / f"{model}-words.json").read_bytes())["landmarks"]
            texts = read_table(folder / f"{model}.tokens.parquet")["text"].to_pylist()
            firsts = [texts[one["members"][0]] for one in landmarks if one["members"]]
            assert firsts and all(key(text) in kept for text in firsts)
        rules = read_redirects((whole_copy.public / "_redirects").read_text("utf-8"))
        assert len(rules) == 2 * len(before - kept)
        assert {key(unquote(to.partition("?w=")[2])) for to in rules.values()} == before - kept
        assert all(to.startswith(("words/?w=", "ja/words/?w=")) for to in rules.values())


class TestPages:
    def test_each_has_an_address_of_its_own(self, tiny_atlas: Built) -> None:
        public = tiny_atlas.public
        entries = sorted(path.stem for path in (public / "data" / "words" / "pages").iterdir())
        assert len(entries) == 60
        told = {
            slug: json.loads((public / "data" / "words" / "pages" / f"{slug}.json").read_bytes())
            for slug in entries
        }
        assert len({one["key"] for one in told.values()}) == len(entries)
        for slug, one in told.items():
            assert one["page"] == f"words/{slug}/"
            assert [model["answer"] for model in one["models"]] == answers(public, one["word"])
            for prefix in ("", "ja/"):
                page = (public / prefix / one["page"] / "index.html").read_text(encoding="utf-8")
                assert f"data/words/pages/{slug}.json" in page
                assert f"<bdi>{one['word']}</bdi>" in html.unescape(page)
        assert not (public / "data" / "words" / "cards").exists(), "no page could name them"

    def test_words_of_maps_claims_and_senses_have_one(self, tiny_atlas: Built) -> None:
        public = tiny_atlas.public
        pinned = tiny_atlas.data("minilm-words")
        texts = dict(zip(pinned.column("token_id"), pinned.strings("text"), strict=True))
        years = [str(texts[row]) for mark in pinned.about.landmarks for row in mark.members]
        assert len(years) > 3
        for slug in (*years, "man", "unheardof"):
            page = (public / "words" / slug / "index.html").read_text(encoding="utf-8")
            assert f"<bdi>{slug}</bdi>" in page
        readings = {path.name.rpartition("-")[0] for path in (public / "words").iterdir()}
        assert {"hashi", "atama"} <= readings, "words of the sense map, by their reading"

    def test_a_site_with_an_address_shows_the_word_in_previews(self, whole_copy: Built) -> None:
        whole_copy.edit(
            'title = { en = "Tiny atlas"', 'base_url = "https://x.org/a"\ntitle = { en = "T"'
        )
        whole_copy.build(frozen=True)
        public = whole_copy.public
        for slug in ("man", "1999"):
            page = (public / "ja" / "words" / slug / "index.html").read_text(encoding="utf-8")
            assert f'og:image" content="https://x.org/a/data/words/cards/{slug}.png"' in page
            picture = (public / "data" / "words" / "cards" / f"{slug}.png").read_bytes()
            assert picture.startswith(b"\x89PNG") and len(picture) < 12_000
            [_trail, facts] = re.findall(r'application/ld\+json">(.*?)</script>', page)
            term = json.loads(facts)
            assert (term["@type"], term["name"]) == ("DefinedTerm", slug)
            assert term["url"] == f"https://x.org/a/ja/words/{slug}/"
        sitemap = (public / "sitemap.xml").read_text(encoding="utf-8")
        assert "https://x.org/a/words/man/" in sitemap and "words/letters/" not in sitemap
        assert check(public) == []

    def test_every_word_is_in_the_index_once(self, tiny_atlas: Built) -> None:
        index = json.loads((tiny_atlas.public / "data" / "words" / "index.json").read_bytes())
        keys = [
            one
            for bound in index["shards"]
            for one in json.loads((tiny_atlas.public / shards.file_name(bound)).read_bytes())[
                "words"
            ]
        ]
        pages = list((tiny_atlas.public / "words" / "letters").glob("*/index.html"))
        texts = [path.read_text(encoding="utf-8") for path in pages]
        lists = [text.partition('class="word-lists"')[2] for text in texts]
        count = sum(text.count('\n<a href="../../') for text in lists)
        assert count == len(keys)
        assert all(len(text.encode()) < 120_000 for text in texts)
        front = (tiny_atlas.public / "words" / "index.html").read_text(encoding="utf-8")
        assert all(f'"letters/{path.parent.name}/"' in front for path in pages)

    @given(st.sets(st.text(min_size=1, max_size=12), max_size=40))
    def test_slugs_are_distinct_and_do_not_depend_on_one_another(self, texts: set[str]) -> None:
        empty = Lexicon(())
        keys = {key(text) for text in texts}
        found = slugs(empty, keys)
        assert len(set(found.values())) == len(keys)
        for one, slug in found.items():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
            assert slugs(empty, [one]) == {one: slug}

    def test_twins_are_written_alike(self) -> None:
        near = ["Victory", "victories", "win", "##victory", "wins", "␣win", "winning", "ｗｉｎ"]
        assert twins("victory", near) == [True, True, False, True, True, True, False, True]


class TestFiles:
    def test_a_word_is_answered_by_every_model(self, tiny_atlas: Built) -> None:
        english, japanese = answers(tiny_atlas.public, "Victory") or (None, None)
        assert english and japanese
        [token] = english["tokens"]
        assert (token["text"], token["kind"], english["split"]) == ("victory", "word", ["victory"])
        assert "tokens" not in japanese and len(japanese["split"]) == len(japanese["ids"]) > 1

    def test_neighbors_are_those_of_the_map(self, tiny_atlas: Built) -> None:
        map_data = tiny_atlas.data("minilm-words")
        found = answers(tiny_atlas.public, "the")
        assert found and found[0]
        [token] = [one for one in found[0]["tokens"] if one["text"] == "the"]
        row = list(map_data.column("token_id")).index(token["id"])
        [space] = token["spaces"]
        near = map_data.lists("neighbor_ids")[row][:10].tolist()
        texts = dict(
            zip(map_data.column("token_id").tolist(), map_data.strings("text"), strict=True)
        )
        assert [one[0] for one in space["near"]] == [texts[token_id] for token_id in near]
        similar = map_data.lists("neighbor_similarities")[row][:10]
        assert [one[1] for one in space["near"]] == pytest.approx(similar, abs=6e-4)

    def test_every_key_of_every_file_is_found_and_files_are_light(self, tiny_atlas: Built) -> None:
        folder = tiny_atlas.public / "data" / "words"
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        seen = 0
        for bound, after in zip(index["shards"], [*index["shards"][1:], None], strict=True):
            content = (folder / f"{bound.encode().hex() or '_'}.json").read_bytes()
            assert len(gzip.compress(content)) <= shards.LIMIT
            words = json.loads(content)["words"]
            assert all(bound <= one and (after is None or one < after) for one in words)
            assert all(len(found) == len(index["models"]) for found in words.values())
            seen += len(words)
        assert seen > 30_000

    def test_they_are_as_they_are_described(self, tiny_atlas: Built) -> None:
        folder = tiny_atlas.public / "data" / "words"
        index = IndexFile.model_validate_json((folder / "index.json").read_bytes())
        for bound in index.shards:
            AnswersFile.model_validate_json(
                (tiny_atlas.public / shards.file_name(bound)).read_bytes()
            )
        for path in (folder / "pages").iterdir():
            WordFile.model_validate_json(path.read_bytes())

    def test_it_can_be_turned_off(self, whole_copy: Built) -> None:
        assert (whole_copy.public / "words").is_dir()
        whole_copy.edit("[words]\n", "[words]\nenabled = false\n")
        whole_copy.build(frozen=True)
        assert not (whole_copy.public / "words").exists()
        assert not (whole_copy.public / "data" / "words").exists()


@pytest.mark.parametrize(
    ("number", "column", "told"),
    [
        (0, "token_id", "token_id does not count from 0"),
        (1, "ids", "ids has empty cells"),
        (3, "tokens", "token_id does not count from 0"),
    ],
)
def test_damaged_data_are_named_with_their_fault(
    tiny_atlas: Built, tmp_path: Path, number: int, column: str, told: str
) -> None:
    names = data.files("minilm")
    for name in names:
        shutil.copy(tiny_atlas.root / "data" / name, tmp_path)
    file = tmp_path / names[number]
    if file.suffix == ".json":
        file.write_text(json.dumps(json.loads(file.read_bytes()) | {column: 10**25}))
    else:
        table = read_table(file)
        place = table.schema.get_field_index(column)
        first, *rest = table.column(place).to_pylist()
        lacking = [None, *first[1:]] if isinstance(first, list) else None
        kind = table.schema.field(place).type
        write_table(table.set_column(place, column, pa.array([lacking, *rest], kind)), file)
    with pytest.raises(DataError, match=told):
        data.read(tmp_path, "minilm")
