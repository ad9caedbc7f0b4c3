"""What vocabularies are asked: the wall, the tokens of texts, and order, on real tiny models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_models  # noqa: F401  # keeps transformers from importing TensorFlow
import vector_tables

from atlas.engine.stage import Span, Work
from atlas.findings.vocabularies import sets
from atlas.findings.vocabularies.config import WALL, Vocabularies
from atlas.findings.vocabularies.plan import calendar, ordered
from atlas.findings.vocabularies.stages.counted import counted
from atlas.findings.vocabularies.stages.orders import orders
from atlas.findings.vocabularies.stages.wall import wall
from atlas.maps.records import Lexicon
from atlas.spaces.corpus import first_chunk
from atlas.spaces.records import Vectors, Vocabulary
from atlas.spaces.stages.tables import table_words
from atlas.spaces.stages.vocabulary import readable, vocabulary

FEW = ["hiragana", "katakana", "forms", "eras", "prefectures"]


def at(folder: Path) -> Work:
    return Work(f"path:{folder}")


def test_the_sets_are_what_they_are_said_to_be() -> None:
    every = {name: [one for group in sets.members(name) for one in group.members] for name in WALL}
    sizes = {name: len(items) for name, items in every.items()}
    assert sizes["joyo"] == 2136 and sizes["eras"] == 248 and sizes["numbers"] == 10_000
    assert sizes["prefectures"] == 47 + 46
    for name, items in every.items():
        assert len(set(items)) == len(items), name
    grades = {group.name: len(group.members) for group in sets.members("joyo")}
    assert list(grades.values()) == [80, 160, 200, 202, 193, 191, 1110]
    assert "😀" in every["emoji"] and "🇯" not in every["emoji"]


@pytest.mark.parametrize("name", ["wordpiece", "japanese", "bytelevel", "t5", "llama"])
def test_the_wall_says_how_the_tokenizer_splits(
    name: str, models_folder: Callable[[str], Path]
) -> None:
    from transformers import AutoTokenizer

    folder = models_folder(name)
    own = AutoTokenizer.from_pretrained(folder)
    words = vocabulary(work=at(folder))
    found = wall(words, sets=FEW, work=at(folder))
    assert found.reason == "" and [one.name for one in found.sets] == FEW
    seen = set()
    for one in found.sets:
        assert len(one.items) == len(one.states) == len(one.pieces)
        assert sum(group.size for group in one.groups) == len(one.items)
        for item, state, pieces in zip(one.items, one.states, one.pieces, strict=True):
            seen.add(state)
            tokens = [token for token in own.tokenize(item) if token not in ("▁", "Ġ")]
            assert pieces <= len(tokens), item  # after a space it may be one token less
            if own.unk_token in tokens and name != "bytelevel":
                assert state == "u" or own.unk_token not in own.tokenize(f" {item}")
            if state == "t":
                assert pieces == 1 and item in "".join(own.decode(own.encode(item)))
    assert seen <= set("topbu") and ("t" in seen) == (name != "wordpiece")
    if name in ("bytelevel", "llama"):
        assert "b" in seen and "u" not in seen
    else:
        assert "u" in seen and "b" not in seen


def test_without_a_tokenizer_only_what_is_a_token_is_known() -> None:
    words = Vocabulary(("昭和", "あ", "x"), ("昭和", "あ", "x"), ("word",) * 3, ("",) * 3, "words")
    found = wall(words, sets=["eras", "hiragana"], work=Work("vectors:/nowhere/glove.txt"))
    assert "tokenizer" in found.reason
    eras = found.sets[0]
    assert eras.count("t") == 1 and eras.states[eras.items.index("昭和")] == "t"
    assert set(eras.states) == {"t", "-"}


def test_the_tokenizer_beside_a_table_of_vectors_is_asked(tmp_path: Path) -> None:
    words = ["[UNK]", "大化", "あ", *(f"w{n}" for n in range(20))]
    table = vector_tables.static(tmp_path, words, np.ones((len(words), 4), np.float32))
    work = Work(f"vectors:{table}")
    found = wall(table_words(format="static", work=work), sets=["eras", "hiragana"], work=work)
    assert found.reason == ""
    for one, known in zip(found.sets, ("大化", "あ"), strict=True):
        assert {
            item for item, state in zip(one.items, one.states, strict=True) if state == "t"
        } == {known}
        assert set(one.states) == {"t", "u"}


def test_tokens_of_texts_are_counted(models_folder: Callable[[str], Path], tmp_path: Path) -> None:
    rows = ["the quick brown fox", "東京 the fox !"]
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": one}) + "\n" for one in rows), encoding="utf-8")
    chunk = first_chunk(tmp_path, "texts.jsonl", 1000)
    assert chunk is not None
    folder = models_folder("wordpiece")
    work = Work(f"path:{folder}", Span(chunk.path, chunk.begin, chunk.end))
    words = vocabulary(work=at(folder))
    told = {"kind": chunk.kind, "digest": chunk.digest}
    found = counted(words, chunk=told, language="en", work=work)
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(folder)
    assert found.tokens == sum(len(own.tokenize(one)) for one in rows)
    assert found.unknown == sum(own.tokenize(one).count("[UNK]") for one in rows)
    assert found.words == 7 and found.texts == 2 and found.characters == sum(map(len, rows))
    assert counted(words, chunk=told, language="zh", work=work).words == 0
    japanese = counted(words, chunk=told, language="ja", work=work)
    assert japanese.words >= 7 and japanese.tokens == found.tokens


def test_a_corpus_is_read_no_further_than_its_first_chunk(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one line\n" * 50, encoding="utf-8")
    (tmp_path / "b.csv").write_text("no corpus", encoding="utf-8")
    chunk = first_chunk(tmp_path, "*.*", 20)
    assert chunk is not None and chunk.end == 27
    (tmp_path / "empty.txt").touch()
    assert first_chunk(tmp_path, "empty.txt", 20) is None


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [("en", "January", "December"), ("ja", "1月", "12月"), ("de", "Januar", "Dezember")],
)
def test_months_go_round_in_their_order(language: str, first: str, last: str) -> None:
    found = calendar(language)
    assert len(found["months"]) == 12
    assert (found["months"][0], found["months"][-1]) == (first, last)
    assert len(found["weekdays"]) == 7 and found["weekdays"] != found.get("weekdays-short")
    assert calendar("tlh") == {}


def test_eras_and_one_s_own_orders_are_for_their_languages() -> None:
    own = {"name": "sizes", "tokens": [f"s{n}" for n in range(6)], "languages": ["en"]}
    table = Vocabularies.model_validate({"orders": [own]})
    names = {
        language: {row["name"] for row in ordered(table, language)} for language in ("en", "ja")
    }
    assert "sizes" in names["en"] and "eras" not in names["en"]
    assert "sizes" not in names["ja"] and {"eras", "numerals"} <= names["ja"]
    with pytest.raises(ValueError, match="months"):
        Vocabularies.model_validate({"orders": [own | {"name": "months"}]})


def planted() -> tuple[Vocabulary, Lexicon, Vectors, list[dict[str, object]]]:
    """A vocabulary of 12 months on a circle, 30 years on a line, 20 of no order, and others."""
    random = np.random.default_rng(4)
    names = [f"{kind}{n}" for kind, size in (("m", 12), ("y", 30), ("r", 20)) for n in range(size)]
    names += [f"o{n}" for n in range(300)]
    values = random.normal(size=(len(names), 48)) / np.sqrt(48)
    turn = 2 * np.pi * np.arange(12) / 12
    values[:12, 0], values[:12, 1] = 2 * np.cos(turn), 2 * np.sin(turn)
    values[12:42, 2] = np.linspace(-3, 3, 30)
    words = readable(names, "wordpiece", set(), set())
    lexicon = Lexicon((), {name: row for row, name in enumerate(words.texts)} | {"m99": None})
    wanted = [
        {"name": kind, "words": [name for name in names if name[0] == kind]} for kind in "myr"
    ]
    wanted.append({"name": "few", "words": ["m99", "o1", "o2", "o3"]})
    return words, lexicon, Vectors(values.astype(np.float32), "planted"), wanted


def test_orders_are_found_where_they_were_planted() -> None:
    words, lexicon, vectors, wanted = planted()
    found = orders(words, lexicon, vectors, sets=wanted, names=[["map", "input"]])
    shapes = {
        one.name: [space.shape if space.holds else "" for space in one.spaces]
        for one in found.orders
    }
    assert shapes == {"m": ["circle"], "y": ["line"], "r": [""], "few": []}
    (month,) = found.orders[0].spaces
    assert month.rank_circle == 1 and month.members == 12 and month.map == "map"
    assert month.circle > 0.9 > month.random[1] > month.random[0]
    assert month.p == pytest.approx(1 / (1 + found.shuffles), rel=30) and month.q >= month.p
    assert found.orders[3].ids == (None, *(lexicon.words[f"o{n}"] for n in (1, 2, 3)))
    assert not found.orders[3].enough
    again = orders(words, lexicon, vectors, sets=wanted, names=[["map", "input"]])
    assert again == found


def test_tokens_that_a_space_never_saw_are_left_out() -> None:
    words, lexicon, vectors, wanted = planted()
    values = vectors.values.copy()
    values[[2, 5]] = 0
    values[20:42] = 0
    found = orders(
        words, lexicon, Vectors(values, "x"), sets=wanted, names=[["map", "averaged"]]
    ).orders
    assert found[0].spaces[0].members == 10 and found[0].spaces[0].holds
    assert found[1].spaces[0].members == 8


def test_every_layer_is_looked_at_where_the_model_can_be_run(
    models_folder: Callable[[str], Path],
) -> None:
    folder = models_folder("wordpiece")
    words = vocabulary(work=at(folder))
    vectors = Vectors(np.random.default_rng(0).normal(size=(len(words), 16)).astype("f4"), "x")
    letters = ["a", "b", "c", "d", "e", "the", "fox", "run"]
    lexicon = Lexicon((), {name: words.texts.index(name) for name in letters})
    wanted = [{"name": "letters", "words": letters}]
    found = orders(
        words,
        lexicon,
        vectors,
        sets=wanted,
        names=[["map", "input"]],
        layers=True,
        work=at(folder),
    )
    spaces = found.orders[0].spaces
    assert spaces[0].space == "input" and found.reason == ""
    assert [space.layer for space in spaces][1:] == list(range(len(spaces) - 1))
    assert len(spaces) > 2 and all(space.members == 8 for space in spaces)
    (folder_of_none,) = (folder.parent / "nothing",)
    folder_of_none.mkdir(exist_ok=True)
    broken = orders(
        words,
        lexicon,
        vectors,
        sets=wanted,
        names=[["map", "input"]],
        layers=True,
        work=at(folder_of_none),
    )
    assert broken.reason and len(broken.orders[0].spaces) == 1
