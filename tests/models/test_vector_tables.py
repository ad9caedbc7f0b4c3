"""Tables of vectors without a model: the same words and the same vectors, or which file and which
line is not right."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vector_tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import Checkpoint
from atlas.models.lock import Lock
from atlas.numeric.types import Floats
from atlas.spaces.records import Vectors, Vocabulary
from atlas.spaces.stages.tables import table_card, table_vectors, table_words


def resolve(source: str, root: Path) -> Checkpoint:
    lock = Lock(root / "atlas.lock")
    digests = root / "digests.json"
    return checkpoints.resolve(source, root, lock=lock, offline=True, digests=digests)


def read(source: str, root: Path) -> tuple[Vocabulary, Vectors]:
    found = resolve(source, root)
    work = Work(found.location)
    words = table_words(format=found.table, work=work)
    vectors = table_vectors(format=found.table, work=work)
    assert len(words) == len(vectors.values)
    return words, vectors


def write(name: str, folder: Path) -> tuple[Path, tuple[str, ...], Floats]:
    if name == "GGUF":
        pytest.importorskip("gguf")
    _, maker, words = vector_tables.FORMATS[name]
    values = vector_tables.vectors(len(words), 32 if name == "GGUF" else 8)
    folder.mkdir(parents=True, exist_ok=True)
    return maker(folder, words, values), tuple(words), values


@pytest.mark.parametrize("name", vector_tables.FORMATS)
@pytest.mark.parametrize("how", ["vectors file", "vectors folder", "path folder"])
def test_every_format_gives_back_what_was_written(name: str, how: str, tmp_path: Path) -> None:
    path, words, values = write(name, tmp_path / "table")
    place = "table" if how.endswith("folder") else path.relative_to(tmp_path).as_posix()
    source = f"{how.split()[0]}:{place}"
    assert resolve(source, tmp_path).table == vector_tables.FORMATS[name][0]
    found, vectors = read(source, tmp_path)
    assert found.tokens == words
    np.testing.assert_array_equal(vectors.values, values)
    if name not in ("static", "GGUF"):
        assert found.family == "words" and set(found.kinds) == {"word"}


@pytest.mark.parametrize("name", vector_tables.FORMATS)
def test_a_changed_file_is_another_version(name: str, tmp_path: Path) -> None:
    path, _, _ = write(name, tmp_path / "table")
    first = resolve("vectors:table", tmp_path)
    assert resolve("vectors:table", tmp_path).identity == first.identity
    for file in sorted(path.parent.iterdir()):
        if file.name == "config.json":
            continue
        before = resolve("vectors:table", tmp_path).identity
        content = file.read_bytes()
        file.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        assert (
            resolve("vectors:" + path.relative_to(tmp_path).as_posix(), tmp_path).identity != before
        )


def test_a_card_of_what_its_files_say(tmp_path: Path) -> None:
    path, _, _ = write("GloVe", tmp_path / "table")
    (path.parent / "README.md").write_text("---\nlicense: pddl\n---\n# GloVe\n", encoding="utf-8")
    found = resolve("vectors:table", tmp_path)
    facts = table_card(format=found.table, language="en", work=Work(found.location)).facts
    assert facts["license"] == "pddl" and facts["name"] == "GloVe"
    assert facts["bytes"] == path.stat().st_size and "GloVe" in facts["format"]
    assert facts["architecture"] is None and facts["layers"] is None


# What is wrong, in which file, at which line. Text first.

WRONG = {
    "empty": ("", "is empty"),
    "header alone": ("0 3\n", "no words"),
    "too few words": ("5 2\na 0.25 1\nb 1 2\nc 1 2\n", "line 1 says 5 words, the file has 3"),
    "too many words": ("1 2\na 1 2\nb 1 2\n", "line 1 says 1 words, the file has more"),
    "wrong width": ("2 3\na 1 2\nb 1 2\n", "line 2 has 2 numbers, not 3"),
    "huge counts": ("20000000 300\na 1 2\n", "cannot hold"),
    "ragged, short": ("a 1 2 3\nb 1 2 3\nc 1 2\nd 1 2 3\n", "line 3 has 2 numbers, not 3"),
    "ragged, long": (
        "a 0.123 0.234\nb 0.123 0.234 0.345\nc 0.123 0.234\nd 0.1 0.2\n",
        "line 2 has more than 2",
    ),
    "NaN": ("a 1 2\nb nan 2\n", "line 2, 'b'.*not finite"),
    "infinite": ("a 1 2\nb 1 -inf\n", "line 2, 'b'.*not finite"),
    "too large": ("a 1 2\nb 1 1e39\n", "line 2, 'b'.*too large"),
    "no number": ("a 1 2\nb 1 2,5\nc 1 2\n", "line 2"),
    "an empty line": ("a 1 2\n\nb 1 2\n", "line 2 is empty"),
    "no word": ("a 1 2\n 1 2\nb 1 2\n", "line 2 has numbers but no word"),
    "prose": ("This is a text.\nIt has no numbers.\n", "no table of vectors"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_text_names_the_file_and_the_line(name: str, tmp_path: Path) -> None:
    content, told = WRONG[name]
    (tmp_path / "wrong.txt").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=told) as caught:
        read("vectors:wrong.txt", tmp_path)
    assert "wrong.txt" in caught.value.message and caught.value.hint


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a 1 2\nb 1 2\n".encode("utf-16"), "UTF-16"),
        ("a 1 2\nné 1 2\n".encode("latin-1"), r"line 2: b'n\\xe9' is not UTF-8"),
        (b"\x1f\x8b\x08\x00" + b"x" * 90, "compressed"),
        (pickle.dumps({"a": 1}), "pickle"),
        ((793712314).to_bytes(4, "little") + b"\x0c\x00\x00\x00" + b"\0" * 90, "fastText's own"),
        (b"\0" * 100, "no table of vectors"),
    ],
)
def test_what_is_no_text_says_what_it_is(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.vec").write_bytes(content)
    with pytest.raises(ModelError, match=told) as caught:
        read("vectors:wrong.vec", tmp_path)
    assert caught.value.hint


def test_of_a_word_that_is_there_twice_the_first_is_kept(tmp_path: Path) -> None:
    text = "a 1 2\nb 3 4\na 5 6\nc 7 8\nb 9 9\n"
    (tmp_path / "twice.txt").write_text(text, encoding="utf-8")
    words, vectors = read("vectors:twice.txt", tmp_path)
    assert words.tokens == ("a", "b", "c")
    np.testing.assert_array_equal(vectors.values, [[1, 2], [3, 4], [7, 8]])
    assert "2 left out" in vectors.tensor


def test_a_word_that_its_writer_cut_within_a_letter(tmp_path: Path) -> None:
    (tmp_path / "cut.txt").write_bytes(b"a 1 2\n" + ("日" * 34).encode()[:100] + b" 3 4\n")
    words, _ = read("vectors:cut.txt", tmp_path)
    assert words.tokens == ("a", "日" * 33 + "\\xe6")


def test_words_of_spaces_can_be_seen(tmp_path: Path) -> None:
    text = "a 1 2\n  3 4\n x 5 6\nb\tc 7 8\n␣x 9 9\n"
    (tmp_path / "spaces.txt").write_text(text, encoding="utf-8")
    words, vectors = read("vectors:spaces.txt", tmp_path)
    assert words.tokens[1:3] == (" ", " x") and words.texts[1:3] == ("␣", "␣x")
    assert len(set(words.texts)) == len(words) == 5  # none reads like another
    np.testing.assert_array_equal(vectors.values[:, 0], [1, 3, 5, 7, 9])


PLAIN = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\n\r\t\v\f", exclude_categories=("Cs",)),
    min_size=1,
    max_size=8,
).filter(lambda word: word.strip(" ") == word != "\ufeff" and not word.startswith("\ufeff"))


@settings(max_examples=60)
@given(st.lists(PLAIN, min_size=2, max_size=12, unique=True), st.booleans(), st.sampled_from(" \t"))
def test_any_words_come_back_from_text(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], header: bool, space: str
) -> None:
    """Words that look like numbers, too, where a header says how many follow."""
    root = tmp_path_factory.mktemp("text")
    values = vector_tables.vectors(len(words), 6)
    rows = [vector_tables.line(word, row, space) for word, row in zip(words, values, strict=True)]
    if not header:  # most lines tell the width
        rows = [vector_tables.line(f"w{n}", values[0], space) for n in range(20)] + rows
    text = "".join(f"{row}\n" for row in rows)
    (root / "t.txt").write_bytes((f"{len(words)} 6\n{text}" if header else text).encode())
    found, vectors = read("vectors:t.txt", root)
    skip = 0 if header else 20
    assert list(found.tokens)[skip:] == [word for word in words if word not in found.tokens[:skip]]
    if len(found) == skip + len(words):
        np.testing.assert_array_equal(vectors.values[skip:], values)


# word2vec's binary format.


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda raw: raw[:-9], "ends within the numbers of word 10"),
        (lambda raw: raw.replace(b"10 8\n", b"9 8\n"), "goes on after the 9 words"),
        (lambda raw: raw.replace(b"10 8\n", b"4000000000 8\n"), "cannot hold"),
        (lambda raw: raw.replace(b"the ", b" "), "word 1 is empty"),
        (lambda raw: b"1 1\n" + b"x" * 90_000 + b" ", "word 1 does not end"),
    ],
)
def test_wrong_binary_names_the_word(change: Any, told: str, tmp_path: Path) -> None:
    path, _, _ = write("word2vec, binary", tmp_path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ModelError, match=told) as caught:
        read(f"vectors:{path.name}", tmp_path)
    assert path.name in caught.value.message


def test_a_number_that_is_not_finite_names_the_word_in_binary(tmp_path: Path) -> None:
    values = vector_tables.vectors(3)
    values[1, 4] = np.inf
    vector_tables.binary(tmp_path, ["a", "b", "c"], values)
    with pytest.raises(ModelError, match=r"word 2, 'b'.*not finite"):
        read("vectors:vectors.bin", tmp_path)


# Arrays, and lists of words.


@pytest.mark.parametrize("kind", ["<f2", "<f8", ">f4", "<i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_numbers(kind: str, order: Any, tmp_path: Path) -> None:
    values = (vector_tables.vectors(9000, 3) * 8).round().astype(kind)
    np.save(tmp_path / "m.npy", np.asarray(values, order=order))
    np.save(tmp_path / "words.npy", np.array([f"w{row}" for row in range(9000)]))
    words, vectors = read("vectors:m.npy", tmp_path)
    assert words.tokens[-1] == "w8999"
    np.testing.assert_array_equal(vectors.values, values.astype(np.float32))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("a\nb\n", "2 words for the 3 vectors"),
        ("a\n\nc\n", "word 2 is empty"),
        ("a\nb\nc\nd\n", "4 words for the 3 vectors"),
        ("", "no words"),
        (None, "no list of words beside it"),
    ],
)
def test_a_list_that_does_not_fit(words: str | None, told: str, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", vector_tables.vectors(3))
    if words is not None:
        (tmp_path / "m.txt").write_text(words, encoding="utf-8")
    with pytest.raises(ModelError, match=told) as caught:
        read("vectors:m.npy", tmp_path)
    assert ("write it" in str(caught.value.hint)) == ("empty" in told)


@pytest.mark.parametrize(
    "made",
    [
        np.array([["a", 1], ["b", 2]], dtype=object),
        np.zeros(4, np.float32),
        np.zeros((0, 4), np.float32),
        np.array([["a", "b"]]),
    ],
    ids=["a pickle", "one dimension", "empty", "text"],
)
def test_arrays_that_are_no_tables(made: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", made, allow_pickle=True)
    (tmp_path / "m.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"m\.npy"):
        read("vectors:m.npy", tmp_path)


def test_gensims_own_file_is_never_unpickled(tmp_path: Path) -> None:
    class Bad:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "model.kv").write_bytes(pickle.dumps(Bad()))
    np.save(tmp_path / "g" / "model.kv.vectors.npy", vector_tables.vectors(3))
    for source in ("vectors:g/model.kv", "vectors:g", "path:g", "vectors:g/model.kv.vectors.npy"):
        with pytest.raises(ModelError) as caught:
            read(source, tmp_path)
        assert "save_word2vec_format" in caught.value.hint
    assert not (tmp_path / "ran").exists()


# Parquet and projectors.


def test_columns_that_are_not_clear(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = vector_tables.vectors(2, 3).tolist()

    def table(**columns: Any) -> None:
        pq.write_table(pa.table(columns), tmp_path / "t.parquet")

    def refused(told: str) -> None:
        with pytest.raises(ModelError, match=told):
            read("vectors:t.parquet", tmp_path)

    table(x=["a", "b"], y=["c", "d"], v=rows)
    refused("several columns of words: x, y")
    table(x=["a", "b"], v=rows, w=rows)
    refused("several columns of lists of numbers: v, w")
    table(x=["a", "b"])
    refused("no lists of numbers")
    table(x=["a", None], v=rows)
    refused("row 2 has no word")
    table(x=["a", "b"], v=[rows[0], rows[1][:2]])
    refused("row 2 has 2 numbers, not 3")
    table(x=["a", "b"], v=[rows[0], None])
    refused("row 2 has no list")
    table(x=["a", "b"], v=[rows[0], [1.0, None, 2.0]])
    refused("row 2 has a number missing")
    table(x=["a", "b"], v=[rows[0], [1.0, float("nan"), 2.0]])
    refused("row 2, 'b'.*not finite")
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    refused("not a Parquet file")
    pq.write_table(
        pa.table(
            {
                "x": pa.array(["a", "b"]).dictionary_encode(),
                "v": pa.array(rows, pa.list_(pa.float64(), 3)),
            }
        ),
        tmp_path / "t.parquet",
    )
    assert read("vectors:t.parquet", tmp_path)[0].tokens == ("a", "b")


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ("a\nb\n", ("a", "b")),
        ("n\tword\n1\ta\n2\tb\n", ("a", "b")),
        ("x\ty\na\t1\nb\t2\n", ("a", "b")),
        ("word\na\nb\n", "3 words for the 2 vectors"),
        ("word\tn\na\t1\nb\n", "line 3 has 1 columns, not 2"),
        (None, "no metadata.tsv"),
    ],
)
def test_metadata_of_a_projector(metadata: str | None, told: Any, tmp_path: Path) -> None:
    (tmp_path / "tensors.tsv").write_text("1\t2\n3\t4\n", encoding="utf-8")
    if metadata is not None:
        (tmp_path / "metadata.tsv").write_text(metadata, encoding="utf-8")
    if isinstance(told, tuple):
        assert read("vectors:tensors.tsv", tmp_path)[0].tokens == told
        return
    with pytest.raises(ModelError, match=told):
        read("vectors:tensors.tsv", tmp_path)


# Static embeddings.


def test_static_embeddings_of_sentence_transformers(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer, models

    rows = {word: row for row, word in enumerate(vector_tables.WORDS)}
    values = vector_tables.vectors(len(rows))
    module = StaticEmbedding(
        Tokenizer(models.WordLevel(rows, unk_token="the")),  # type: ignore[call-arg]
        embedding_weights=values,
    )
    SentenceTransformer(modules=[module]).save(str(tmp_path / "model"))
    for source in ("path:model", "vectors:model"):
        words, vectors = read(source, tmp_path)
        assert words.tokens == vector_tables.WORDS
        np.testing.assert_array_equal(vectors.values, values)


def test_model2vec_keeps_fewer_rows_weights_and_int8(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path, words, _ = write("static", tmp_path / "model")
    table = np.random.default_rng(0).integers(-127, 127, (5, 4)).astype(np.int8)
    mapping = np.arange(len(words), dtype=np.int64) % 5
    weights = np.linspace(0.5, 2, len(words))
    save_file({"embeddings": table, "mapping": mapping, "weights": weights}, path)
    found, vectors = read("path:model", tmp_path)
    assert found.tokens == words
    expected = table.astype(np.float32)[mapping] * weights.astype(np.float32)[:, None]
    np.testing.assert_allclose(vectors.values, expected)
    save_file({"embeddings": table, "mapping": mapping + 1}, path)
    with pytest.raises(ModelError, match="rows that embeddings does not have"):
        read("path:model", tmp_path)
    save_file({"embeddings": vector_tables.vectors(len(words) + 2)}, path)
    assert read("path:model", tmp_path)[0].kinds[-2:] == ("unused", "unused")


def test_types_that_need_scales_are_refused_by_name(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path, words, values = write("static", tmp_path / "model")
    for kind in ("float8_e4m3fn", "uint8"):
        save_file({"embeddings": torch.tensor(values).to(getattr(torch, kind))}, path)
        with pytest.raises(ModelError, match=r"F8_E4M3|U8"):
            read("path:model", tmp_path)
    save_file({"embeddings": torch.tensor(values).bfloat16()}, path)
    assert len(read("path:model", tmp_path)[0]) == len(words)


# GGUF.


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q5_1"])
def test_gguf_dequantises(kind: str, tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    words = [f"▁w{row}" for row in range(50)]
    values = vector_tables.vectors(50, 64)
    path = vector_tables.gguf(tmp_path, words, values, kind)
    found, vectors = read(f"path:{path.name}", tmp_path)
    assert found.tokens == tuple(words) and found.texts[0] == "␣w0" and kind in vectors.tensor
    known = gguf.GGMLQuantizationType[kind]
    np.testing.assert_array_equal(
        vectors.values, gguf.quants.dequantize(gguf.quants.quantize(values, known), known)
    )
    size = np.abs(values).max()
    assert np.abs(vectors.values - values).max() <= size / (5 if kind[:2] == "Q4" else 15)
    facts = table_card(format="gguf", language="en", work=Work(f"vectors:{path}")).facts
    assert facts["architecture"] == "llama" and facts["name"] == "Tiny"


def test_kinds_of_tokens_in_gguf(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    words = ["<unk>", "<s>", "<0x0A>", "▁the", "ing", "[PAD5]", "<|user|>"]
    values = vector_tables.vectors(9, 32)  # two rows more than tokens
    vector_tables.gguf(tmp_path, words, values, types=[2, 3, 6, 1, 1, 5, 4])
    found, _ = read("vectors:model-f32.gguf", tmp_path)
    special, byte, cont = "special", "byte", "continuation"
    assert found.kinds == (
        special, special, byte, "word", cont, "unused", "word", "unused", "unused",
    )  # fmt: skip
    vector_tables.gguf(
        tmp_path, ["Ġthe", "ing", "Ã", "<|end|>"], values[:4], tokenizer="gpt2", types=[1, 1, 1, 3]
    )
    found, _ = read("vectors:model-f32.gguf", tmp_path)
    assert found.family == "byte-level-bpe" and found.kinds == ("word", cont, byte, special)
    assert found.texts[0] == "␣the"


@settings(max_examples=150)
@given(st.data())
def test_damaged_gguf_is_refused_and_never_believed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any byte of the header changed, or the file cut: right, or a ModelError, and soon."""
    pytest.importorskip("gguf")
    root = tmp_path_factory.mktemp("gguf")
    path = vector_tables.gguf(root, ["▁a", "b", "c"], vector_tables.vectors(3, 32))
    raw = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw) - 1)) :]
    for _ in range(data.draw(st.integers(0, 3))):
        if raw:
            raw[data.draw(st.integers(0, min(len(raw), 900) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    with contextlib.suppress(ModelError):
        read(f"vectors:{path.name}", root)


def test_gguf_that_claims_more_than_it_has(tmp_path: Path) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    list_ = struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 8, 10**12)
    (tmp_path / "m.gguf").write_bytes(head + list_)
    with pytest.raises(ModelError, match="more than it has room for"):
        read("vectors:m.gguf", tmp_path)
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack(">IQQ", 3, 1, 1))
    with pytest.raises(ModelError, match="big-endian"):
        read("vectors:m.gguf", tmp_path)


# Any format, any damage.

PIECES = [b"\n", b"\0", b" ", b"\t", b"\xff", b"-1", b"999999999999", b"{", b"nan"]


@pytest.mark.parametrize("name", vector_tables.FORMATS)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_damaged_file_is_right_or_refused(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut, gone, changed or with something put in: never another error, nor without advice."""
    root = tmp_path_factory.mktemp("damaged")
    write(name, root / "t")
    path = data.draw(st.sampled_from(sorted((root / "t").iterdir())))
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1) | st.integers(0, min(len(raw) - 1, 90)))
    damage = data.draw(st.sampled_from(["cut", "gone", "byte", "piece"]))
    if damage == "cut":
        del raw[place:]
    elif damage == "byte":
        raw[place] = data.draw(st.integers(0, 255))
    else:
        raw[place:place] = data.draw(st.sampled_from(PIECES))
    path.unlink()
    if damage != "gone":
        path.write_bytes(raw)
    source = data.draw(st.sampled_from(["vectors:t", "path:t", f"vectors:t/{path.name}"]))
    try:
        found = resolve(source, root)
        if found.table:  # else it is taken for a checkpoint
            read(source, root)
    except ModelError as problem:
        refused = problem.hint
    else:
        refused = "nothing"
    assert refused


# Folders.


def test_a_folder_of_several_tables_asks_for_one(tmp_path: Path) -> None:
    write("GloVe", tmp_path / "many")
    write("word2vec", tmp_path / "many")
    with pytest.raises(
        ModelError, match=r"2 tables of vectors: glove\.txt, vectors\.txt"
    ) as caught:
        resolve("path:many", tmp_path)
    assert "vectors:many/glove.txt" in caught.value.hint


def test_a_model_is_not_taken_for_a_table(models_folder: Any, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "model"))
    vector_tables.glove(folder, ["a", "b"], vector_tables.vectors(2))
    found = resolve("path:model", tmp_path)
    assert found.table == "" and found.location == f"path:{folder}"
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("A text.\nAnother.\n")
    with pytest.raises(ModelError, match=r"no config\.json"):
        resolve("path:texts", tmp_path)


def test_a_table_knows_no_place(tmp_path: Path) -> None:
    write("npy", tmp_path / "one")
    write("npy", tmp_path / "two")
    one, two = (resolve(f"vectors:{name}", tmp_path) for name in ("one", "two"))
    assert one.identity == two.identity
    assert dataclasses.replace(one, source="", location="") == dataclasses.replace(
        two, source="", location=""
    )


# Memory. A process of its own reads the file, so that what it held most is what it took.

PEAK = """
import json, sys
from pathlib import Path
from atlas.engine.stage import Work
from atlas.spaces.stages.tables import table_vectors, table_words
def peak():  # of this program: getrusage counts what the process held before it began
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
before = peak()
work = Work(sys.argv[1])
words = len(table_words(format=sys.argv[2], work=work))
found = table_vectors(format=sys.argv[2], work=work).values
print(json.dumps([words, *found.shape, found.nbytes, peak(), before]))
"""


def peak(path: Path, form: str) -> tuple[int, int, int, int, int, int]:
    command = [sys.executable, "-c", PEAK, f"vectors:{path}", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return tuple(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak there")
@pytest.mark.parametrize("name", ["GloVe", "word2vec, binary", "npy", "Parquet", "static"])
def test_a_large_table_takes_little_more_than_itself(name: str, tmp_path: Path) -> None:
    rows, width = 80_000, 300
    words = [f"word{row}" for row in range(rows)]
    block = vector_tables.vectors(1000, width)
    if name == "GloVe":  # written in pieces: it is 0.24 GB
        path = tmp_path / "glove.txt"
        tails = [" ".join(f"{value:.5f}" for value in row) for row in block]
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{word} {tails[row % 1000]}\n" for row, word in enumerate(words))
    else:
        maker = vector_tables.FORMATS[name][1]
        path = maker(tmp_path, words, np.tile(block, (rows // 1000, 1)))
    count, found, wide, size, most, before = peak(path, vector_tables.FORMATS[name][0])
    assert (count, found, wide) == (rows, rows, width)
    print(f"{name}: {most / size:.2f} of the matrix, {before / size:.2f} before")
    # Arrow holds a file's numbers beside the matrix, in pieces and whole.
    assert most <= (4 if name == "Parquet" else 2) * size
