"""Words of every sort of model: splits are the tokenizer's own, and a site of them is whole."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import vector_tables
from conftest import CHECKOUT, Built

from atlas import atlas_toml
from atlas.cli.answers import lines, look_up
from atlas.errors import DataError, ModelError, UsageError
from atlas.findings.words.lexicon import ModelLexicon
from atlas.findings.words.stages.splits import split
from atlas.models.tokenizer_asked import tokenizer
from atlas.pipeline.options import Options
from atlas.pipeline.places import Places
from atlas.pipeline.plan import checkpoints
from atlas.web.check import check

MIXED = """
[site]
title = "Mixed"
base_url = "https://x.org/below/it"
languages = ["ja"]

[words]
list = ["fox", "ヨーグルト", "two words"]
pages = 12

[[models]]
id = "bytelevel"
source = "path:{bytelevel}"

  [[models.maps]]
  selection = {{ first = 120 }}
  projections = ["pca"]
  clusters = {{ coarse = 4, fine = 2 }}

[[models]]
id = "pieces"
source = "path:{pieces}"

  [[models.maps]]
  projections = ["pca"]
  clusters = {{ coarse = 4, fine = 2 }}

[[models]]
id = "vectors"
source = "vectors:{vectors}"

  [[models.maps]]
  projections = ["pca"]
  clusters = {{ coarse = 4, fine = 2 }}
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, models_folder: Callable[[str], Path]) -> Built:
    """A site in one language, below a path, of a byte-level BPE model of which a part is shown, a
    SentencePiece one, and a table of vectors without a tokenizer."""
    built = Built(tmp_path_factory.mktemp("mixed"))
    words = (*vector_tables.WORDS, *(f"w{number}" for number in range(40)))
    table = vector_tables.glove(built.root, words, vector_tables.vectors(len(words)))
    toml = MIXED.format(
        bytelevel=models_folder("bytelevel").as_posix(),
        pieces=models_folder("llama-slow").as_posix(),
        vectors=table.name,
    )
    built.toml.write_text(toml, encoding="utf-8")
    assert built.build().warnings == []
    return built


def found(built: Built, *words: str) -> list[dict[str, Any]]:
    settings = atlas_toml.load(built.toml)
    return look_up(settings, Places.of(settings), words)


@pytest.fixture(scope="module")
def tokenizers(tiny_atlas: Built) -> dict[str, Any]:
    settings = atlas_toml.load(tiny_atlas.toml)
    resolved = checkpoints(
        settings, Options(offline=True), Places.of(settings, None), lambda _: None
    )
    return {name: tokenizer(one.location) for name, one in resolved.items()}


class TestSplits:
    @pytest.mark.parametrize("model", ["minilm", "ja-aozora"])
    def test_ten_thousand_words_are_split_as_the_tokenizer_does(
        self, tiny_atlas: Built, tokenizers: dict[str, Any], model: str
    ) -> None:
        table = pq.read_table(tiny_atlas.root / "data" / f"{model}.splits.parquet").to_pylist()
        rows = random.Random(0).sample(table, 10_000)
        asked = tokenizers[model]
        wrong = [row["word"] for row in rows if row["pieces"] != asked.tokenize(row["word"])]
        assert wrong == []
        assert all(
            row["ids"] == asked.encode(row["word"], add_special_tokens=False) for row in rows
        )

    @pytest.mark.parametrize(("model", "corpus"), [("minilm", "en"), ("ja-aozora", "ja")])
    def test_so_are_two_thousand_sentences(
        self, tokenizers: dict[str, Any], model: str, corpus: str
    ) -> None:
        path = CHECKOUT / "site" / "corpus" / f"{corpus}.jsonl"
        told = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
        draw = random.Random(0)
        texts = [" ".join(draw.sample(told, draw.randint(1, 3))) for _ in range(2000)]
        asked = tokenizers[model]
        wrong = [
            text
            for text, (pieces, _) in zip(texts, split(asked, texts), strict=True)
            if pieces != asked.tokenize(text)
        ]
        assert wrong == []


