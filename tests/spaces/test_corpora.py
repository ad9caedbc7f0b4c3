"""Contextual spaces averaged over a corpus: chunks, sums, words, and a build that is killed
half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Built, Silent
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.atlas_toml import load
from atlas.engine.stage import Span, Work
from atlas.errors import ConfigError, DataError, StageError
from atlas.spaces.corpus import Chunk, chunks, texts
from atlas.spaces.records import Averages, Selection, Sums, Vocabulary
from atlas.spaces.stages.average import average
from atlas.spaces.stages.contextual import contextual
from atlas.spaces.stages.occurrences import _words, occurrences
from atlas.spaces.stages.seen import seen

SENTENCES = [
    "the quick brown fox",
    "the running fox , the end .",
    "a b c d e",
    "",
    "1999 café 東京 !",
    "fox fox run run running",
    "the . " * 25,
]


def run(location: str, chunk: Chunk, **more: Any) -> Sums:
    given = {"kind": chunk.kind, "digest": chunk.digest}
    return occurrences(
        work=Work(location, Span(chunk.path, chunk.begin, chunk.end)), chunk=given, **more
    )


def plain(words: int) -> Vocabulary:
    names = tuple(str(number) for number in range(words))
    return Vocabulary(names, names, ("word",) * words, ("Digits",) * words, "wordpiece")


@pytest.fixture(scope="module")
def location(models_folder: Callable[[str], Path]) -> str:
    return f"path:{models_folder('wordpiece')}"


def by_hand(location: str, lines: list[str], layer: int = -1) -> tuple[Any, Any, Any]:
    """Mean outputs by token: one text at a time through BertModel, long ones cut where its
    positions end."""
    import torch
    from transformers import AutoTokenizer, BertModel

    folder = location.removeprefix("path:")
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        BertModel.from_pretrained(folder).eval(),
    )
    room = model.config.max_position_embeddings - 2
    sums = np.zeros((model.config.vocab_size, model.config.hidden_size))
    counts = np.zeros(model.config.vocab_size, int)
    for line in lines:
        ids = tokenizer(line, add_special_tokens=False)["input_ids"]
        for start in range(0, len(ids), room):
            part = ids[start : start + room]
            whole = torch.tensor([[tokenizer.cls_token_id, *part, tokenizer.sep_token_id]])
            with torch.no_grad():
                states = (
                    model(whole, output_hidden_states=True)
                    .hidden_states[layer][0, 1:-1]
                    .double()
                    .numpy()
                )
            np.add.at(sums, part, states)
            np.add.at(counts, part, 1)
    return sums / np.maximum(counts, 1)[:, None], counts, tokenizer


def whole(path: Path, size: int = 1_000_000) -> list[Chunk]:
    return chunks(path.parent, path.name, size)


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_averages_are_those_of_a_plain_loop(location: str, tmp_path: Path, layer: int) -> None:
    path = tmp_path / "c.txt"
    path.write_text("\n".join(SENTENCES), encoding="utf-8")
    expected, counts, _ = by_hand(location, SENTENCES, layer)
    made = average(
        plain(len(counts)), *(run(location, chunk, layer=layer) for chunk in whole(path))
    )
    assert made.counts.tolist() == counts.tolist()
    assert made.values == pytest.approx(expected, abs=1e-5)
    assert made.figures == {"texts": 6, "tokens": int(counts.sum()), "cut": 1}
    assert made.values[counts == 0].any() == np.False_


def test_neither_chunks_nor_kinds_of_files_matter(location: str, tmp_path: Path) -> None:
    lines = [line for line in SENTENCES if line]
    (tmp_path / "c.txt").write_text("\r\n".join(SENTENCES), encoding="utf-8")
    (tmp_path / "c.jsonl").write_text(
        "".join(json.dumps({"n": 1, "body": line}) + "\n" for line in lines), encoding="utf-8"
    )
    pq.write_table(
        pa.table({"body": lines, "n": list(range(len(lines)))}),
        tmp_path / "c.parquet",
        row_group_size=2,
    )
    found = []
    for name, size in (
        ("c.txt", 10**6),
        ("c.txt", 1),
        ("c.txt", 30),
        ("c.jsonl", 50),
        ("c.jsonl", 10**6),
        ("c.parquet", 1),
    ):
        parts = whole(tmp_path / name, size)
        field = "text" if name.endswith("txt") else "body"
        assert [text for part in parts for text in texts(part, field)] == lines
        made = average(plain(44), *(run(location, part, field=field) for part in parts))
        found.append((len(parts), made))
    assert len({parts for parts, _ in found}) >= 3
    for _, made in found[1:]:
        assert (
            made.counts.tolist() == found[0][1].counts.tolist()
            and made.figures == found[0][1].figures
        )
        assert made.values == pytest.approx(found[0][1].values, abs=1e-5)


@settings(max_examples=50)
@given(
    st.lists(
        st.text(
            st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=12
        ),
        max_size=30,
    ),
    st.integers(1, 60),
)
def test_every_line_is_in_one_chunk(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], size: int
) -> None:
    path = tmp_path_factory.mktemp("c") / "c.txt"
    path.write_bytes("\n".join(lines).encode())
    parts = whole(path, size)
    assert [text for part in parts for text in texts(part, "text")] == [
        line for line in lines if line and not line.isspace()
    ]
    assert [part.begin for part in parts] == [0, *(part.end for part in parts[:-1])][: len(parts)]
    assert all(part.end - part.begin >= size for part in parts[:-1])


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_averaging_parts_is_averaging_the_whole(seed: int, parts: int) -> None:
    random = np.random.default_rng(seed)
    ids, values = random.integers(0, 9, 40), random.normal(size=(40, 3))

    def sums(rows: Any) -> Sums:
        which, back, counts = np.unique(ids[rows], return_inverse=True, return_counts=True)
        added = np.zeros((len(which), 3))
        np.add.at(added, back, values[rows])
        return Sums(
            which.astype(np.int32),
            counts,
            added,
            {"texts": 1, "tokens": len(rows), "cut": 0, "tensor": "t"},
        )

    pieces = np.array_split(random.permutation(40), parts)
    made, once = average(plain(9), *map(sums, pieces)), average(plain(9), sums(np.arange(40)))
    assert (
        made.values == pytest.approx(once.values, abs=1e-6)
        and made.counts.tolist() == once.counts.tolist()
    )
    assert made.figures["tokens"] == 40 and made.figures["texts"] == parts


def test_what_was_not_seen_is_told_and_not_shown() -> None:
    counts = np.array([0, 1, 2, 5, 0, 3])
    found = Averages(np.ones((6, 2), np.float32), "t", counts, {"texts": 1, "tokens": 11, "cut": 0})
    selection = Selection(np.arange(6, dtype=np.int32))
    assert seen(selection, found).ids.tolist() == [1, 2, 3, 5] and seen(
        selection, found, least=2
    ).ids.tolist() == [2, 3, 5]
    with pytest.raises(StageError, match="2 of 6 selected tokens were seen 3 times"):
        seen(selection, found, least=3)
    with pytest.raises(StageError, match="No token"):
        average(
            plain(6),
            Sums(
                np.zeros(0, np.int32),
                np.zeros(0, np.int64),
                np.zeros((0, 1)),
                {"texts": 0, "tokens": 0, "cut": 0, "tensor": ""},
            ),
        )


def test_words_are_the_means_of_their_pieces(location: str, tmp_path: Path) -> None:
    """At each occurrence, and not where a longer word begins alike."""
    import torch
    from transformers import AutoTokenizer, BertModel

    words = ["running", "run", "fox"]
    path = tmp_path / "c.txt"
    path.write_text("the running fox\nrun , running runs\nrun\n", encoding="utf-8")
    made = average(plain(3), *(run(location, chunk, words=words) for chunk in whole(path)))
    assert made.counts.tolist() == [2, 2, 1]  # "runs" is run ##s, another word
    folder = location.removeprefix("path:")
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        BertModel.from_pretrained(folder).eval(),
    )

    def states(text: str) -> Any:
        with torch.no_grad():
            return (
                model(**tokenizer(text, return_tensors="pt"))
                .last_hidden_state[0, 1:-1]
                .double()
                .numpy()
            )

    first, second, third = states("the running fox"), states("run , running runs"), states("run")
    assert made.values[0] == pytest.approx((first[1:3].mean(0) + second[2:4].mean(0)) / 2, abs=1e-5)
    assert made.values[1] == pytest.approx((second[0] + third[0]) / 2, abs=1e-5)
    alone = contextual(work=Work(location), words=words).values
    assert alone[0] == pytest.approx(states("running").mean(0), abs=1e-5) and alone[
        1
    ] == pytest.approx(third[0], abs=1e-5)


@pytest.mark.parametrize("name", ["wordpiece", "bytelevel", "t5", "llama"])
def test_words_alone_in_every_kind_of_tokenizer(
    name: str, models_folder: Callable[[str], Path]
) -> None:
    """As they stand within a text, after a space."""
    from atlas.models import encoder
    from atlas.models.spelling import spelled

    model = encoder.load(f"path:{models_folder(name)}")
    found = spelled(model, ["fox", "the"])
    (ids,) = model.ids(["a fox the fox"])
    places = _words(ids, found, model.joined)
    assert [word for word, _, _ in places] == [0, 1, 0]


@pytest.mark.parametrize(
    "name", ["wordpiece", "bytelevel", "roberta", "t5", "llama", "xlm-roberta-slow"]
)
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a fox.", 1),
        ("a fox’s den", 1),
        ("the fox—or", 1),
        ("“fox” she", 1),
        ("fox runs", 1),
        ("the\nfox", 1),
        ("(fox)", 1),
        ("foxé", 0),
        ("firefox", 0),
        ("a foxy fox", 1),
    ],
)
def test_words_are_counted_next_to_any_sign(
    name: str, text: str, count: int, models_folder: Callable[[str], Path]
) -> None:
    from atlas.models import encoder
    from atlas.models.spelling import spellings

    model = encoder.load(f"path:{models_folder(name)}")
    (ids,) = model.ids([text])
    assert len(_words(ids, spellings(model, ["fox"]), model.joined)) == count


def test_a_word_that_the_model_cannot_read(location: str) -> None:
    with pytest.raises(StageError, match="'☃'"):
        contextual(work=Work(location), words=["fox", "☃"])
    with pytest.raises(StageError, match="reads it as 'fox'"):
        contextual(work=Work(location), words=["fox", "FOX"])


def test_files_that_are_not_as_they_should_be(tmp_path: Path) -> None:
    def problem(name: str, content: bytes, field: str = "text", size: int = 20) -> str:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError) as found:
            _ = [list(texts(chunk, field)) for chunk in chunks(tmp_path, name, size)]
        return str(found.value.message)

    assert "c.txt, line 3: not UTF-8" in problem(
        "c.txt", b"good enough\nthis is fine as well\n\xff\xfe\n"
    )
    good = b'{"text": "a long enough line"}\n'
    assert "c.jsonl, line 2: no 'text'" in problem("c.jsonl", good + b'{"txt": "b"}\n')
    assert "c.jsonl, line 3: Expecting" in problem("c.jsonl", good + good + b"{nothing\n")
    assert "c.jsonl, line 2: text holds half of a surrogate pair" in problem(
        "c.jsonl", good + b'{"text": "a \\ud83d b"}\n'
    )
    assert "c.jsonl, line 1: text is no text" in problem("c.jsonl", b'{"text": 3}\n')
    assert "neither text" in problem("c.csv", b"a,b")
    assert "cannot be read" in problem("c.parquet", b"no parquet")
    latin = pa.Array.from_buffers(pa.string(), 1, pa.array([b"caf\xe9"]).buffers())
    pq.write_table(pa.table({"text": latin}), tmp_path / "latin.parquet")
    assert "cannot be read" in problem("latin.parquet", (tmp_path / "latin.parquet").read_bytes())
    pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "n.parquet")
    (chunk,) = chunks(tmp_path, "n.parquet", 1)
    with pytest.raises(DataError, match="no column 'text'"):
        list(texts(chunk, "text"))
    with pytest.raises(DataError, match="int64, not text"):
        list(texts(chunk, "n"))
    with pytest.raises(DataError, match="no such file"):
        chunks(tmp_path, "*.nothing", 1)
    (tmp_path / "d.txt").write_text("before")
    (chunk,) = chunks(tmp_path, "d.txt", 99)
    (tmp_path / "d.txt").write_text("behind")
    with pytest.raises(DataError, match="changed while"):
        list(texts(chunk, "text"))
    assert [
        Path(chunk.path).name for chunk in chunks(Path("/"), str(tmp_path / "[cd].txt"), 99)
    ] == ["c.txt", "d.txt"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    for name, content in (
        ("c.txt", b"\xef\xbb\xbfa\nb\n"),
        ("c.jsonl", b'\xef\xbb\xbf{"text": "a"}\n{"text": "b"}\n'),
    ):
        (tmp_path / name).write_bytes(content)
        for size in (1, 99):
            assert [
                text for chunk in whole(tmp_path / name, size) for text in texts(chunk, "text")
            ] == ["a", "b"]


TOML = """
[[models]]
id = "m"
source = "path:{model}"

