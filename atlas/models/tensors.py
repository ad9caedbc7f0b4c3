"""Tables of vectors in a checkpoint's weight files, read without building the model."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atlas.engine.stage import helper
from atlas.errors import ModelError
from atlas.models import quantised
from atlas.models.checkpoint import read_json, sizes
from atlas.models.weights import FLOATS, Weights, opened, width
from atlas.numeric.types import Array, Floats

TENSORS = helper("tensors", version=1)

# Ends of the names under which architectures keep the input table, the more specific first.
TABLES = (
    "embeddings.word_embeddings.weight",
    "embed_text_tokens.weight",
    "word_embedding.weight",
    "word_embeddings.weight",
    "wte.weight",
    "embed_tokens.weight",
    "shared.weight",
    "embed_in.weight",
    "tok_embeddings.weight",
    "token_embedding.weight",
    "embeddings.tok_embeddings.weight",
    "tokens_embed.weight",
    "input_embedding.weight",
    "embeddings.weight",
    "transformer.w.weight",
)


# Ends of the names of unembeddings.
OUTPUTS = (
    "lm_head.weight",
    "lm_head.decoder.weight",
    "embed_out.weight",
    "cls.predictions.decoder.weight",
    "predictions.decoder.weight",
)


# Ends of the names of the output bias, a number for each token, of heads that have one.
BIASES = (
    "cls.predictions.bias",
    "cls.predictions.decoder.bias",
    "predictions.bias",
    "lm_head.bias",
    "lm_head.decoder.bias",
    "vocab_projector.bias",
    "generator_lm_head.bias",
    "predictions.decoder.bias",
)

# Parts of the names of architectures that have a head for words.
_HEADS = ("CausalLM", "MaskedLM", "LMHead", "ConditionalGeneration", "PreTraining", "Seq2SeqLM")

_USUAL = 1 << 20  # tokens of a vocabulary, at most, where no weights say otherwise

# Parts of models that have tables for something else than the tokenizer's text.
_OTHER = frozenset(
    (
        *("talker", "depth_decoder", "code_predictor", "token2wav", "code2wav", "t2u_model"),
        *("vision_model", "vision_tower", "visual", "audio_model", "audio_tower", "speech_encoder"),
        *("qformer", "protein_encoder", "patcher", "codec_model", "vocoder", "audio_encoder"),
        *("embed_audio_tokens", "image_encoder", "vq_model", "vqmodel", "generator"),
    )
)

# What follows the name of a table that a format keeps in parts: compressed-tensors, quanto,
# torchao.
_PACKED = ("_packed", "._data", "_qdata", ":_data", ".qdata")

# Parts of config.json that tell of the text, where it has several parts.
_TEXT = ("text_config", "thinker_config", "encoder", "text_encoder", "llm_config")


def find_table(
    header: Mapping[str, Any], rows: int | None, ends: Sequence[str] = TABLES
) -> str | None:
    """The name of the input table among tensors with a `shape`: a matrix whose name ends as `ends`
    say. Of several it is the text's, one with `rows` rows if any of them has so many, of an earlier
    end, and the encoder's."""
    found = [
        (
            not _OTHER.isdisjoint(name.split(".")),
            rows is not None and header[name]["shape"][0] != rows,
            place,
            "decoder" in name,
            len(name),
            name,
        )
        for place, end in enumerate(ends)
        for name in header
        if f".{name}".endswith(f".{end}") and len(header[name]["shape"]) == 2
    ]
    return min(found)[-1] if found else None


def table_rows(location: str, tensor: str | None = None) -> int | None:
    """How many rows the input table has, or another tensor of that name, from headers alone; None
    where neither a weight file nor config.json says it. Raises ModelError."""
    weights = opened(location)
    size = vocabulary_size(location)
    name = weights and _name(weights, size, TABLES, tensor, location)
    if weights and name:
        return int(weights.entry(name)["shape"][0])
    # A row of a table has a byte at least; without weights a size is believed that is usual.
    return size if size and size <= max(_bytes(location), _USUAL) else None


