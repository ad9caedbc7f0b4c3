"""Spaces: one vector a token. The input embedding table is read straight from the weight files; the
model is asked only for the table's name, where that is none of the usual ones.
"""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import Progress, Work, stage
from atlas.errors import ModelError, StageError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import READ_JSON
from atlas.models.tensors import OUTPUTS, TENSORS, read_table
from atlas.spaces.records import Vectors


@stage("vectors", version=3, weight=2, uses=(READ_JSON, TENSORS))
def vectors(*, space: str = "input", tensor: str | None = None, work: Work = Work()) -> Vectors:
    """The vectors of a space, (v, d) float32 with row i for token id i.

    `input` is the embedding table, or the tensor of the name given. From a safetensors file, local
    or on the hub, only its header and that one tensor are read; where no name is one of an input
    table `AutoModel(...).get_input_embeddings()` is asked for it. `output` is the unembedding.
    Raises ModelError when there is no such table, or when the output space is the input space.
    """
    if space == "output":
        return _output(work.location, work.progress)
    if space != "input":
        raise StageError(f"The space {space!r} is not known.", "Use `input` or `output`.")
    found = read_table(work.location, work.progress, tensor=tensor)
    return Vectors(found[1], found[0]) if found else _asked(work.location, work.progress)


def _output(location: str, progress: Progress) -> Vectors:
    """The unembedding. It is not written where it is tied, or it is and equals the input table."""
    found = read_table(location, progress, OUTPUTS)
    if found and not np.array_equal(found[1], vectors(work=Work(location)).values):
        return Vectors(found[1], found[0])
    hint = (
        'Use space = "input": a model without an unembedding of its own uses the input table, '
        "or has no head for words."
    )
    raise ModelError(f"{location}: its weight files hold no output embeddings of their own", hint)


def _asked(location: str, progress: Progress) -> Vectors:
    """The table that `AutoModel(...).get_input_embeddings()` has, under whatever name it stands in
    the weight files. The model is made of shapes alone, so that nothing in it can be made up."""
    name, revision = checkpoints.pretrained(location)
    import torch
    from transformers import AutoConfig, AutoModel

    try:
        # Left open, `trust_remote_code` makes transformers ask at the terminal.
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
        with torch.device("meta"):
            model = AutoModel.from_config(config, trust_remote_code=False)
        table = model.get_input_embeddings()
    except Exception as problem:
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        hint = (
            "Is it a checkpoint of a text model, and one of transformers' own? "
            "A model's own code is never run."
        )
        raise ModelError(f"{name}: transformers cannot load it: {reason}", hint) from problem
    weight = getattr(table, "weight", None)
    if getattr(weight, "ndim", 0) != 2:
        raise ModelError(
            f"{name}: the model has no table of input embeddings",
            "Choose a model with a token vocabulary, or name the table with `tensor`.",
        )
    names = [
        own for own, other in model.named_parameters(remove_duplicate=False) if other is weight
    ]
    for own in names:
        if found := read_table(location, progress, (own,)):
            return Vectors(found[1], found[0])
    raise ModelError(
        f"{name}: its weights hold no input embeddings ({', '.join(names)})",
        "Is the checkpoint complete? Or name the table with `tensor`.",
    )
