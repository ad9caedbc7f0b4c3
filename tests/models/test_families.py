"""Every family of models that can be made here: its input table, what leaves its layers, and the
experiment on `inputs_embeds`, each held against transformers called by hand."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import families
import numpy as np
import pytest
from conftest import CHECKOUT

from atlas.engine.stage import Work
from atlas.errors import StageError, UnsuitableError
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.spaces.stages.contextual import contextual
from atlas.spaces.stages.occurrences import occurrences
from atlas.spaces.stages.vectors import vectors

pytestmark = pytest.mark.slow

SENTENCE = "w3 w7 w9 w1"
TABLE: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module", autouse=True)
def told() -> Any:
    """The table of what was held, which docs have: to see it, run with `-s`."""
    yield
    names = ("vector", "contextual", "pitfall")
    lines = [
        "| family | " + " | ".join(f"{name} right" for name in names) + " |",
        "|---|---|---|---|",
    ]
    for family, row in TABLE.items():
        told = " | ".join(row.get(name, "**no**") for name in names)
        lines.append(f"| {family} | {told} |")
    print("\n" + "\n".join(lines))
    docs = (CHECKOUT / "docs" / "checkpoints.md").read_text(encoding="utf-8").splitlines()
    if len(TABLE) == len(families.FAMILIES) and all(len(row) == 3 for row in TABLE.values()):
        assert sorted(set(lines) - set(docs)) == [], "docs/checkpoints.md says something else"


@pytest.fixture(scope="module", params=families.FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A family's name, its model, and the folder that it is saved in."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = str(request.param)
        model = families.build(name)
        folder = families.save(model, tmp_path_factory.mktemp("family") / "model")
    TABLE[name] = {}
    return name, model, folder


def table(model: Any) -> Any:
    try:
        return model.get_input_embeddings().weight
    except (NotImplementedError, AttributeError):
        return model.text_model.embeddings.token_embedding.weight


def looked_up(model: Any) -> Any:
    return model.get_input_embeddings()


def by_hand(model: Any, **given: Any) -> list[Any]:
    """hidden_states of a text, of the encoder where there is one."""
    import torch
    import transformers

    part = model
    if model.config.model_type in ("clip", "siglip"):
        stem = type(model).__name__.removesuffix("Model")
        part = getattr(transformers, f"{stem}TextModel")(model.config.text_config).eval()
        part.text_model = model.text_model
    elif getattr(model.config, "is_encoder_decoder", False):
        part = model.get_encoder()
    with torch.no_grad():
        made = part(**given, output_hidden_states=True)
    return [state[0].numpy() for state in made.hidden_states]


@pytest.mark.filterwarnings("ignore")
def test_the_input_table(family: Any, tmp_path: Path) -> None:
    name, model, folder = family
    right = table(model).detach().numpy()
    np.testing.assert_array_equal(vectors(work=Work(f"path:{folder}")).values, right)
    families.save(model, tmp_path / "bin", safe=False)
    np.testing.assert_array_equal(vectors(work=Work(f"path:{tmp_path / 'bin'}")).values, right)
    TABLE[name]["vector"] = "yes"


@pytest.mark.filterwarnings("ignore")
def test_what_leaves_the_layers(family: Any, tmp_path: Path) -> None:
    """Each token alone, at the first layers and at the last; and in a corpus of texts of several
    lengths."""
    import torch

    name, model, folder = family
    work = Work(f"path:{folder}")
    right = {
        row: by_hand(model, input_ids=torch.tensor([[2, row, 3]]))
        for row in (5, 9, families.ROWS - 1)
    }
    held = []
    for layer in (0, 1, -1):
        try:
            made = contextual(work=work, layer=layer).values
        except StageError as problem:
            if name != "Funnel" or "pools" not in problem.message:
                raise
            continue
        for row, states in right.items():
            np.testing.assert_allclose(made[row], states[layer][1], rtol=1e-4, atol=2e-5)
        held.append(layer)
    assert held[-1] == -1
    TABLE[name]["contextual"] = "yes" if len(held) == 3 else "yes, but pooled layers"
    texts = ["w3 w7 w9 w1 w2 w8", "w5", "w3 w11"]
    (tmp_path / "corpus.txt").write_text("\n".join(texts) + "\n")
    sums = occurrences(**corpus(tmp_path / "corpus.txt", folder))
    found = dict(zip(sums.ids.tolist(), sums.sums, strict=True))
    for text in texts:
        ids = [2, *(int(word[1:]) + 5 for word in text.split()), 3]
        last = by_hand(model, input_ids=torch.tensor([ids]))[-1]
        for place, row in enumerate(ids):
            if row > 4:
                found[row] = found[row] - last[place]
    assert max(np.abs(left).max() for left in found.values()) < 2e-4


def corpus(path: Path, folder: Path) -> dict[str, Any]:
    from atlas.engine.stage import Span
    from atlas.spaces.corpus import chunks

    (part,) = chunks(path.parent, path.name, 1_000_000)
    span = Span(part.path, part.begin, part.end)
    return {
        "chunk": {"kind": part.kind, "digest": part.digest},
        "work": Work(f"path:{folder}", span=span),
    }


@pytest.mark.filterwarnings("ignore")
def test_the_experiment(family: Any) -> None:
    import torch

    name, model, folder = family
    run = pitfall(work=Work(f"path:{folder}"), framework="torch", sentences=[SENTENCE])
    if not run.sentences:
        assert len(run.reason) > 20
        TABLE[name]["pitfall"] = f"left out: {run.reason}"
        return
    (sentence,) = run.sentences
    ids = [2, *(int(word[1:]) + 5 for word in SENTENCE.split()), 3]
    assert list(sentence.ids) == ids
    variants = sentence.segments[0].variants
    states = by_hand(model, input_ids=torch.tensor([ids]))
    found = table(model)[ids].detach() * float(getattr(looked_up(model), "embed_scale", None) or 1)
    given = by_hand(model, inputs_embeds=found[None])
    looked = variants["lookup"]
    assert looked is not None
    assert looked.sum == pytest.approx(np.abs(given[-1] - states[-1]).sum(), rel=1e-3, abs=1e-3)
    hidden = variants["hidden"]
    if states[0].shape[1] != table(model).shape[1]:
        assert hidden is None
    else:
        fed = by_hand(model, inputs_embeds=torch.tensor(states[0])[None])
        apart = np.abs(fed[-1].astype(np.float64) - states[-1]).sum()
        assert hidden is not None and abs(hidden.sum - apart) < 1e-3 * max(apart, 1)
    TABLE[name]["pitfall"] = "yes" if run.known else "yes, formula unknown"


def test_what_is_no_text_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4
    )
    families.save(ViTModel(config), tmp_path)
    with pytest.raises(UnsuitableError, match="input embeddings"):
        contextual(work=Work(f"path:{tmp_path}"))
