"""Models made by hand of which it is known what they do to their input embeddings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

ROWS, WIDE, NARROW = 40, 12, 8


class Planted(nn.Module):
    """Layers over what `enter` makes of the embeddings (n, e); `parts` are its modules, and
    `per_layer`, if any, makes of ids or embeddings what each layer adds."""

    def __init__(
        self,
        enter: Any = None,
        *,
        table: Any = None,
        wide: int = WIDE,
        narrow: int = WIDE,
        **parts: Any,
    ) -> None:
        super().__init__()
        self.config = SimpleNamespace(
            model_type="planted", pad_token_id=0, to_dict=lambda: {"multiplier": 4.0}
        )
        self.parts = nn.ModuleDict(
            {name: one for name, one in parts.items() if isinstance(one, nn.Module)}
        )
        self.how = {name: one for name, one in parts.items() if not isinstance(one, nn.Module)}
        self.table = nn.Embedding(ROWS, narrow) if table is None else table
        self.enter = enter or (lambda model, words, ids: words)
        self.layers = nn.ModuleList(nn.Linear(wide, wide) for _ in range(2))
        with torch.no_grad():
            for weight in self.parameters():
                if weight.requires_grad:
                    weight.add_(torch.randn_like(weight) * 0.3)

    def get_input_embeddings(self) -> Any:
        return self.table

    def forward(
        self, input_ids: Any = None, inputs_embeds: Any = None, output_hidden_states: bool = False
    ) -> Any:
        words = self.table(input_ids) if inputs_embeds is None else inputs_embeds
        state = self.enter(self, words, input_ids)
        states = [state]
        for layer in self.layers:
            state = torch.tanh(layer(state)) + state
            if "per_layer" in self.how:
                state = state + self.how["per_layer"](self, words, input_ids)
            states.append(state)
        head = state @ self.table.weight.T if self.how.get("tied") else state
        return SimpleNamespace(hidden_states=tuple(states), last_hidden_state=head)


class Scaled(nn.Embedding):
    """A table whose look-up multiplies."""

    def forward(self, ids: Any) -> Any:
        return super().forward(ids) * 3.5


class NormedTable(nn.Embedding):
    """A table whose look-up norms."""

    def forward(self, ids: Any) -> Any:
        return nn.functional.layer_norm(super().forward(ids), (self.embedding_dim,))


def places(table: Any) -> Any:
    """Rows of a table by position, added to embeddings."""
    return lambda model, words, ids: words + table(torch.arange(words.shape[1]))


def found_again(model: Any, words: Any) -> Any:
    """Ids of embeddings, by searching the whole table for each. Raises as Gemma 4 does."""
    hits = (words[0][:, None] == model.table.weight).all(dim=2)
    if not bool(hits.any(dim=1).all()):
        raise RuntimeError("these are no rows of the table")
    return hits.int().argmax(dim=1)
