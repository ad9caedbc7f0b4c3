"""Tables of vectors in a checkpoint's weight files, read without building the model."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np

from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import read_json
from atlas.numeric.types import Floats

# Ends of the names under which architectures keep the input table, the more specific first.
TABLES = (
    "embeddings.word_embeddings.weight",
    "word_embedding.weight",
    "word_embeddings.weight",
    "wte.weight",
    "embed_tokens.weight",
    "shared.weight",
    "embed_in.weight",
    "tok_embeddings.weight",
    "token_embedding.weight",
    "embeddings.tok_embeddings.weight",
)


# Ends of the names of unembeddings.
OUTPUTS = (
    "lm_head.weight",
    "lm_head.decoder.weight",
    "embed_out.weight",
    "cls.predictions.decoder.weight",
    "predictions.decoder.weight",
)


_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


_PIECE = 2 << 20  # values read at a time


def find_table(
    header: dict[str, Any], rows: int | None, ends: Sequence[str] = TABLES
) -> str | None:
    """The name of the input table among a safetensors header's tensors: a matrix whose name ends as
    `ends` say, with `rows` rows if any of them has so many."""
    for end in ends:
        names = [
            name
            for name in header
            if (name == end or name.endswith("." + end)) and len(header[name]["shape"]) == 2
        ]
        names.sort(
            key=lambda name: (
                rows is not None and header[name]["shape"][0] != rows,
                "decoder" in name,
                len(name),
            )
        )
        if names and header[names[0]]["dtype"] in _TYPES:
            return names[0]
    return None


def table_rows(location: str) -> int | None:
    """How many rows the input table has, from headers alone; None when no safetensors file holds
    it."""
    size = vocabulary_size(location)
    for name in weight_files(location):
        with checkpoints.opened(location, name) as file:
            header, _ = read_header(file, name)
            if tensor := find_table(header, size):
                return int(header[tensor]["shape"][0])
    return size


def vocabulary_size(location: str) -> int | None:
    """The vocabulary's size as config.json has it, for models of several kinds of input in the
    text's part."""
    config = read_json(location, "config.json") or {}
    inner = config.get("text_config")
    found = (inner if isinstance(inner, dict) else config).get(
        "vocab_size", config.get("vocab_size")
    )
    return found if isinstance(found, int) and found > 0 else None


def weight_files(location: str, ends: Sequence[str] = TABLES) -> list[str]:
    """The safetensors files that may hold the table, the likely one first."""
    index = read_json(location, "model.safetensors.index.json")
    if index:
        places: dict[str, str] = index.get("weight_map", {})
        files = {places[name] for end in ends for name in places if name.endswith(end)}
        return sorted(files)
    name = "model.safetensors"
    return [name] if checkpoints.has(location, name) else []


def read_header(file: BinaryIO, name: str) -> tuple[dict[str, Any], int]:
    """Names, types and places of a safetensors file's tensors, and where its data begin."""
    try:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > 100 << 20:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        for tensor, entry in header.items():
            begin, end = entry["data_offsets"]
            size = (
                math.prod(entry["shape"]) * int(_TYPES[entry["dtype"]][-1])
                if entry["dtype"] in _TYPES
                else end - begin
            )
            if begin < 0 or end - begin != size:
                raise ValueError(f"{tensor} has {end - begin} bytes, not {size}")
    except (struct.error, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise ModelError(
            f"{name}: not a safetensors file ({problem!r})", "Is the download complete?"
        ) from problem
    return header, 8 + length


def read_tensor(
    file: BinaryIO, name: str, entry: dict[str, Any], start: int, progress: Callable[[float], None]
) -> Floats:
    """The table in float32, turned into it piece by piece: a large one is held once."""
    kind = np.dtype(_TYPES[entry["dtype"]])
    values = np.empty(math.prod(entry["shape"]), np.float32)
    file.seek(start + entry["data_offsets"][0])
    for done in range(0, len(values), _PIECE):
        count = min(_PIECE, len(values) - done)
        piece = file.read(count * kind.itemsize)
        if len(piece) < count * kind.itemsize:
            raise ModelError(
                f"{name}: ends within the embedding table", "Is the download complete?"
            )
        raw = np.frombuffer(piece, kind)
        if entry["dtype"] == "BF16":  # the upper half of a float32
            raw = (raw.astype("<u4") << 16).view("<f4")
        values[done : done + count] = raw
        progress((done + count) / len(values))
    return values.reshape(entry["shape"])
