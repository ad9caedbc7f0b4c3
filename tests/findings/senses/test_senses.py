"""Sense maps: where a word's tokens are, how far its senses stand apart, and the page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CHECKOUT, Built, Silent
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas import atlas_toml as config
from atlas.engine.stage import Work
from atlas.errors import ConfigError, DataError, StageError
from atlas.findings import finding as findings
from atlas.findings.senses import data as sense_map
from atlas.findings.senses import sentences
from atlas.findings.senses.stages.senses import (
    Occurrence,
    _spans,
    _word,
    plane,
    senses,
    silhouettes,
)
from atlas.findings.senses.view import COLOURS, HIGH, WIDE, Picture, shape

ROWS = [
    ("fox", "animal", "the quick brown fox !"),
    ("fox", "animal", "fox , the"),
    ("fox", "other", "a fox . the end"),
    ("fox", "other", "b c d fox"),
    ("run", "place", "the run , fox"),
    ("run", "place", "a quick run"),
    ("run", "word", "run , the !"),
    ("run", "word", "1999 run"),
]
TOML = """
[[models]]
id = "m"
source = "path:{model}"

[[models.maps]]
projections = ["pca"]
clusters = {{ coarse = 4, fine = 2 }}

[[senses]]
name = "few"
model = "m"
corpus = "few.jsonl"
title = {{ en = "A few", ja = "少し" }}
"""


def lines(rows: Any = ROWS) -> str:
    return "".join(
        json.dumps({"word": word, "sense": sense, "text": text}, ensure_ascii=False) + "\n"
        for word, sense, text in rows
    )


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, models_folder: Callable[[str], Path]) -> Built:
    """An atlas with a sense map, built. Read only."""
    built = Built(tmp_path_factory.mktemp("few"))
    built.toml.write_text(
        TOML.format(model=models_folder("wordpiece").as_posix()), encoding="utf-8"
    )
    (built.root / "few.jsonl").write_text(lines(), encoding="utf-8")
    built.build()
    return built


@pytest.fixture
def copied(few: Built, tmp_path: Path) -> Built:
    shutil.copytree(few.root, tmp_path / "atlas")
    return Built(tmp_path / "atlas")


def by_hand(gaps: Any, labels: list[str]) -> list[float]:
    """Rousseeuw's definition, point by point."""
    found = []
    for row, label in enumerate(labels):
        own = [
            gaps[row, other]
            for other in range(len(labels))
            if labels[other] == label and other != row
        ]
        others = [
            np.mean([gaps[row, other] for other in range(len(labels)) if labels[other] == name])
            for name in set(labels) - {label}
        ]
        near, far = np.mean(own), min(others)
        found.append(float((far - near) / max(near, far)) if max(near, far) else 0.0)
    return found


def test_vectors_and_silhouettes_against_the_library_called_by_hand(
    models_folder: Callable[[str], Path],
) -> None:
    """One sentence at a time through BertModel; the word's tokens found by its ids; the silhouette
    by its definition."""
    import torch
    from transformers import AutoTokenizer, BertModel

    folder = models_folder("wordpiece")
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        BertModel.from_pretrained(folder).eval(),
    )
    facts = senses(work=Work(f"path:{folder}"), occurrences=ROWS, layer=1).model_dump(mode="json")
    assert (
        facts["layer"] == 1
        and facts["layers"] == 2
        and [word["word"] for word in facts["words"]] == ["fox", "run"]
    )
    for told in facts["words"]:
        rows = [row for row in ROWS if row[0] == told["word"]]
        labels = [sense for _, sense, _ in rows]
        vectors: list[list[Any]] = [[], [], []]
        for word, _, text in rows:
            ids = tokenizer(text)["input_ids"]
            own = tokenizer(word, add_special_tokens=False)["input_ids"]
            begin = next(place for place in range(len(ids)) if ids[place : place + len(own)] == own)
            with torch.no_grad():
                states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
            for layer, state in enumerate(states):
                vectors[layer].append(state[0, begin : begin + len(own)].mean(0).double().numpy())
        for layer, found in enumerate(vectors):
            unit = np.array(found) / np.linalg.norm(found, axis=1, keepdims=True)
            gaps = 1 - unit @ unit.T
            each = by_hand(np.where(gaps < 1e-6, 0, gaps), labels)
            assert told["by_layer"][layer] == pytest.approx(np.mean(each), abs=1e-4)
            if layer == 1:
                assert [point["silhouette"] for point in told["points"]] == pytest.approx(
                    each, abs=1e-3
                )
                assert told["silhouette"] == pytest.approx(np.mean(each), abs=1e-4)
        assert [(point["sense"], point["text"]) for point in told["points"]] == [
            row[1:] for row in rows
        ]
        assert all(
            point["text"][point["start"] : point["end"]] == told["word"] for point in told["points"]
        )


