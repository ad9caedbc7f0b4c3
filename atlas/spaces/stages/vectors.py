"""Spaces: one vector a token. The input embedding table is read straight from safetensors; the
model is built only when the table cannot be found there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atlas.engine.stage import Progress, Work, stage
from atlas.errors import ModelError, StageError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import READ_JSON
from atlas.models.tensors import (
    OUTPUTS,
    TABLES,
    find_table,
    read_header,
    read_tensor,
    vocabulary_size,
    weight_files,
)
from atlas.spaces.records import Vectors


@stage("vectors", version=2, weight=2, uses=(READ_JSON,))
def vectors(*, space: str = "input", work: Work = Work()) -> Vectors:
    """The vectors of a space, (v, d) float32 with row i for token id i.

    `input` is the embedding table. From a safetensors file, local or on the hub, only its header
    and that one tensor are read; without such a file `AutoModel(...).get_input_embeddings()` is
    asked. `output` is the unembedding, from safetensors alone. Raises ModelError when there is no
    such table, or when the output space is the input space.
    """
    if space == "output":
        return _output(work.location, work.progress)
    if space != "input":
        raise StageError(f"The space {space!r} is not known.", "Use `input` or `output`.")
    return _table(work.location, TABLES, work.progress) or _built(work.location)


def _table(location: str, ends: Sequence[str], progress: Progress) -> Vectors | None:
    """The first table in the safetensors files whose name ends so, None where there is none."""
    size = vocabulary_size(location)
    for name in weight_files(location, ends):
        with checkpoints.opened(location, name) as file:
            header, start = read_header(file, name)
            if tensor := find_table(header, size, ends):
                return Vectors(read_tensor(file, name, header[tensor], start, progress), tensor)
    return None


def _output(location: str, progress: Progress) -> Vectors:
    """The unembedding. It is not written where it is tied, or it is and equals the input table."""
    table = _table(location, OUTPUTS, progress)
    if table and not np.array_equal(table.values, vectors(work=Work(location)).values):
        return table
    hint = (
        'Use space = "input": a model without an unembedding of its own uses the input table, '
        "or has no head for words."
    )
    raise ModelError(
        f"{location}: its safetensors files hold no output embeddings of their own", hint
    )


def _built(location: str) -> Vectors:
    name, revision = checkpoints.pretrained(location)
    from transformers import AutoModel

    try:
        # Left open, `trust_remote_code` makes transformers ask at the terminal.
        model, told = AutoModel.from_pretrained(
            name, revision=revision, trust_remote_code=False, output_loading_info=True
        )
        table = model.get_input_embeddings()
    except (OSError, ValueError, ImportError, RuntimeError) as problem:
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        hint = (
            "Is it a checkpoint of a text model, and one of transformers' own? "
            "A model's own code is never run."
        )
        raise ModelError(f"{name}: transformers cannot load it: {reason}", hint) from problem
    if getattr(getattr(table, "weight", None), "ndim", 0) != 2:
        raise ModelError(
            f"{name}: the model has no table of input embeddings",
            "Choose a model with a token vocabulary.",
        )
    names = {
        name
        for name, weight in model.named_parameters(remove_duplicate=False)
        if weight is table.weight
    }
    if names and names <= set(told["missing_keys"]):  # transformers has made one up
        raise ModelError(
            f"{name}: its weights hold no input embeddings ({min(names)})",
            "Is the checkpoint complete?",
        )
    values = table.weight.detach().float().numpy()
    return Vectors(
        np.array(values, dtype=np.float32), f"{type(model).__name__}.get_input_embeddings().weight"
    )