class TestMixed:
    def test_the_site_is_whole(self, mixed: Built) -> None:
        assert check(mixed.public) == []
        assert (mixed.public / "words" / "fox" / "index.html").is_file()
        assert not (mixed.public / "ja").exists()
        assert "https://x.org/below/it/data/minilm" not in (mixed.public / "llms.txt").read_text()
        assert "(https://x.org/below/it/words/)" in (mixed.public / "llms.txt").read_text()

    def test_every_sort_of_model_answers(self, mixed: Built) -> None:
        [fox, table] = found(mixed, "FOX", "the")
        byte, pieces, vectors = [model["answer"] for model in fox["models"]]
        assert [token["text"] for token in byte["tokens"]] == ["␣fox"]
        assert byte["forms"][" fox"]["split"] == ["␣fox"] and len(byte["split"]) > 1
        assert "spaces" not in byte["tokens"][0], "the map shows other tokens"
        assert pieces["tokens"][0]["spaces"] and vectors is None
        answer = table["models"][2]["answer"]
        assert "split" not in answer and answer["tokens"][0]["spaces"][0]["near"]

    def test_a_frozen_build_makes_the_same(self, mixed: Built, tmp_path: Path) -> None:
        output = tmp_path / "again"
        mixed.build(frozen=True, output=output)
        for path in (mixed.public / "data" / "words").rglob("*.json"):
            again = output / path.relative_to(mixed.public)
            assert again.read_bytes() == path.read_bytes()

    def test_a_word_after_a_space_is_on_its_page(self, mixed: Built) -> None:
        page = (mixed.public / "words" / "fox" / "index.html").read_text(encoding="utf-8")
        assert "空白のあとでは：" in page and "トークナイザーはありません" in page

    def test_pages_are_as_many_as_are_asked_for(self, mixed: Built) -> None:
        pages = {path.name for path in (mixed.public / "words").iterdir() if path.is_dir()}
        assert {"fox", "letters"} <= pages
        assert len(pages) <= 1 + 3 + 12 * 1

    def test_the_terminal_says_it(self, mixed: Built) -> None:
        text = "\n".join(lines(found(mixed, "fox", "ヨーグルト")))
        assert "after a space ␣fox" in text and "without a tokenizer" in text
        with pytest.raises(UsageError, match="is no word"):
            found(mixed, "  ")

    def test_a_word_of_which_no_data_tell_is_asked_of_the_tokenizers(self, mixed: Built) -> None:
        settings = atlas_toml.load(mixed.toml)
        reached = checkpoints(settings, Options(offline=True), Places.of(settings), lambda _: None)
        texts = ["Qqq zz", "😀", "日本語を", "the qqq"]
        for text, one in zip(texts, found(mixed, *texts), strict=True):
            for model in one["models"][:2]:
                asked = tokenizer(reached[model["id"]].location)
                answer = model["answer"]
                assert answer["ids"] == asked.encode(text, add_special_tokens=False)
                table = pq.read_table(mixed.root / "data" / f"{model['id']}.tokens.parquet")
                assert answer["split"] == table.column("text").take(answer["ids"]).to_pylist()
            assert "split" not in (one["models"][2]["answer"] or {})
        after = found(mixed, "Qqq")[0]["models"][0]["answer"]["forms"][" Qqq"]
        assert after["split"][0].startswith("␣")

    def test_the_answer_is_the_one_that_data_tell(
        self, mixed: Built, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = ["fox", "the", "ヨーグルト"]
        told = found(mixed, *words)
        monkeypatch.setattr(ModelLexicon, "split", lambda *_: None)
        for one, again in zip(told, found(mixed, *words), strict=True):
            for model, other in zip(one["models"], again["models"], strict=True):
                for name in ("split", "ids"):
                    assert (model["answer"] or {}).get(name) == (other["answer"] or {}).get(name)

    def test_a_form_is_split_as_it_is_written(self, mixed: Built) -> None:
        """Not as another form of the same key, be it in the data or not."""
        settings = atlas_toml.load(mixed.toml)
        asked = checkpoints(
            settings, Options(offline=True), Places.of(settings, None), lambda _: None
        )
        for model in ("bytelevel", "pieces"):
            own = tokenizer(asked[model].location)
            for word in ("fox", "Fox", "FoX"):
                told = next(one for one in found(mixed, word)[0]["models"] if one["id"] == model)
                answer = told["answer"]
                forms = {answer.get("form", "fox"): answer, **answer.get("forms", {})}
                assert forms[word]["ids"] == own.encode(word, add_special_tokens=False)
                line = next(
                    line for line in lines(found(mixed, word)) if line.startswith(f"  {model}")
                )
                assert f"read as {' '.join(forms[word]['split'])};" in f"{line};"
        assert next(iter(lines(found(mixed, "a\nb")))) == "a⏎b"

    def test_without_data_and_tokenizers_nothing_is_known(
        self, mixed: Built, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lacking(*_: object, **__: object) -> None:
            raise ModelError("no such folder")

        monkeypatch.setattr("atlas.models.checkpoint.resolve", lacking)
        assert found(mixed, "qqq")[0]["models"] is None

    def test_a_folder_without_words_says_what_to_do(self, mixed: Built, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="no data of words") as told:
            look_up(atlas_toml.load(mixed.toml), Places(tmp_path, tmp_path / "public"), ["fox"])
        assert "atlas build" in told.value.hint


@pytest.mark.parametrize("word", ["yuushou", "yusho", "ﾕｳｼｮｳ", "ゆうしょう", "Yuushou"])
def test_a_word_that_is_no_token_leads_to_those_that_are_read_so(
    tiny_atlas: Built, word: str
) -> None:
    one, other = found(tiny_atlas, word, "優勝")
    assert "優勝" in one["sounding"] and any("read so: " in line for line in lines([one]))
    assert other["sounding"] == []  # which is a token