def test_a_word_of_several_pieces_is_their_mean(models_folder: Callable[[str], Path]) -> None:
    texts = {"the running fox": "a", "running": "a", "a running b": "b", "fox running": "b"}
    rows = [("running", sense, text) for text, sense in texts.items()]
    (word,) = senses(work=Work(f"path:{models_folder('wordpiece')}"), occurrences=rows).model_dump(
        mode="json"
    )["words"]
    assert {point["pieces"] for point in word["points"]} == {2}


def test_words_are_found_without_offsets(models_folder: Callable[[str], Path]) -> None:
    rows = [
        ("昭和", "a", "昭和の東京"),
        ("昭和", "a", "三の昭和"),
        ("東京", "b", "東京の昭和"),
        ("東京", "b", "東京都の昭和"),
        ("東京", "c", "日本、東京"),
        ("昭和", "b", "日本の昭和。"),
        ("昭和", "b", "昭和"),
        ("東京", "c", "東京。"),
    ]
    facts = senses(work=Work(f"path:{models_folder('japanese')}"), occurrences=rows).model_dump(
        mode="json"
    )
    assert [len(word["points"]) for word in facts["words"]] == [4, 4]


@pytest.mark.parametrize(
    ("tokens", "text", "spans"),
    [
        (["昭和", "の", "メートル"], "昭和の㍍", [(0, 2), (2, 3), (3, 4)]),
        (["run", "##ning", "[UNK]", "fox"], "Running ☃ fox", [(0, 3), (3, 7), (0, 0), (10, 13)]),
        (["が", "昭和"], "か\u3099昭和", [(0, 2), (2, 4)]),
        (["a", "a", "a"], "a aa", [(0, 1), (2, 3), (3, 4)]),
    ],
)
def test_where_tokens_stand(tokens: list[str], text: str, spans: list[tuple[int, int]]) -> None:
    assert _spans(tokens, text) == spans


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(2, 6))
def test_silhouettes_follow_their_definition(seed: int, groups: int, size: int) -> None:
    points = np.random.default_rng(seed).normal(size=(groups * size, 5))
    labels = [str(row % groups) for row in range(groups * size)]
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert silhouettes(gaps, labels).tolist() == pytest.approx(by_hand(gaps, labels), abs=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_the_plane_keeps_what_principal_components_keep(seed: int, scale: float) -> None:
    """Lengths of vectors do not matter, a turned space gives the same picture, and a flat one loses
    nothing."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(12, 6))
    xy, kept = plane(vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    spread = np.linalg.eigvalsh(np.cov(unit.T))[::-1]
    assert kept == pytest.approx(spread[:2].sum() / spread.sum()) and xy.var(
        axis=0, ddof=1
    ) == pytest.approx(spread[:2])
    turned, _ = plane(scale * vectors @ np.linalg.qr(random.normal(size=(6, 6)))[0])
    assert np.abs(turned) == pytest.approx(np.abs(xy), abs=1e-6)
    flat = np.stack(
        [np.cos(angles := random.uniform(0, 6, 9)), np.sin(angles)], axis=1
    ) @ random.normal(size=(2, 2))
    assert plane(flat)[1] == pytest.approx(1)


def of(labels: str, vectors: Any) -> sense_map.Word:
    """What is measured of a word whose occurrences have these senses and vectors (n, d)."""
    rows = [Occurrence("w", sense, f"w {n}") for n, sense in enumerate(labels)]
    return _word(rows, [1] * len(rows), vectors[None], 0, 0)


def test_two_clear_senses_stand_apart_and_two_labels_of_one_do_not() -> None:
    random = np.random.default_rng(0)
    places = np.concatenate(
        [
            random.normal(0, 0.1, (12, 8)) + np.eye(8)[0],
            random.normal(0, 0.1, (12, 8)) + np.eye(8)[1],
        ]
    )
    clear = of("a" * 12 + "b" * 12, places)
    mixed = of("ab" * 12, places)
    assert clear.silhouette > 0.7 > clear.range[1]
    assert mixed.range[0] <= mixed.silhouette <= mixed.range[1]


def test_what_cannot_be_read_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"

    def problem(text: str) -> str:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError) as found:
            sentences.read(path)
        return str(found.value.message)

    good = lines()
    assert "line 9" in problem(good + "{not json}\n") and "line 9: sense" in problem(
        good + '{"word": "a", "text": "a"}\n'
    )
    assert "line 10: the sentence does not hold 'owl'" in problem(
        good + "\n" + lines([("owl", "a", "a fox")])
    )
    assert "line 9: the sentence of line 1 again" in problem(good + lines(ROWS[:1]))
    assert "line 9: the sentence holds 'fox' 2 times" in problem(
        good + lines([("fox", "animal", "fox , fox")])
    )
    assert "'owl' needs two senses" in problem(
        good + lines([("owl", "a", "owl x"), ("owl", "a", "owl y")])
    )
    many = [("owl", str(n // 2), f"owl {n}") for n in range(42)]
    assert (
        "'owl' has 21 senses" in problem(lines(many))
        and len({shape(0, 0, n) + str(n % COLOURS) for n in range(20)}) == 20
    )
    assert "'owl' needs two senses" in problem(
        good + lines([("owl", "a", "owl x"), ("owl", "b", "owl y"), ("owl", "b", "owl z")])
    )
    assert "no sentences" in problem("\n")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be read"):
        sentences.read(path)
    with pytest.raises(DataError, match="cannot be read"):
        sentences.read(tmp_path / "nothing.jsonl")


def test_what_json_lines_may_hold(tmp_path: Path) -> None:
    """A byte order mark, Windows' line ends, signs that end lines elsewhere, and one sentence for
    two words."""
    path = tmp_path / "c.jsonl"
    rows = [
        *ROWS,
        ("fox", "animal", "a fox\u2028and\u2029a run"),
        ("run", "word", "a fox\u2028and\u2029a run"),
    ]
    path.write_bytes(b"\xef\xbb\xbf" + lines(rows).replace("\n", "\r\n").encode())
    assert [(one.word, one.sense, one.text) for one in sentences.read(path)] == rows
    path.write_text(lines(ROWS) + lines([("owl", "a", "owl x")]), encoding="utf-8")
    assert {one.word for one in sentences.read(path, ["run"])} == {
        "run"
    }  # what is wrong with others does not matter
    with pytest.raises(DataError, match=r"no sentences with 'foxes' \(did you mean fox\?\)"):
        sentences.read(path, ["run", "foxes"])


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("bark", "He embarked while the dog began to Bark.", ["Bark"]),
        ("bank", "The banks and a bank, an embankment", ["bank"]),
        ("bank", "Bankers on an embankment", ["Bank"]),
        ("bat", "an acrobat", ["bat"]),
        ("はし", "すばしこい子がはしで食べた", ["はし"]),
        ("目", "目の前の三つ目", ["目", "目"]),
        ("fox", "İİİ fox the quick", ["fox"]),
        ("c++", "a c++ b", ["c++"]),
        ("owl", "a fox", []),
    ],
)
def test_where_words_stand(word: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in sentences.spans(word, text)] == found


def test_few_sentences_tell_nothing_beyond_chance() -> None:
    """The number of ways to group them, counted one by one."""
    from itertools import permutations

    random = np.random.default_rng(0)
    for sizes in ([2, 2], [3, 3], [2, 4], [2, 2, 2], [1, 2, 4]):
        labels = "".join(letter * size for letter, size in zip("abc", sizes, strict=False))
        ways = {
            frozenset(
                frozenset(i for i, one in enumerate(way) if one == letter) for letter in labels
            )
            for way in permutations(labels)
        }
        word = of(labels, random.normal(size=(len(labels), 4)))
        assert word.enough == (len(ways) >= 40), (sizes, len(ways))


def test_a_word_that_the_vocabulary_lacks_is_told(models_folder: Callable[[str], Path]) -> None:
    with pytest.raises(StageError, match="which the model's vocabulary has no tokens for"):
        senses(
            work=Work(f"path:{models_folder('wordpiece')}"),
            occurrences=[*ROWS, ("☃", "a", "the ☃ fox"), ("☃", "b", "a ☃")],
        )


def test_a_sentence_that_the_model_cannot_take_is_told(
    models_folder: Callable[[str], Path],
) -> None:
    location = f"path:{models_folder('wordpiece')}"
    with pytest.raises(StageError, match="the atlas reads"):
        senses(work=Work(location), occurrences=[*ROWS, ("fox", "animal", "fox " + "the " * 60)])
    with pytest.raises(StageError, match="no layer 7"):
        senses(work=Work(location), occurrences=ROWS, layer=7)


def test_pages_tell_the_figures_in_both_languages(few: Built) -> None:
    found = findings.read(
        few.root / "data", sense_map.file("few"), sense_map.SenseMap, sense_map.SCHEMA_VERSION
    )
    assert found is not None
    for language, place, title in (("en", "", "A few"), ("ja", "ja", "少し")):
        page = (few.public / place / "senses" / "few" / "index.html").read_text(encoding="utf-8")
        assert (
            title in page
            and page.count('class="word"') == 2
            and len(re.findall(r'<path class="c\d" d="[^"]+" data-at', page)) == len(ROWS)
        )
        assert all(re.sub("'", "&#39;", row[2].partition(row[0])[2]) in page for row in ROWS)
        for word in found.words:
            assert all(
                f"{round(value, 2) + 0:.2f}".replace("-", "−") in page
                for value in (word.silhouette, *word.by_layer)
            )
        assert ("All sentences" in page) == (language == "en")
    assert "senses/" in (few.public / "index.html").read_text()
    marks = [mark for word in found.words for mark in Picture(word).marks]
    assert len(marks) == len(ROWS) and all(
        0 < mark.x < WIDE and 0 < mark.y < HIGH for mark in marks
    )


def test_another_sentence_runs_one_task_and_frozen_builds_render_it(
    few: Built, copied: Built
) -> None:
    ran = Silent()
    assert copied.build(ran).written == 0 and ran.ran == []
    (copied.root / "few.jsonl").write_text(
        lines([*ROWS, ("fox", "other", "the . fox")]), encoding="utf-8"
    )
    copied.build(ran)
    # The vocabularies count the same file.
    assert set(ran.ran) == {"few: senses", "m: count few.jsonl"}
    page = (copied.public / "senses" / "few" / "index.html").read_text()
    shutil.rmtree(copied.public)
    (copied.root / "few.jsonl").unlink()  # data are enough
    copied.build(frozen=True)
    assert (copied.public / "senses" / "few" / "index.html").read_text() == page
    (copied.root / "data" / "few.senses.json").unlink()
    with pytest.raises(DataError, match=r"few\.senses\.json: missing"):
        copied.build(frozen=True)
    with pytest.raises(DataError, match=r"few\.jsonl: cannot be read"):
        copied.build()


def test_bad_tables_are_told(tmp_path: Path) -> None:
    toml = tmp_path / "atlas.toml"
    toml.write_text(
        '[[models]]\nid = "m"\nsource = "path:x"\n'
        + 2 * '[[senses]]\nname = "a"\nmodel = "n"\ncorpus = "c"\n'
        + '[[senses]]\nname = "b"\nmodel = "m"\n'
    )
    with pytest.raises(ConfigError) as problem:
        config.load(toml)
    told = "\n".join(problem.value.problems)
    assert (
        "senses[0].model: no model 'n'" in told
        and "senses[1].name: 'a' is the name of senses[0] already" in told
    )
    assert "senses[2].corpus: missing" in told


@pytest.mark.parametrize(("language", "words", "least"), [("en", 8, 200), ("ja", 8, 200)])
def test_the_sentences_of_the_site(language: str, words: int, least: int) -> None:
    """Each holds its word once, which is checked when they are read, and every sense has a
    dozen."""
    found = sentences.read(CHECKOUT / "site" / "corpus" / f"{language}.jsonl")
    assert len(found) >= least and len({one.word for one in found}) == words
    counts = {(one.word, one.sense): 0 for one in found}
    for one in found:
        counts[one.word, one.sense] += 1
    assert min(counts.values()) >= 12
