from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Built

from atlas.engine.stage import Work
from atlas.errors import ModelError, StageError
from atlas.models import weights
from atlas.models.tensors import find_table, table_rows
from atlas.spaces.stages.vectors import vectors


def expected(folder: Path) -> np.ndarray[Any, Any]:
    logging.getLogger("transformers").setLevel(logging.ERROR)  # "newly initialized" poolers
    from transformers import AutoModel

    return np.array(
        AutoModel.from_pretrained(folder).get_input_embeddings().weight.detach().float().numpy()
    )


def test_equals_what_transformers_reads(checkpoint: Path) -> None:
    seen: list[float] = []
    found = vectors(work=Work(f"path:{checkpoint}", progress=seen.append))
    np.testing.assert_array_equal(found.values, expected(checkpoint))
    assert found.values.dtype == np.float32 and found.values.flags.c_contiguous
    assert len(found.values) == table_rows(f"path:{checkpoint}")
    assert float(found.values.std()) > 0.5  # the table, not another of the model's small matrices
    assert find_table({found.tensor: {"shape": [2, 2]}}, None) and seen[-1] == 1.0


@pytest.fixture
def wordpiece(models_folder: Any, tmp_path: Path) -> Path:
    """A checkpoint to damage."""
    return Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "copy"))


def test_truncated(wordpiece: Path) -> None:
    weights = wordpiece / "model.safetensors"
    header = 8 + int.from_bytes(weights.read_bytes()[:8], "little")
    for size in (0, 5, 100, header + 40):
        shutil.copy(weights, wordpiece / "kept")
        with weights.open("r+b") as file:
            file.truncate(size)
        with pytest.raises(ModelError) as caught:
            vectors(work=Work(f"path:{wordpiece}"))
        assert "complete" in caught.value.hint and "model.safetensors" in str(caught.value)
        shutil.move(wordpiece / "kept", weights)


def rewrite(
    weights: Path, entry: dict[str, Any] | None, name: str = "embeddings.word_embeddings.weight"
) -> None:
    header = json.dumps({name: entry}).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 32]},
        {"dtype": "F32", "shape": [4, 4]},
        {"dtype": "F32", "shape": [4, 4], "data_offsets": [32, 0]},
        {"dtype": "F32", "shape": 7, "data_offsets": [0, 64]},
        {"dtype": "F32", "data_offsets": [0, 64]},
        None,
    ],
)
def test_false_headers(wordpiece: Path, entry: dict[str, Any] | None) -> None:
    rewrite(wordpiece / "model.safetensors", entry)
    with pytest.raises(ModelError):
        vectors(work=Work(f"path:{wordpiece}"))


def test_missing_shard(models_folder: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models_folder("wordpiece-sharded"), tmp_path / "copy"))
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    shard = index["weight_map"]["embeddings.word_embeddings.weight"]
    (folder / shard).unlink()
    with pytest.raises(ModelError, match=shard):
        vectors(work=Work(f"path:{folder}"))
    with pytest.raises(ModelError, match=shard):
        table_rows(f"path:{folder}")


def test_no_weights(wordpiece: Path) -> None:
    (wordpiece / "model.safetensors").unlink()
    with pytest.raises(ModelError) as caught:
        vectors(work=Work(f"path:{wordpiece}"))
    assert caught.value.hint


def test_other_spaces_are_refused(models_folder: Any) -> None:
    with pytest.raises(StageError):
        vectors(work=Work(f"path:{models_folder('wordpiece')}"), space="outputs")


@pytest.mark.parametrize(
    ("names", "rows", "found"),
    [
        (
            ["bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"],
            9,
            "bert.embeddings.word_embeddings.weight",
        ),
        (["transformer.wpe.weight", "transformer.wte.weight"], 9, "transformer.wte.weight"),
        (
            ["decoder.embed_tokens.weight", "encoder.embed_tokens.weight"],
            9,
            "encoder.embed_tokens.weight",
        ),
        (["embeddings.position_embeddings.weight"], 9, None),
        (["not_wte.weight"], 9, None),
    ],
)
def test_table_names(names: list[str], rows: int, found: str | None) -> None:
    assert find_table({name: {"shape": [9, 2], "dtype": "F32"} for name in names}, rows) == found


def test_table_with_as_many_rows_as_the_vocabulary() -> None:
    header = {
        "a.wte.weight": {"shape": [5, 2], "dtype": "F32"},
        "longer.wte.weight": {"shape": [9, 2], "dtype": "F32"},
    }
    assert find_table(header, 9) == "longer.wte.weight"
    assert find_table(header, None) == "a.wte.weight"


