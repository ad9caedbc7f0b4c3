"""Which tensor is the input table, and what it holds: as transformers has both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.models.quantised import float8
from atlas.models.tensors import find_table, table_rows
from atlas.spaces.stages.vectors import vectors

TABLE = "model.embed_tokens.weight"


def read(folder: Path, **how: Any) -> Any:
    return vectors(work=Work(f"path:{folder}"), **how)


def saved(folder: Path, tensors: dict[str, Any], config: dict[str, Any] | None = None) -> Path:
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config or {}))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.mark.parametrize("safe", [True, False])
def test_an_index_left_behind_is_not_read(tmp_path: Path, safe: bool) -> None:
    import torch
    from transformers import AutoModel

    folder = tiny_models.wordpiece(tmp_path / "m", shards=True, safe=safe)
    model = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.get_input_embeddings().weight.add_(1)
    model.save_pretrained(folder, safe_serialization=safe)
    assert list(folder.glob("*.index.json"))
    right = AutoModel.from_pretrained(folder).get_input_embeddings().weight.detach().numpy()
    np.testing.assert_array_equal(read(folder).values, right)
    for shard in folder.glob("*-of-*"):
        shard.unlink()
    np.testing.assert_array_equal(read(folder).values, right)


def test_safetensors_come_before_older_files(tmp_path: Path) -> None:
    folder = tiny_models.wordpiece(tmp_path / "m")
    right = read(folder).values
    tiny_models.wordpiece(tmp_path / "other", safe=False)
    (tmp_path / "other" / "pytorch_model.bin").rename(folder / "pytorch_model.bin")
    np.testing.assert_array_equal(read(folder).values, right)


TOWERS = {
    "Qwen2.5-Omni": (
        [
            ("talker.model.embed_tokens.weight", 80),
            ("thinker.model.embed_tokens.weight", 300),
            ("thinker.lm_head.weight", 300),
        ],
        {
            "thinker_config": {"text_config": {"vocab_size": 300}},
            "talker_config": {"vocab_size": 80},
        },
        1,
    ),
    "Qwen3-Omni": (
        [
            ("talker.model.codec_embedding.weight", 90),
            ("talker.code_predictor.model.embed_tokens.weight", 300),
            ("thinker.model.embed_tokens.weight", 300),
        ],
        {"thinker_config": {"text_config": {"vocab_size": 300}}},
        2,
    ),
    "CSM": (
        [("depth_decoder.model.embed_tokens.weight", 70), ("embed_text_tokens.weight", 50)],
        {"vocab_size": 70, "text_vocab_size": 50},
        1,
    ),
    "encoder-decoder": (
        [
            ("decoder.bert.embeddings.word_embeddings.weight", 30),
            ("encoder.embeddings.word_embeddings.weight", 30),
        ],
        {"encoder": {"vocab_size": 30}, "decoder": {"vocab_size": 30}},
        1,
    ),
    "InstructBLIP": (
        [
            ("qformer.embeddings.word_embeddings.weight", 40),
            ("language_model.model.decoder.embed_tokens.weight", 60),
        ],
        {"text_config": {"vocab_size": 60}},
        1,
    ),
    "BLT": (
        [("patcher.embed_tokens.weight", 26), ("local_encoder.embed_tokens.weight", 26)],
        {"vocab_size": 26},
        1,
    ),
    "DeepSeek-V3": (
        [("model.layers.61.embed_tokens.weight", 30), (TABLE, 30)],
        {"vocab_size": 30},
        1,
    ),
    "Mamba": ([("backbone.embeddings.weight", 12)], {"vocab_size": 12}, 0),
}


@pytest.mark.parametrize("name", TOWERS)
@pytest.mark.parametrize("shards", [False, True])
def test_the_table_is_the_one_that_the_tokenizer_is_for(
    tmp_path: Path, name: str, shards: bool
) -> None:
    import torch
    from safetensors.torch import save_file

    tensors, config, right = TOWERS[name]
    made = {tensor: torch.full((rows, 4), float(n)) for n, (tensor, rows) in enumerate(tensors)}
    saved(tmp_path, made, config)
    if shards:  # a file each
        (tmp_path / "model.safetensors").unlink()
        places = {tensor: f"model-{n}.safetensors" for n, tensor in enumerate(made)}
        for tensor, file in places.items():
            save_file({tensor: made[tensor]}, tmp_path / file)
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    found = read(tmp_path)
    assert found.tensor == tensors[right][0] and (found.values == right).all()
    assert table_rows(f"path:{tmp_path}") == tensors[right][1]


def test_a_tensor_that_atlas_toml_names(tmp_path: Path) -> None:
    import torch

    other = "talker.model.embed_tokens.weight"
    saved(tmp_path, {TABLE: torch.zeros(9, 4), other: torch.ones(5, 4), "norm": torch.ones(4)})
    assert (read(tmp_path, tensor=other).values == 1).all()
    assert table_rows(f"path:{tmp_path}", other) == 5
    with pytest.raises(ModelError, match="has no tensor talker") as problem:
        read(tmp_path, tensor="talker.embed_tokens.weight")
    assert other in problem.value.hint
    with pytest.raises(ModelError, match="no table of vectors"):
        read(tmp_path, tensor="norm")


@pytest.mark.parametrize("name", ["lm_head.weight", "cls.predictions.decoder.weight"])
def test_a_tied_table_written_under_its_other_name(tmp_path: Path, name: str) -> None:
    import torch

    table = torch.randn(9, 4)
    saved(tmp_path, {name: table}, {"tie_word_embeddings": True, "vocab_size": 9})
    np.testing.assert_array_equal(read(tmp_path).values, table.numpy())
    with pytest.raises(ModelError, match="no output embeddings of their own"):
        read(tmp_path, space="output")
    saved(tmp_path, {name: table}, {"model_type": "bert"})  # tied, as is usual for BERT
    assert read(tmp_path).tensor == name
    saved(tmp_path, {name: table}, {"model_type": "llama"})  # not tied
    with pytest.raises(ModelError):
        read(tmp_path)


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"])
def test_all_values_of_float8(kind: str) -> None:
    import torch

    names = {"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0"}
    bits = torch.arange(256, dtype=torch.uint8).view(getattr(torch, kind))
    np.testing.assert_array_equal(float8(names[kind]), bits.float().numpy())


def by_blocks(table: Any, rows: int, columns: int) -> Any:
    """The largest value of each block."""
    import torch

    v, d = -(-table.shape[0] // rows), -(-table.shape[1] // columns)
    padded = torch.zeros(v * rows, d * columns)
    padded[: table.shape[0], : table.shape[1]] = table.abs()
    return padded.reshape(v, rows, d, columns).amax((1, 3))


SHAPES = {
    "a scale": (300, 256, lambda scale: scale.reshape(1)),
    "a scalar": (300, 256, lambda scale: scale.reshape(())),
    "rows": (1, 256, lambda scale: scale),
    "rows, flat": (1, 256, lambda scale: scale.reshape(-1)),
    "groups": (1, 32, lambda scale: scale),
    "blocks": (128, 128, lambda scale: scale),
    "blocks told": (64, 32, lambda scale: scale),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("kind", "end", "largest"),
    [
        ("float8_e4m3fn", "weight_scale", 448),
        ("float8_e4m3fn", "weight_scale_inv", 448),
        ("float8_e5m2", "weight_scale", 57344),
        ("int8", "weight_scale", 127),
    ],
)
@pytest.mark.parametrize("safe", [True, False])
def test_scales_beside_a_table_are_taken(
    tmp_path: Path, shape: str, kind: str, end: str, largest: int, safe: bool
) -> None:
    import torch

    rows, columns, seen = SHAPES[shape]
    table = torch.randn(300, 256) * torch.logspace(-3, 3, 300)[:, None]
    scale = by_blocks(table, rows, columns) / largest
    whole = scale.repeat_interleave(rows, 0)[:300].repeat_interleave(columns, 1)[:, :256]
    stored = table / whole
    stored = (stored.round() if kind == "int8" else stored).to(getattr(torch, kind))
    config = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [64, 32]}}
    name = f"model.embed_tokens.{end}"
    tensors = {TABLE: stored, name: seen(scale).clone(), "model.embed_tokens.input_scale": scale[0]}
    saved(tmp_path, tensors, config if shape == "blocks told" else None)
    if not safe:
        (tmp_path / "model.safetensors").unlink()
        torch.save(tensors, tmp_path / "pytorch_model.bin")
    np.testing.assert_allclose(
        read(tmp_path).values, (stored.float() * whole).numpy(), rtol=1e-6, atol=0
    )


def test_zero_points_are_taken_off(tmp_path: Path) -> None:
    import torch

    stored = torch.randint(-128, 127, (40, 16), dtype=torch.int8)
    scale, zero = torch.rand(40, 1), torch.randint(-9, 9, (40, 1), dtype=torch.int8)
    beside = {
        "model.embed_tokens.weight_scale": scale,
        "model.embed_tokens.weight_zero_point": zero,
    }
    saved(tmp_path, {TABLE: stored, **beside})
    right = (stored.float() - zero.float()) * scale
    np.testing.assert_allclose(read(tmp_path).values, right.numpy(), rtol=1e-6)


def test_bitsandbytes_in_eight_bits(tmp_path: Path) -> None:
    import torch

    stored = torch.randint(-127, 127, (40, 16), dtype=torch.int8)
    largest = torch.rand(40)
    saved(tmp_path, {TABLE: stored, "model.embed_tokens.SCB": largest})
    right = stored.float() * largest[:, None] / 127
    np.testing.assert_allclose(read(tmp_path).values, right.numpy(), rtol=1e-6)


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("own", [False, True])
def test_packed_as_mlx_does(tmp_path: Path, bits: int, own: bool) -> None:
    import torch

    random = np.random.default_rng(bits)
    numbers = random.integers(0, 2**bits, (30, 64))
    signs = (numbers[:, :, None] >> np.arange(bits) & 1).astype(np.uint8).reshape(30, -1)
    words = np.packbits(signs, axis=1, bitorder="little").view("<u4")
    scales, biases = torch.rand(30, 2).half(), torch.randn(30, 2).half()
    facts = {"group_size": 32, "bits": bits}
    told = {"group_size": 64, "bits": 4, "model.embed_tokens": facts} if own else facts
    beside = {"model.embed_tokens.scales": scales, "model.embed_tokens.biases": biases}
    saved(tmp_path, {TABLE: torch.from_numpy(words), **beside}, {"quantization": told})
    right = numbers * np.repeat(scales.float().numpy(), 32, 1) + np.repeat(
        biases.float().numpy(), 32, 1
    )
    np.testing.assert_allclose(read(tmp_path).values, right, rtol=1e-6)
    assert table_rows(f"path:{tmp_path}") == 30


def strange() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    import torch

    word = "model.embed_tokens."
    bytes_, words = torch.zeros(8, 4, dtype=torch.uint8), torch.zeros(8, 4, dtype=torch.int32)
    eight = torch.zeros(8, 4).to(torch.float8_e4m3fn)
    return {
        "int8 alone": ({TABLE: bytes_.view(torch.int8)}, {}),
        "bitsandbytes in four bits": ({TABLE: bytes_, f"{word}absmax": torch.ones(8)}, {}),
        "quanto": ({f"{word}weight._data": bytes_, f"{word}weight._scale": torch.ones(8)}, {}),
        "compressed-tensors, packed": ({f"{word}weight_packed": words}, {}),
        "scales that do not fit": ({TABLE: eight, f"{word}weight_scale": torch.ones(3)}, {}),
        "an unknown scale": ({TABLE: eight, f"{word}weight_scale_2": torch.ones(1)}, {}),
        "float8 whose scale is lost": ({TABLE: eight}, {"quantization_config": {"bits": 8}}),
        "MLX without sizes": (
            {
                TABLE: words.view(torch.uint32),
                f"{word}scales": torch.ones(8, 1),
                f"{word}biases": torch.ones(8, 1),
            },
            {},
        ),
    }


@pytest.mark.parametrize("kind", list(strange()))
def test_what_is_not_known_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    tensors, config = strange()[kind]
    saved(tmp_path, tensors, config)
    with pytest.raises(ModelError) as problem:
        read(tmp_path)
    assert "model.embed_tokens" in problem.value.message and problem.value.hint


def test_gptq_and_awq_leave_the_table_alone(tmp_path: Path) -> None:
    import torch

    table, words = torch.randn(8, 4).half(), torch.zeros(8, 4, dtype=torch.int32)
    beside = {
        f"model.layers.0.q_proj.{end}": words.clone() for end in ("qweight", "qzeros", "g_idx")
    }
    for method in ("gptq", "awq"):
        config = {"quantization_config": {"quant_method": method, "bits": 4}}
        saved(tmp_path, {TABLE: table, **beside}, config)
        np.testing.assert_array_equal(read(tmp_path).values, table.float().numpy())


def header(folder: Path, entry: dict[str, Any], data: int = 64, vocabulary: object = 9) -> None:
    text = json.dumps({TABLE: entry}).encode()
    whole = len(text).to_bytes(8, "little") + text + bytes(data)
    (folder / "model.safetensors").write_bytes(whole)
    (folder / "config.json").write_text(json.dumps({"vocab_size": vocabulary}))


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [20_000_000, 0], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [10**9, 4], "data_offsets": [0, 16 * 10**9]},
        {"dtype": "F32", "shape": [10**30, 0], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [-4, -4], "data_offsets": [0, 64]},
        {"dtype": "F32", "shape": [4.0, 4], "data_offsets": [0, 64]},
        {"dtype": "F4", "shape": [10**9, 4], "data_offsets": [0, 64]},
        {"dtype": "BOOL", "shape": [16, 4], "data_offsets": [0, 64]},
    ],
)
def test_no_size_beyond_the_files_is_believed(tmp_path: Path, entry: dict[str, Any]) -> None:
    header(tmp_path, entry)
    with pytest.raises(ModelError):
        read(tmp_path)
    try:
        rows = table_rows(f"path:{tmp_path}")
    except ModelError:
        return
    assert rows is None or rows < 1000


@pytest.mark.parametrize("size", [10**12, 10**400, True, -5, "9", [9], 9.5, None])
def test_a_vocabulary_is_no_larger_than_the_weights(tmp_path: Path, size: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"vocab_size": size}))
    (tmp_path / "model.h5").write_bytes(bytes(100))
    assert table_rows(f"path:{tmp_path}") is None


def test_an_index_that_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    for places in ({TABLE: "../other.safetensors"}, {TABLE: "/etc/passwd"}, {TABLE: 3}, [], None):
        index = json.dumps({"weight_map": places})
        (tmp_path / "model.safetensors.index.json").write_text(index)
        with pytest.raises(ModelError, match="weight_map"):
            read(tmp_path)


def test_pickles_that_hold_more_than_tensors(tmp_path: Path) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({TABLE: Evil()}))
    with pytest.raises(ModelError, match="not readable as weights"):
        read(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_names_that_only_end_alike() -> None:
    shape = {"shape": [9, 2]}
    assert find_table({"a_wte.weight": shape, "position_embeddings.weight": shape}, 9) is None
