"""A word in every model: splits that are the tokenizer's own, answers by key, and their files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.findings.words import shards
from atlas.findings.words.forms import key, word
from atlas.findings.words.stages.splits import splits, words_of
from atlas.models.tokenizer_asked import tokenizer
from atlas.spaces.stages.vocabulary import vocabulary


def answers(public: Path, text: str) -> list[dict[str, Any] | None] | None:
    """The answers to a word, found as the documentation says."""
    folder = public / "data" / "words"
    bounds = json.loads((folder / "index.json").read_text(encoding="utf-8"))["shards"]
    bound = [one for one in bounds if one <= key(text)][-1]
    name = f"{bound.encode().hex() or '_'}.json"
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    return found["words"].get(key(text))


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


class TestSplits:
    def test_they_are_the_tokenizer_s_own(self, checkpoint: Path) -> None:
        where = Work(location=f"path:{checkpoint}")
        tokens = vocabulary(work=where)
        found = splits(tokens, work=where)
        asked = tokenizer(where.location)
        assert set(words_of(tokens)) <= set(found.words)
        for row, text in enumerate(found.words):
            pieces, ids = found.of(row)
            assert pieces == asked.tokenize(text), text
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
        assert [one[2] for one in space["near"]] == near
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

    def test_it_can_be_turned_off(self, frozen_copy: Built) -> None:
        with frozen_copy.toml.open("a", encoding="utf-8") as file:
            file.write("\n[words]\nenabled = false\n")
        frozen_copy.build(frozen=True)
        assert not (frozen_copy.public / "words").exists()
        assert not (frozen_copy.public / "data" / "words").exists()