@pytest.mark.parametrize("safe", [True, False])
def test_a_table_is_never_made_up(tmp_path: Path, safe: bool) -> None:
    """transformers fills what a checkpoint lacks with random numbers; a map of those would look
    like any other."""
    import tiny_models
    import torch
    from safetensors.torch import load_file, save_file

    folder = tiny_models.wordpiece(tmp_path / "model", safe=safe)
    path = folder / ("model.safetensors" if safe else "pytorch_model.bin")
    tensors = load_file(path) if safe else torch.load(path, weights_only=True)
    kept = {name: tensor for name, tensor in tensors.items() if "word_embeddings" not in name}
    assert len(kept) == len(tensors) - 1
    if safe:
        save_file(kept, path, metadata={"format": "pt"})
    else:
        torch.save(kept, path)
    with pytest.raises(ModelError, match="word_embeddings"):
        vectors(work=Work(f"path:{folder}"))


@pytest.mark.parametrize("family", ["t5", "llama", "bytelevel", "japanese"])
def test_tables_under_unknown_names_are_found_by_building_the_model(
    family: str, models_folder: Any, tmp_path: Path
) -> None:
    """Tied and prefixed tables count as found: only what transformers invents is refused."""
    import torch
    from safetensors.torch import load_file

    folder = Path(shutil.copytree(models_folder(family), tmp_path / "model"))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    found = vectors(work=Work(f"path:{folder}"))
    np.testing.assert_array_equal(
        found.values, vectors(work=Work(f"path:{models_folder(family)}")).values
    )


def test_code_of_a_checkpoint_is_not_run(
    models_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(models_folder("wordpiece-bin"), tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "auto_map": {"AutoModel": "code.Model", "AutoConfig": "code.Config"},
        "model_type": "strange",
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    found = vectors(work=Work(f"path:{folder}"))
    assert len(found.values) and not (tmp_path / "ran").exists()
    (folder / "pytorch_model.bin").unlink()  # so that the model would have to be built
    with pytest.raises(ModelError) as caught:
        vectors(work=Work(f"path:{folder}"))
    assert "never run" in caught.value.hint and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_many_pieces(tmp_path: Path, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from safetensors.torch import save_file

    monkeypatch.setattr(weights, "_PIECE", 7)
    table = torch.randn(11, 5).to(getattr(torch, dtype))
    save_file({"wte.weight": table, "a": torch.zeros(3)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    seen: list[float] = []
    found = vectors(work=Work(f"path:{tmp_path}", progress=seen.append)).values
    np.testing.assert_array_equal(found, table.float().numpy())
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) == 8


def test_vision_models_have_no_vocabulary(tmp_path: Path) -> None:
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        image_size=8,
        patch_size=4,
    )
    ViTModel(config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="no table"):
        vectors(work=Work(f"path:{tmp_path}"))


def test_a_map_of_the_tensor_that_it_names(tmp_path: Path) -> None:
    """The key `tensor`: rows, values and the page are that table's."""
    import torch
    from safetensors.torch import save_file

    from atlas import atlas_toml
    from atlas.errors import ConfigError

    model = tmp_path / "model"
    model.mkdir()
    words = {f"w{number}": number for number in range(30)}
    (model / "tokenizer.json").write_text(
        json.dumps({"model": {"type": "WordLevel", "vocab": words}})
    )
    (model / "config.json").write_text("{}")
    other = "talker.model.embed_tokens.weight"
    tables = {"model.embed_tokens.weight": torch.randn(40, 8), other: torch.randn(20, 8)}
    save_file(tables, model / "model.safetensors")
    text = '[site]\ntitle = "T"\n[[models]]\nid = "m"\nsource = "path:model"\n[[models.maps]]\n'
    more = 'projections = ["pca"]\nclusters = { coarse = 4, fine = 2 }\n'
    built = Built(tmp_path)
    built.toml.write_text(f'{text}{more}tensor = "{other}"\n')
    built.build()
    about = json.loads((tmp_path / "data" / "m-words.json").read_text())
    assert (about["map"]["tensor"], about["map"]["tokens"]) == (other, 20)
    assert other in (built.public / "maps" / "m-words" / "index.html").read_text()
    built.toml.write_text(f'{text}space = "output"\ntensor = "{other}"\n')
    with pytest.raises(ConfigError) as problem:
        atlas_toml.load(built.toml)
    assert "tensor: only an input space" in "\n".join(problem.value.problems)