def read_table(
    location: str,
    progress: Callable[[float], None],
    ends: Sequence[str] = TABLES,
    tensor: str | None = None,
) -> tuple[str, Floats] | None:
    """The name of a table and its values (v, d) in float32; the input table where `ends` say
    nothing else, or the tensor of a name. None where no weight file has it.

    Tables in float8 or int8 with scales, and MLX's, are dequantised. Raises ModelError for what
    cannot be read.
    """
    weights = opened(location)
    if weights is None:
        return None
    name = _name(weights, vocabulary_size(location), ends, tensor, location)
    return None if name is None else (name, _values(weights, name, location, progress))


@dataclass(frozen=True)
class Stored:
    """How a table is stored: the tensor's name, its type as safetensors names it, its shape, and
    its bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int


def stored(location: str, ends: Sequence[str] = TABLES, tensor: str | None = None) -> Stored | None:
    """How a table of a checkpoint is stored, from headers alone; None where no weight file has it.
    Raises ModelError."""
    weights = opened(location)
    name = weights and _name(weights, vocabulary_size(location), ends, tensor, location)
    if not weights or not name:
        return None
    entry = weights.entry(name)
    dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
    return Stored(name, dtype, shape, math.prod(shape) * width(dtype))


def has_head(location: str) -> bool:
    """Whether a checkpoint's architecture has a head that gives a number for each token."""
    named = (read_json(location, "config.json") or {}).get("architectures")
    told = named if isinstance(named, list) else []
    return any(part in str(name) for name in told for part in _HEADS)


def read_bias(location: str, rows: int) -> Floats | None:
    """The output bias (rows,) of a head for words, None where the weights hold none of that
    length. Raises ModelError for what cannot be read."""
    weights = opened(location)
    for end in BIASES if weights else ():
        assert weights is not None
        for name in weights.names():
            if f".{name}".endswith(f".{end}"):
                entry = weights.entry(name)
                if list(entry["shape"]) == [rows] and entry["dtype"] in FLOATS:
                    return weights.floats(name, lambda _: None)
    return None


def vocabulary_size(location: str) -> int | None:
    """The vocabulary's size as config.json has it, for models of several kinds of input in the
    text's part."""
    return _size(read_json(location, "config.json") or {})


def _size(config: Mapping[str, Any]) -> int | None:
    for part in _TEXT:
        if isinstance(inner := config.get(part), dict) and (found := _size(inner)):
            return found
    for key in ("text_vocab_size", "vocab_size"):
        found = config.get(key)
        if type(found) is int and found > 0:
            return found
    return None


def _bytes(location: str) -> int:
    """Bytes of all weight files together, whoever wrote them."""
    ends = (".safetensors", ".bin", ".h5", ".msgpack", ".pt", ".pth", ".gguf")
    return sum(size for name, size in sizes(location).items() if name.endswith(ends))


def _name(
    weights: Weights, rows: int | None, ends: Sequence[str], tensor: str | None, location: str
) -> str | None:
    """The name of the table that is meant."""
    if tensor is not None:
        return _named(weights, tensor)
    found = _found(weights, rows, ends)
    if found is None and ends is TABLES:
        _refuse_packed(weights)
        if _tied(location):
            # Written once, under the name that the model's head has for it.
            found = _found(weights, rows, OUTPUTS)
    if found and min(shape := weights.entry(found)["shape"]) < 1:
        raise ModelError(
            f"{weights.told}: {found} is empty, its shape is {shape}",
            "Choose a checkpoint that holds its embeddings.",
        )
    return found


def _refuse_packed(weights: Weights) -> None:
    """Raise ModelError where an input table stands there in parts, as a format packs it."""
    for end in TABLES:
        for name in weights.names():
            stem, _, rest = f".{name}".partition(f".{end}")
            if rest in _PACKED:
                whole = f"{stem[1:]}.{end}".lstrip(".")
                raise quantised.strange(whole, "packed", {f"weight{rest}": name})


