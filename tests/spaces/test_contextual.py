from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas.engine.stage import Work
from atlas.errors import ModelError, StageError
from atlas.models import encoder
from atlas.spaces.stages.contextual import contextual
from atlas.spaces.stages.vectors import vectors

# What stands before and after a text, as each family's papers have it.
AROUND = {
    "wordpiece": ("[CLS]", "[SEP]"),
    "roberta": ("<s>", "</s>"),
    "bytelevel": (),
    "t5": ("", "</s>"),
}


@pytest.fixture(params=AROUND)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def alone(folder: Path, token: int, layer: int, before: list[int], after: list[int]) -> Any:
    """The same by transformers, one token a call, without padding or mask."""
    import torch
    from transformers import AutoModel

    logging.getLogger("transformers").setLevel(logging.ERROR)
    model = AutoModel.from_pretrained(folder).eval()
    model = model.get_encoder() if model.config.model_type == "t5" else model
    with torch.no_grad():
        states = model(
            torch.tensor([[*before, token, *after]]), output_hidden_states=True
        ).hidden_states
    return states[layer][0, len(before)].numpy()


def test_equals_the_model_run_token_by_token(
    models_folder: Callable[[str], Path], kind: str
) -> None:
    from transformers import AutoTokenizer

    folder = models_folder(kind)
    names = AutoTokenizer.from_pretrained(folder)
    before, after = (
        [names.convert_tokens_to_ids(token) for token in side.split()]
        for side in (*AROUND[kind], "", "")[:2]
    )
    last = contextual(work=Work(f"path:{folder}"))
    first = contextual(work=Work(f"path:{folder}"), layer=0)
    assert len(last.values) == len(vectors(work=Work(f"path:{folder}")).values)
    for token in (0, 7, len(last.values) - 1):
        np.testing.assert_allclose(
            last.values[token], alone(folder, token, -1, before, after), atol=2e-6
        )
        np.testing.assert_allclose(
            first.values[token], alone(folder, token, 0, before, after), atol=2e-6
        )
    assert (
        "hidden_states[0]" in first.tensor
        and " … ".join((*AROUND[kind], "", "")[:2]).strip() in last.tensor
    )


def test_padding_changes_nothing(models_folder: Callable[[str], Path]) -> None:
    model = encoder.load(f"path:{models_folder('wordpiece')}")
    texts = [[7, 8, 9, 10], [11], [], [12, 13]]
    together = {
        row: part
        for rows, (states,) in model.states(texts, [-1])
        for row, part in split(rows, states, texts)
    }
    assert sorted(together) == [0, 1, 3]  # a text without a token has no vectors
    for row, part in together.items():
        ((_, (one,)),) = list(model.states([texts[row]], [-1]))
        np.testing.assert_allclose(part, one, atol=2e-6)


def split(rows: list[int], states: Any, texts: list[list[int]]) -> list[tuple[int, Any]]:
    ends = np.cumsum([len(texts[row]) for row in rows])
    return list(zip(rows, np.split(states, ends[:-1]), strict=True))


def test_layers(models_folder: Callable[[str], Path]) -> None:
    location = f"path:{models_folder('wordpiece')}"
    np.testing.assert_array_equal(
        contextual(work=Work(location), layer=-1).values,
        contextual(work=Work(location), layer=2).values,
    )
    np.testing.assert_array_equal(
        contextual(work=Work(location), layer=-3).values,
        contextual(work=Work(location), layer=0).values,
    )
    for layer in (3, -4):
        with pytest.raises(StageError, match=f"no layer {layer}; it has 2") as caught:
            contextual(work=Work(location), layer=layer)
        assert "0 to 2" in caught.value.hint


@pytest.mark.parametrize("name", ["wordpiece", "bytelevel", "t5", "llama"])
def test_a_layer_in_between_is_that_of_the_whole_model(
    name: str, models_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    """Of families, too, that normalise what leaves the last layer only: a model cut off at a layer
    would give something else."""
    import torch
    from transformers import AutoConfig, AutoModel

    folder = Path(shutil.copytree(models_folder(name), tmp_path / "deep"))
    config = AutoConfig.from_pretrained(folder)
    config.num_hidden_layers = 3
    torch.manual_seed(0)
    model = AutoModel.from_config(config)
    for key, weights in model.named_parameters():
        if "norm" in key.lower() or ".ln_" in key:
            torch.nn.init.uniform_(weights, 0.3, 3)
    model.save_pretrained(folder)
    location, tokens = f"path:{folder}", (0, 7, 30)
    around = encoder.load(location)
    for layer in (0, 1, 2, 3, -2):
        made = contextual(work=Work(location), layer=layer).values
        for token in tokens:
            expected = alone(folder, token, layer, list(around.before), list(around.after))
            np.testing.assert_allclose(made[token], expected, rtol=1e-4, atol=1e-5)


def test_weights_made_up_are_refused(models_folder: Callable[[str], Path], tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "copy"))
    kept = load_file(folder / "model.safetensors")
    save_file(
        {name: value for name, value in kept.items() if "layer.1." not in name},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(ModelError, match=r"lack encoder\.layer\.1"):
        contextual(work=Work(f"path:{folder}"))


def test_a_checkpoint_without_weights(models_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "copy"))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="transformers cannot load it"):
        contextual(work=Work(f"path:{folder}"))


def test_not_finite(models_folder: Callable[[str], Path], tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "copy"))
    kept = load_file(folder / "model.safetensors")
    kept["embeddings.word_embeddings.weight"][9] = np.nan
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(StageError, match="not finite"):
        contextual(work=Work(f"path:{folder}"))


def test_output_space(models_folder: Callable[[str], Path]) -> None:
    from transformers import AutoModelForCausalLM

    untied = models_folder("llama")
    found = vectors(work=Work(f"path:{untied}"), space="output")
    expected = (
        AutoModelForCausalLM.from_pretrained(untied).get_output_embeddings().weight.detach().numpy()
    )
    np.testing.assert_array_equal(found.values, expected)
    assert found.tensor == "lm_head.weight"
    for tied in ("bytelevel", "roberta", "wordpiece"):
        with pytest.raises(ModelError, match="no output embeddings of their own"):
            vectors(work=Work(f"path:{models_folder(tied)}"), space="output")
