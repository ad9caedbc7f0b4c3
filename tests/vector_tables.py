"""Tables of vectors written in every format that is read, and in ones that are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from atlas.numeric.types import Floats

WORDS = ("the", "日本", "naïve", "1999", "</s>", "#hash", "C++", "a\u00a0b", "😀", "-0.5")
SPACED = (*WORDS, "New York", ". . .", "3 4", "at name@domain.com")

Write = Callable[[Path, Sequence[str], Floats], Path]


def vectors(rows: int, width: int = 8, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((rows, width)).astype(np.float32)


def number(value: float) -> str:
    """A float32 as the shortest text that gives it back."""
    return np.format_float_scientific(value, unique=True) if abs(value) < 1e-3 else str(value)


def line(word: str, row: Floats, space: str = " ") -> str:
    return space.join([word, *(number(value) for value in row)])


def glove(folder: Path, words: Sequence[str], values: Floats) -> Path:
    path = folder / "glove.txt"
    rows = zip(words, values, strict=True)
    path.write_text("".join(line(*row) + "\n" for row in rows), encoding="utf-8")
    return path


def word2vec(folder: Path, words: Sequence[str], values: Floats) -> Path:
    path = folder / "vectors.txt"
    head = f"{len(words)} {values.shape[1]}\n"
    rows = zip(words, values, strict=True)
    path.write_text(head + "".join(line(*row) + "\n" for row in rows), encoding="utf-8")
    return path


def fasttext(folder: Path, words: Sequence[str], values: Floats) -> Path:
    """As fastText writes it: a space at the end of each line. With a byte order mark besides."""
    path = folder / "cc.en.8.vec"
    head = f"\ufeff{len(words)} {values.shape[1]}\r\n"
    rows = zip(words, values, strict=True)
    text = head + "".join(line(*row) + " \r\n" for row in rows)
    path.write_bytes(text.encode())
    return path


def binary(folder: Path, words: Sequence[str], values: Floats) -> Path:
    path = folder / "vectors.bin"
    rows = zip(words, values, strict=True)
    content = b"".join(word.encode() + b" " + row.tobytes() + b"\n" for word, row in rows)
    path.write_bytes(f"{len(words)} {values.shape[1]}\n".encode() + content)
    return path


def npy(folder: Path, words: Sequence[str], values: Floats) -> Path:
    path = folder / "matrix.npy"
    np.save(path, values)
    (folder / "matrix.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    return path


def gensim(folder: Path, words: Sequence[str], values: Floats) -> Path:
    """What gensim keeps beside its pickle, with the list of words that the pickle holds."""
    path = folder / "model.kv.vectors.npy"
    np.save(path, values)
    (folder / "words.json").write_text(json.dumps(list(words)), encoding="utf-8")
    return path


def parquet(folder: Path, words: Sequence[str], values: Floats) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "table.parquet"
    columns = {"n": range(len(words)), "word": list(words), "vector": list(values)}
    kinds = pa.schema(
        [("n", pa.int32()), ("word", pa.string()), ("vector", pa.list_(pa.float32()))]
    )
    pq.write_table(pa.table(columns, kinds), path, row_group_size=max(len(words) // 2, 5))
    return path


def projector(folder: Path, words: Sequence[str], values: Floats) -> Path:
    path = folder / "tensors.tsv"
    rows = ("\t".join(number(value) for value in row) + "\n" for row in values)
    path.write_text("".join(rows), encoding="utf-8")
    text = "text\tcount\n" + "".join(f"{word}\t1\n" for word in words)
    (folder / "metadata.tsv").write_text(text, encoding="utf-8")
    return path


def tokenizer(folder: Path, words: Sequence[str]) -> None:
    from tokenizers import Tokenizer, models

    rows = {word: row for row, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(rows, unk_token=words[0]))  # type: ignore[call-arg]
    made.save(str(folder / "tokenizer.json"))


def static(folder: Path, words: Sequence[str], values: Floats) -> Path:
    """As model2vec writes it."""
    from safetensors.numpy import save_file

    path = folder / "model.safetensors"
    save_file({"embeddings": values}, path)
    tokenizer(folder, words)
    facts = {"model_type": "model2vec", "architectures": ["StaticModel"]}
    (folder / "config.json").write_text(json.dumps(facts), encoding="utf-8")
    return path


def gguf(
    folder: Path, words: Sequence[str], values: Floats, kind: str = "F32", **more: object
) -> Path:
    """As llama.cpp's converters write it. Raises ImportError without the package gguf."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize

    path = folder / f"model-{kind.lower()}.gguf"
    file = GGUFWriter(path, "llama")
    file.add_name("Tiny")
    file.add_tokenizer_model(str(more.get("tokenizer", "llama")))
    file.add_token_list(list(words))
    file.add_token_types(list(more.get("types", [1] * len(words))))  # type: ignore[call-overload]
    file.add_token_scores([0.0] * len(words))
    known = GGMLQuantizationType[kind]
    file.add_tensor("blk.0.attn_q.weight", np.ones((3, 32), np.float32))
    file.add_tensor("token_embd.weight", quantize(values, known), raw_dtype=known)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


# Writers by the format that they are found to be; words with spaces where they can stand.
FORMATS: dict[str, tuple[str, Write, Sequence[str]]] = {
    "GloVe": ("text", glove, SPACED),
    "word2vec": ("text", word2vec, SPACED),
    "fastText": ("text", fasttext, SPACED),
    "word2vec, binary": ("word2vec", binary, WORDS),
    "npy": ("npy", npy, SPACED),
    "gensim": ("npy", gensim, SPACED),
    "Parquet": ("parquet", parquet, SPACED),
    "projector": ("projector", projector, SPACED),
    "static": ("static", static, SPACED),
    "GGUF": ("gguf", gguf, SPACED),
}