def _found(weights: Weights, rows: int | None, ends: Sequence[str]) -> str | None:
    """As `find_table`, of which only the candidates' files are opened."""
    names = [name for name in weights.names() if f".{name}".endswith(tuple(f".{e}" for e in ends))]
    return find_table({name: weights.entry(name) for name in names}, rows, ends)


def _named(weights: Weights, tensor: str) -> str:
    """The tensor that atlas.toml names. Raises ModelError where there is none, or no table."""
    names = weights.names()
    if tensor not in names:
        like = difflib.get_close_matches(tensor, names, 3, 0.3)
        raise ModelError(
            f"{weights.told}: has no tensor {tensor}",
            f"`tensor` in atlas.toml names one of the checkpoint's, such as {', '.join(like)}."
            if like
            else "`tensor` in atlas.toml names one of the checkpoint's.",
        )
    shape = weights.entry(tensor)["shape"]
    if len(shape) != 2:
        raise ModelError(
            f"{weights.told}: {tensor} is no table of vectors, its shape is {list(shape)}",
            "`tensor` in atlas.toml names a matrix with a row for each token.",
        )
    return tensor


def _tied(location: str) -> bool:
    """Whether a model's output embeddings are its input table: as config.json says, or, where it
    does not, as is usual for models of its type."""
    config = read_json(location, "config.json") or {}
    inner = config.get("text_config")
    for part in (config, inner if isinstance(inner, dict) else {}):
        if isinstance(told := part.get("tie_word_embeddings"), bool):
            return told
    from transformers import CONFIG_MAPPING

    try:
        return bool(CONFIG_MAPPING[str(config.get("model_type"))]().tie_word_embeddings)
    except (KeyError, ValueError, TypeError, AttributeError):
        return False


def _values(
    weights: Weights, name: str, location: str, progress: Callable[[float], None]
) -> Floats:
    """A table in float32, dequantised if need be."""
    entry = weights.entry(name)
    dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
    if dtype in FLOATS:
        return weights.floats(name, progress).reshape(shape)
    module = name.rpartition(".")[0]
    ends = [other[len(module) + 1 :] for other in weights.names() if other.startswith(f"{module}.")]
    beside = {end: f"{module}.{end}" for end in ends if f"{module}.{end}" != name}
    if not name.endswith(".weight") or quantised.unknown(beside):
        raise quantised.strange(name, dtype, beside)
    return _dequantised(weights, name, beside, read_json(location, "config.json") or {}, progress)


def _dequantised(
    weights: Weights,
    name: str,
    beside: Mapping[str, str],
    config: Mapping[str, Any],
    progress: Callable[[float], None],
) -> Floats:
    dtype, shape = str(weights.entry(name)["dtype"]), tuple(weights.entry(name)["shape"])

    def other(end: str) -> Array:
        entry = weights.entry(beside[end])
        if entry["dtype"] not in (*FLOATS, "F8_E8M0", "I8", "I32", "I64"):
            raise quantised.strange(name, dtype, beside)
        return weights.floats(beside[end], lambda _: None).reshape(entry["shape"])

    packed = {"scales", "biases"} <= beside.keys()
    if dtype == "U32" and packed:
        words, scales = weights.raw(name).reshape(shape), other("scales")
        groups = scales.shape[-1] if scales.ndim else 0
        bits = quantised.bits_of(name, shape[1], groups, config)
        values = quantised.unpacked(name, words, scales, other("biases"), bits)
        progress(1.0)
        return values
    if dtype not in ("I8", "F8_E4M3", "F8_E5M2") or packed:
        raise quantised.strange(name, dtype, beside)
    parts = {end: other(end) for end in beside if end in (*quantised.SCALES, *quantised.ZEROS)}
    values = weights.floats(name, progress).reshape(shape)
    if not parts and dtype != "I8" and not config.get("quantization_config"):
        return values  # cast to float8, and to be read as it is
    return quantised.scaled(name, values, parts, config)
