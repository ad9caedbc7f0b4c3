"""Words as the ids of their pieces."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.engine.stage import helper
from atlas.errors import StageError
from atlas.models import encoder

SPELLING = helper("spelling", version=1)


def spelled(model: encoder.Encoder, words: Sequence[str]) -> dict[tuple[int, ...], int]:
    """The ids of each word's pieces, and its row. Raises StageError for a word that the model
    cannot read, or reads as another."""
    rows: dict[tuple[int, ...], int] = {}
    unknown = model.tokenizer.unk_token_id
    # With a word before it, as in a text: some tokenizers tell the first word of a text from the
    # others.
    lead = len(model.ids(["a"])[0])
    for row, ids in enumerate(model.ids([f"a {word}" if model.spaces else word for word in words])):
        own = tuple(ids[lead:] if model.spaces else ids)
        if not own or unknown in own or own in rows:
            what = (
                "reads it as " + repr(words[rows[own]]) if own in rows else "has no tokens for it"
            )
            raise StageError(
                f"The word {words[row]!r} is none of this model's: it {what}.",
                "Take it out of `words` of this map.",
            )
        rows[own] = row
    return rows


def spellings(model: encoder.Encoder, words: Sequence[str]) -> dict[tuple[int, ...], int]:
    """The ids of each word's pieces after a space, after other signs, and at the start of a text,
    and its row. Raises StageError as `spelled` does."""
    rows = spelled(model, words)
    if model.spaces:
        lead = model.ids(["("])[0]
        after = [
            ids[len(lead) :] if ids[: len(lead)] == lead else []
            for ids in model.ids([f"({word}" for word in words])
        ]
        for row, own in [*enumerate(after), *enumerate(model.ids(words))]:
            if own and model.tokenizer.unk_token_id not in own:
                rows.setdefault(tuple(own), row)
    return rows
