"""One side of a model that takes `input_ids` or `inputs_embeds`: the model itself, the encoder of
an encoder–decoder, or its decoder; of one that hears or sees and writes text, the decoder alone."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atlas.errors import UnsuitableError
from atlas.models import networks
from atlas.models.networks import Network

if TYPE_CHECKING:
    from torch import Tensor

_STARTED = (3, 17, 9)  # what a decoder is given while its encoder is measured
_HEARD = 4  # vectors that a decoder is given of what its encoder heard or saw
_LIMIT = 160  # characters of a library's own words


@dataclass(frozen=True)
class Pass:
    """What a model answers: `states`, (batch, n, h) from what enters the first layer on, and
    `last`, what it gives as its result."""

    states: tuple[Tensor, ...]
    last: Tensor


@dataclass(frozen=True)
class Side:
    """How one side of a model is called.

    network   the model, in evaluation mode
    table     the module that looks this side's embeddings up
    prefix    of its arguments: empty, or `decoder_`
    output    where its hidden states stand in the answer: empty, `encoder_` or `decoder_`
    more      what else the model is given
    """

    network: Network
    table: Network
    prefix: str = ""
    output: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def takes(self) -> frozenset[str]:
        """The names of the arguments of the model's `forward`."""
        return frozenset(inspect.signature(self.network.forward).parameters)

    @cached_property
    def kind(self) -> str:
        """The class of the model."""
        return type(self.network).__name__

    def can(self, name: str) -> bool:
        """Whether this side takes `attention_mask`, `position_ids` or the like."""
        return f"{self.prefix}{name}" in self.takes

    def lookup(self, ids: Tensor) -> Tensor:
        """The embeddings (n, e) of token ids (n,) as the library looks them up."""
        import torch

        with torch.no_grad():
            found = self.table(ids[None].to(self.table.weight.device))
        # I-BERT's table gives its scale with them.
        tensor: Tensor = found[0] if isinstance(found, tuple) else found
        return tensor[0]

    def layers(self, ids: Tensor) -> Tensor:
        """What Gemma's layers look up for themselves, (n, layers, k), of token ids (n,). Raises
        AttributeError where they have no such tables."""
        text: Network = getattr(self.network, "language_model", self.network)
        own: Tensor = text.get_per_layer_inputs(ids[None].to(self.table.weight.device))
        return own[0].detach()

    def run(
        self,
        given: Tensor,
        *,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        segment: int | None = None,
        layers: Tensor | None = None,
        grad: bool = False,
    ) -> Pass:
        """The answer for token ids (n,) or embeddings (n, e); a mask (n,) of ones where none is
        given and one is taken; `layers` (n, layers, k) is what each layer gets of its own. Raises
        UnsuitableError."""
        import torch

        ids = not given.is_floating_point()
        length = len(given)
        what: dict[str, Any] = {"input_ids" if ids else "inputs_embeds": given}
        if self.can("attention_mask"):
            what["attention_mask"] = torch.ones(length, dtype=torch.long) if mask is None else mask
        if positions is not None:
            what["position_ids"] = positions
        if layers is not None:
            what["per_layer_inputs"] = layers
        if segment is not None:
            what["token_type_ids"] = torch.full((length,), segment)
        place = self.table.weight.device
        # A copy: CTRL scales what it is given where that stands.
        named = {
            f"{self.prefix}{name}": value[None].to(place).clone() for name, value in what.items()
        }
        with torch.set_grad_enabled(grad), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                made = self.network(**named, **self.more, output_hidden_states=True)
            except Exception as problem:
                raise UnsuitableError(f"{self.kind} raises {said(problem)}") from problem
        return self._pass(made)

    def _pass(self, made: Network) -> Pass:
        states = getattr(made, f"{self.output}hidden_states", None) or ()
        name = f"{self.output.replace('decoder_', '')}last_hidden_state"
        last = getattr(made, name, None)
        if last is None:
            last = getattr(made, "logits", states[-1] if states else None)
        # Gemma 3n's have four versions of each token, of which the first is the token's own.
        states = tuple(state[0] if getattr(state, "ndim", 0) == 4 else state for state in states)
        if not states or last is None or any(getattr(one, "ndim", 0) != 3 for one in states):
            raise UnsuitableError(f"{self.kind} gives no hidden states of each token.")
        return Pass(states, last)


def sides(network: Network) -> tuple[Side, Side | None]:
    """The side of a model that reads, and its decoder's where it is an encoder–decoder. Raises
    UnsuitableError where it has no table, or takes no ids or no embeddings."""
    import torch

    takes = inspect.signature(network.forward).parameters
    if "input_ids" not in takes and "decoder_inputs_embeds" in takes:
        return _writer(network), None
    for name in ("input_ids", "inputs_embeds"):
        if name not in takes:
            raise UnsuitableError(f"{type(network).__name__} takes no {name}.")
    table = networks.embedding(network)
    if "decoder_input_ids" not in takes:
        return Side(network, table), None
    started = torch.tensor([_STARTED], device=table.weight.device)
    first = Side(network, table, output="encoder_", more={"decoder_input_ids": started})
    if "decoder_inputs_embeds" not in takes:
        return first, None
    own = table
    with suppress(Exception):  # where encoder and decoder share the one table
        own = networks.embedding(network.get_decoder())
    second = Side(network, own, "decoder_", "decoder_", {"input_ids": started})
    return first, second


def other_input(network: Network) -> str:
    """What a model takes in place of ids, as `input_features` or `pixel_values`; empty for one that
    reads text."""
    takes = inspect.signature(network.forward).parameters
    return "" if "input_ids" in takes else str(network.main_input_name)


def _writer(network: Network) -> Side:
    """The decoder of a model that hears or sees, as Whisper, beside noise in place of what its
    encoder made. Raises UnsuitableError where it has no table."""
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    table = networks.embedding(network)
    encoder = getattr(network.config, "encoder", network.config)
    noise = torch.Generator().manual_seed(4)
    heard: Any = torch.randn(1, _HEARD, int(encoder.hidden_size), generator=noise).to(table.weight)
    more = {"encoder_outputs": BaseModelOutput(last_hidden_state=heard)}
    return Side(network, table, "decoder_", "decoder_", more)


def said(problem: BaseException) -> str:
    """The kind of an error and its first line, short."""
    line = next(iter(str(problem).strip().splitlines()), "")
    short = line if len(line) <= _LIMIT else line[: _LIMIT - 1].rstrip() + "…"
    return f"{type(problem).__name__}: {short}" if short else type(problem).__name__
