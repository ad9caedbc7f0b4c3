"""Contextual spaces without a corpus: each token alone, between the special tokens its model expects, through the layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from atlas.data import Vectors
from atlas.errors import StageError
from atlas.stages import encoder

VERSION = 2


def contextual(
    *, location: str, layer: int = -1, words: Sequence[str] | None = None, device: str = "cpu", threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Vectors:  # fmt: skip
    """The output of a layer at each token's own position, (v, d) float32 with row i for token id i; of `words` row i is the mean
    over the pieces of word i.

    `layer` is an index of `hidden_states`: 0 is what enters the first layer, -1 the last. Raises ModelError when the model cannot
    be loaded, StageError when it has no such layer, its outputs are not finite, or it cannot read a word.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(threads, 1))
    try:
        found = encoder.load(location, device, layer)
        number = found.layer(layer)
        texts = [[token] for token in range(found.rows)] if words is None else [list(ids) for ids in spelled(found, words)]
        values = None
        done = 0
        for rows, (states,) in found.states(texts, [number]):
            if values is None:
                values = np.empty((len(texts), states.shape[1]), np.float32)
            ends = np.cumsum([0, *(len(texts[row]) for row in rows)])
            values[rows] = np.add.reduceat(states, ends[:-1], axis=0) / np.diff(ends)[:, None]
            done += len(rows)
            progress(done / len(texts))
    finally:
        torch.set_num_threads(before)
    if values is None or not np.isfinite(values).all():
        raise StageError(f"Layer {number} gives values that are not finite.", "Is the checkpoint complete, and one for float32?")
    return Vectors(values, f"hidden_states[{number}] of {found.layers}, {found.around}")


def spelled(model: encoder.Encoder, words: Sequence[str]) -> dict[tuple[int, ...], int]:
    """The ids of each word's pieces, and its row. Raises StageError for a word that the model cannot read, or reads as another."""
    found: dict[tuple[int, ...], int] = {}
    unknown = model.tokenizer.unk_token_id
    # With a word before it, as in a text: some tokenizers tell the first word of a text from the others.
    lead = len(model.ids(["a"])[0])
    for row, ids in enumerate(model.ids([f"a {word}" if model.spaces else word for word in words])):
        own = tuple(ids[lead:] if model.spaces else ids)
        if not own or unknown in own or own in found:
            what = "reads it as " + repr(words[found[own]]) if own in found else "has no tokens for it"
            raise StageError(f"The word {words[row]!r} is none of this model's: it {what}.", "Take it out of `words` of this map.")
        found[own] = row
    return found


def spellings(model: encoder.Encoder, words: Sequence[str]) -> dict[tuple[int, ...], int]:
    """The ids of each word's pieces after a space, after other signs, and at the start of a text, and its row. Raises StageError as
    `spelled` does."""
    found = spelled(model, words)
    if model.spaces:
        lead = model.ids(["("])[0]
        after = [ids[len(lead) :] if ids[: len(lead)] == lead else [] for ids in model.ids([f"({word}" for word in words])]
        for row, own in [*enumerate(after), *enumerate(model.ids(words))]:
            if own and model.tokenizer.unk_token_id not in own:
                found.setdefault(tuple(own), row)
    return found
