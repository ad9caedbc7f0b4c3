"""What `hidden_states[0]` holds and what `inputs_embeds` wants, by architecture: measured on a tiny
random model of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from atlas.engine.stage import Work, stage
from atlas.findings.inputs_embeds.data import Architecture, Architectures
from atlas.models import checkpoint as checkpoints
from atlas.models.anatomy import ANATOMY
from atlas.models.frameworks import Torch
from atlas.models.networks import Network
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Floats

_V, _D, _E = 64, 32, 16  # tokens, dimensions of layers, and of embeddings where they are fewer
_IDS = [7, 23, 5, 41, 5, 60]  # one token twice
_SMALL = {
    "hidden_size": _D,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": _D,
}
_LLAMA = {
    **_SMALL,
    "num_key_value_heads": 4,
    "head_dim": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
FAMILIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "BERT": ("BertConfig", "BertModel", _SMALL),
    "RoBERTa": ("RobertaConfig", "RobertaModel", {**_SMALL, "pad_token_id": 1}),
    "ALBERT": ("AlbertConfig", "AlbertModel", {**_SMALL, "embedding_size": _E}),
    "ELECTRA": ("ElectraConfig", "ElectraModel", {**_SMALL, "embedding_size": _E}),
    "DistilBERT": (
        "DistilBertConfig",
        "DistilBertModel",
        {"dim": _D, "n_layers": 2, "n_heads": 4, "hidden_dim": _D},
    ),
    "DeBERTa v1": (
        "DebertaConfig",
        "DebertaModel",
        {**_SMALL, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    ),
    "DeBERTa v3": (
        "DebertaV2Config",
        "DebertaV2Model",
        {
            **_SMALL,
            "relative_attention": True,
            "pos_att_type": ["c2p", "p2c"],
            "position_biased_input": False,
            "type_vocab_size": 0,
        },
    ),
    "GPT-2": ("GPT2Config", "GPT2Model", {"n_embd": _D, "n_layer": 2, "n_head": 4}),
    "T5": (
        "T5Config",
        "T5EncoderModel",
        {"d_model": _D, "d_kv": 8, "d_ff": _D, "num_layers": 2, "num_heads": 4},
    ),
    "Llama": ("LlamaConfig", "LlamaModel", _LLAMA),
    "Gemma": ("GemmaConfig", "GemmaModel", _LLAMA),
    "Gemma 3": ("Gemma3TextConfig", "Gemma3TextModel", _LLAMA),
}


@stage("architectures", version=2, weight=5, uses=(ANATOMY,), libraries=("torch", "transformers"))
def architectures(*, work: Work = Work()) -> Architectures:
    """A row for each of FAMILIES, and the versions of the libraries. What is fed is `hidden`, the
    model's hidden_states[0], `lookup`, by the module, and `table`, a row of its weight."""
    checkpoints.pretrained("path:")
    import torch
    import transformers

    rows = []
    with torch_threads(work.threads):
        for number, name in enumerate(FAMILIES):
            rows.append(row(name, Torch(None, build(name))))
            work.progress((number + 1) / len(FAMILIES))
    versions = {
        "torch": torch.__version__.partition("+")[0],
        "transformers": transformers.__version__,
    }
    return Architectures(rows=tuple(rows), versions=versions)


def build(name: str) -> Network:
    """The tiny model of a family, its weights random and none of them trivial: biases are not 0,
    gains of norms are not 1."""
    import torch
    import transformers

    config, model, sizes = FAMILIES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tiny = getattr(transformers, model)(getattr(transformers, config)(vocab_size=_V, **sizes))
        with torch.no_grad():
            for parameter in tiny.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.2)
    return tiny.eval()


def row(name: str, model: Torch) -> Architecture:
    """The row of one family; `model` is its tiny model."""
    parts = model.anatomy
    segment = 0 if parts.segment is not None else None
    states = model.states(_IDS, segment)
    given = {"hidden": states[0], "lookup": model.lookup(_IDS), "table": parts.word[_IDS]}
    return Architecture(
        name=name,
        kind=model.kind,
        formula=parts.formula,
        first=parts.first,
        embedding=parts.word.shape[1],
        hidden=states.shape[2],
        residual=parts.residual(_IDS, states[0]),
        fed={what: _change(model, values, states, segment) for what, values in given.items()},
    )


def _change(model: Torch, values: Floats, states: Floats, segment: int | None) -> float | None:
    """How much the last layer changes, relative to its norm, when it is given these embeddings."""
    if values.shape[1] != model.anatomy.word.shape[1]:
        return None
    changed = model.states(values, segment)[-1]
    return float(np.linalg.norm(changed - states[-1]) / np.linalg.norm(states[-1]))
