"""What is no checkpoint says what it is and what to do, before anything is computed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import vector_tables

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models import strangers
from atlas.models.checkpoint import Checkpoint
from atlas.models.lock import Lock
from atlas.spaces.stages.vectors import vectors
from atlas.spaces.stages.vocabulary import vocabulary

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0f' * 32}\nsize 123456789\n"


def resolve(source: str, root: Path) -> Checkpoint:
    lock = Lock(root / "atlas.lock")
    digests = root / "digests.json"
    return checkpoints.resolve(source, root, lock=lock, offline=True, digests=digests)


def refused(root: Path, told: str, hint: str, source: str = "path:m") -> None:
    with pytest.raises(ModelError, match=told) as caught:
        resolve(source, root)
    assert re.search(hint, caught.value.hint), caught.value.hint


def files(folder: Path, **content: object) -> Path:
    """Files by name, with `_` for `.`; what is not text as JSON."""
    for name, value in content.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def model(models_folder: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "m"))


@pytest.mark.parametrize("config", [False, True])
def test_an_adapter_names_its_base(config: bool, tmp_path: Path) -> None:
    facts = {"base_model_name_or_path": "org/base-7b", "peft_type": "LORA"}
    folder = files(tmp_path / "m", adapter_config_dot_json=facts, adapter_model_dot_bin="x")
    if config:
        files(folder, config_dot_json={"model_type": "llama"})
    refused(tmp_path, "adapter.* of org/base-7b", "org/base-7b.*merge_and_unload")
    files(folder, adapter_config_dot_json="not JSON")
    refused(tmp_path, "adapter", "its base")


def test_a_folder_of_sentence_transformers_names_the_one_inside(
    model: Path, tmp_path: Path
) -> None:
    outer = tmp_path / "st"
    outer.mkdir()
    shutil.move(model, outer / "0_Transformer")
    rows = [
        {"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    files(outer, modules_dot_json=rows)
    refused(tmp_path, "0_Transformer/", "path:st/0_Transformer", "path:st")
    assert resolve("path:st/0_Transformer", tmp_path).location.endswith("0_Transformer")
    files(outer, modules_dot_json=[{"type": "sentence_transformers.models.BoW", "path": "0_BoW"}])
    refused(tmp_path, "BoW", "token vocabulary", "path:st")


def test_a_pipeline_of_diffusers_names_its_text_encoder(tmp_path: Path) -> None:
    parts = {"_class_name": "X", "text_encoder": ["t", "C"], "tokenizer": ["t", "T"], "unet": []}
    folder = files(tmp_path / "m", model_index_dot_json=parts, text_encoder__config_dot_json={})
    refused(tmp_path, "diffusers", "text_encoder/.*tokenizer/")
    files(folder, model_index_dot_json={"unet": []})
    refused(tmp_path, "diffusers", "no vocabulary")


@pytest.mark.parametrize("inside", ["", "/snapshots"])
def test_a_place_in_the_hubs_cache_names_the_commit(
    inside: str, model: Path, tmp_path: Path
) -> None:
    place = tmp_path / "models--org--name"
    (place / "refs").mkdir(parents=True)
    shutil.copytree(model, place / "snapshots" / "abc123")
    source = f"path:models--org--name{inside}"
    refused(tmp_path, "cache", "abc123.*hub:org/name", source)
    refused(tmp_path, "hub's cache, with 1 models", "hub:org/name", "path:.")


@pytest.mark.parametrize(
    ("name", "told", "hint"),
    [
        ("tf_model.h5", "TensorFlow", "from_tf=True"),
        ("model.ckpt-100.index", "TensorFlow", "from_tf=True"),
        ("flax_model.msgpack", "Flax", "from_flax=True"),
        ("model.onnx", "ONNX", "safetensors"),
    ],
)
def test_weights_of_another_framework_alone(
    name: str, told: str, hint: str, model: Path, tmp_path: Path
) -> None:
    (model / name).write_bytes(b"weights")
    assert resolve("path:m", tmp_path).location == f"path:{model}"  # beside those that are read
    (model / "model.safetensors").unlink()
    refused(tmp_path, told, hint)


def test_a_folder_whose_model_is_one_down(model: Path, tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    shutil.move(model, tmp_path / "outer" / "inner")
    refused(tmp_path, "inner has", "path:outer/inner", "path:outer")


# Pointers that Git LFS has left.


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json"]
)
def test_a_pointer_is_named(name: str, model: Path, tmp_path: Path) -> None:
    (model / name).write_text(POINTER)
    refused(tmp_path, re.escape(name) + " is a Git LFS pointer", "git lfs pull")


@pytest.mark.parametrize("name", ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json"])
def test_a_pointer_as_a_slow_tokenizers_file(name: str, model: Path, tmp_path: Path) -> None:
    (model / "tokenizer.json").unlink()
    (model / name).write_text(POINTER)
    refused(tmp_path, re.escape(name) + " is a Git LFS pointer", "git lfs pull")


def test_a_pointer_that_nobody_reads_does_not_matter(model: Path, tmp_path: Path) -> None:
    for name in ("pytorch_model.bin", "vocab.txt", "README.md", "tf_model.h5"):
        (model / name).write_text(POINTER)
    found = resolve("path:m", tmp_path)
    assert len(vocabulary(work=Work(found.location))) == len(
        vectors(work=Work(found.location)).values
    )


def test_shards_that_are_pointers_until_one_is_read(models_folder: Any, tmp_path: Path) -> None:
    model = Path(shutil.copytree(models_folder("wordpiece-sharded"), tmp_path / "m"))
    places = json.loads((model / "model.safetensors.index.json").read_text())["weight_map"]
    table = next(file for name, file in places.items() if "word_embeddings" in name)
    for path in model.glob("*.safetensors"):
        if path.name != table:
            path.write_text(POINTER)
    found = resolve("path:m", tmp_path)
    assert len(vectors(work=Work(found.location)).values)
    other = next(name for name in sorted(set(places.values())) if name != table)
    (model / other).write_bytes((model / table).read_bytes())
    (model / table).write_text(POINTER)
    location = resolve("path:m", tmp_path).location
    with pytest.raises(ModelError, match="Git LFS pointer"):
        vectors(work=Work(location))


def test_a_pointer_in_place_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    path = vector_tables.npy(tmp_path / "t", ["a", "b"], vector_tables.vectors(2))
    (tmp_path / "t" / "matrix.txt").write_text(POINTER)
    for source in ("vectors:t", "vectors:t/matrix.npy", "path:t"):
        refused(tmp_path, r"matrix\.txt is a Git LFS pointer", "git lfs pull", source)
    path.write_text(POINTER)
    refused(tmp_path, r"matrix\.(npy|txt) is a Git LFS pointer", "git lfs pull", "vectors:t")


# The hub tells names alone.


@pytest.mark.parametrize(
    ("names", "inside", "told", "hint"),
    [
        (
            {"adapter_config.json", "adapter_model.safetensors"},
            {"base_model_name_or_path": "org/base"},
            "adapter.* of org/base",
            "org/base",
        ),
        ({"config.json", "flax_model.msgpack"}, None, "Flax", "from_flax"),
        ({"model_index.json", "unet/config.json"}, {}, "diffusers", "vocabulary"),
        ({"a-Q8_0.gguf", "a-Q4_0.gguf"}, None, "GGUF files alone", "vectors:FOLDER/a-Q4_0.gguf"),
        (
            {"config.json", "model.safetensors", "tokenizer.json", "modules.json"},
            [{"type": "sentence_transformers.models.StaticEmbedding", "path": "."}],
            "static embeddings",
            "vectors:FOLDER",
        ),
    ],
)
def test_what_on_the_hub_is_no_checkpoint(
    names: set[str], inside: Any, told: str, hint: str
) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        strangers.refuse_hub("hub:org/m", names, lambda name: inside)
    assert re.search(hint, caught.value.hint)


@pytest.mark.parametrize(
    "names",
    [
        {"config.json", "model.safetensors", "tokenizer.json", "tf_model.h5", "flax_model.msgpack"},
        {"config.json", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"},
        {"config.json", "model.safetensors", "modules.json", "model.onnx", "adapter_config.json"},
        {"config.json", "model.safetensors", "model.gguf"},
    ],
)
def test_checkpoints_on_the_hub_are_let_pass(names: set[str]) -> None:
    rows = [{"type": "sentence_transformers.models.Transformer", "path": ""}]
    strangers.refuse_hub("hub:org/m", names, lambda name: rows)