[[models.maps]]
name = "use"
space = "contextual"
corpus = {{ path = "*.txt", chunk = 200, least = 2 }}
projections = ["pca"]
clusters = {{ coarse = 4, fine = 2 }}
"""


@pytest.fixture
def atlas(location: str, tmp_path: Path) -> Built:
    built = Built(tmp_path)
    built.toml.write_text(TOML.format(model=location.removeprefix("path:")), encoding="utf-8")
    random = np.random.default_rng(0)
    words = [
        "the",
        "quick",
        "brown",
        "fox",
        "run",
        "a",
        "b",
        "c",
        "d",
        "e",
        "1999",
        ",",
        ".",
        "!",
        "東京",
        "三",
        "running",
    ]
    (tmp_path / "one.txt").write_text(
        "\n".join(" ".join(random.choice(words, 8)) for _ in range(30)) + "\nnaïve\n",
        encoding="utf-8",
    )
    (tmp_path / "two.txt").write_text("昭和\n", encoding="utf-8")
    return built


def test_a_build_tells_what_was_seen(atlas: Built) -> None:
    atlas.build()
    about = atlas.data("m-use").about
    shown = atlas.data("m-use").column("token_id")
    lines = [
        line
        for name in ("one.txt", "two.txt")
        for line in (atlas.root / name).read_text(encoding="utf-8").splitlines()
    ]
    _, counts, _ = by_hand(f"path:{load(atlas.toml).models[0].source.removeprefix('path:')}", lines)
    facts = about.map.corpus
    assert facts is not None and shown.tolist() == np.flatnonzero(counts >= 2).tolist()
    assert (facts.texts, facts.tokens) == (32, counts.sum())
    assert (
        facts.unseen == (counts == 0).sum()
        and facts.rare == (counts == 1).sum()
        and facts.least == 2
    )
    for language, place in (("en", ""), ("ja", "ja")):
        page = (atlas.public / place / "maps" / "m-use" / "index.html").read_text(encoding="utf-8")
        assert (
            "never seen and are not shown" if language == "en" else "一度も現れなかった"
        ) in page and f"{facts.unseen}" in page


def test_only_chunks_that_changed_are_read_again(atlas: Built) -> None:
    first = Silent()
    atlas.build(first)
    parts = [label for label in first.ran if "part" in label]
    assert len(parts) > 5
    with (atlas.root / "one.txt").open("a", encoding="utf-8") as file:
        file.write("the fox\n")
    again = Silent()
    atlas.build(again)
    assert [label.partition(", part")[0] for label in again.ran if "part" in label] == [
        "m: one.txt"
    ]
    (atlas.root / "two.txt").rename(atlas.root / "zwei.txt")  # another name, the same bytes
    third = Silent()
    atlas.build(third)
    assert third.ran == []


def test_a_file_of_words_makes_a_map_of_words(atlas: Built) -> None:
    (atlas.root / "words.list").write_text(
        "running\nrun\nfox\nthe\nquick\nbrown\n三\n1999\nfox\n\n", encoding="utf-8"
    )
    atlas.edit('name = "use"', 'name = "use"\nwords = "words.list"')
    atlas.build()
    data = atlas.data("m-use")
    assert (
        data.strings("text") == ["running", "run", "fox", "the", "quick", "brown", "三", "1999"]
        and data.about.map.corpus is not None
    )
    atlas.edit('corpus = { path = "*.txt", chunk = 200, least = 2 }', "")
    atlas.build()
    assert (
        atlas.data("m-use").about.map.corpus is None
        and len(atlas.data("m-use").strings("text")) == 8
    )
    (atlas.root / "words.list").write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="no words"):
        atlas.build()


def test_keys_of_another_space_are_refused(tmp_path: Path) -> None:
    toml = tmp_path / "atlas.toml"
    toml.write_text(
        '[[models]]\nid = "m"\nsource = "path:x"\n[[models.maps]]\ncorpus = { path = "c.txt" }\n[[models.maps]]\nname = "b"\nwords = "w"\n'
    )
    with pytest.raises(ConfigError) as problem:
        load(toml)
    told = "\n".join(problem.value.problems)
    assert (
        "models[0].maps[0].corpus: only a contextual space has corpus" in told
        and "models[0].maps[1].words" in told
    )


@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_was(atlas: Built) -> None:
    """SIGKILL in the middle; the chunks that were done are not done again, and the result is that
    of an undisturbed build."""
    lines = (atlas.root / "one.txt").read_text(encoding="utf-8").splitlines()
    (atlas.root / "one.txt").write_text("\n".join(lines * 60), encoding="utf-8")
    atlas.edit("chunk = 200", "chunk = 4000")
    command = [
        sys.executable,
        "-m",
        "atlas",
        "build",
        str(atlas.root),
        "--offline",
        "--executor",
        "serial",
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    store = atlas.root / ".atlas" / "store"

    def done() -> set[str]:
        found = set()
        for path in store.glob("??/[0-9a-f]*/manifest.json"):
            recipe = json.loads(path.read_text())["recipe"]
            if recipe["stage"] == "occurrences":
                found.add(path.parent.name)
        return found

    deadline = time.monotonic() + 120
    while len(done()) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, "it was done before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = done()
    report = Silent()
    atlas.build(report)
    ran = [label for label in report.ran if "part" in label]
    total = len(chunks(atlas.root, "*.txt", 4000))
    assert 2 <= len(before) < total and len(ran) == len(done()) - len(before) > 0
    resumed = atlas.data("m-use").column("x_pca")
    again = Built(atlas.root / "again")
    again.root.mkdir()
    for name in ("atlas.toml", "one.txt", "two.txt"):
        (again.root / name).write_bytes((atlas.root / name).read_bytes())
    again.build()
    assert again.data("m-use").column("x_pca").tolist() == resumed.tolist()
