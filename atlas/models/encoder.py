"""A model made ready to be run: its layers' outputs for rows of token ids, between the special
tokens it expects."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from atlas.engine.stage import helper
from atlas.errors import StageError
from atlas.models import networks
from atlas.models.networks import Network, Tokenizer
from atlas.numeric.types import Floats

if TYPE_CHECKING:
    from torch import Tensor

ENCODER = helper("encoder", version=2)

_TOKENS = {"cpu": 2048}  # in a batch, padding included; of other devices `_MANY`
_MANY = 65536


@dataclass(frozen=True)
class Encoder:
    """A model in evaluation mode, in float32.

    tokenizer        transformers' own
    before, after    ids of the special tokens that the model expects around a text
    layers           how many layers it has; `hidden_states` has one entry more
    room             tokens that fit between the special tokens
    rows             of its input table
    aligned          whether each layer made has one vector a token: Funnel pools tokens
    pads             whether a text may be padded to the length of others: in ConvBERT, FNet and
                     MobileBERT what stands beside a token changes it, masked or not
    """

    model: Network
    tokenizer: Tokenizer
    device: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    layers: int
    room: int
    rows: int
    aligned: tuple[bool, ...] = ()
    pads: bool = True

    def layer(self, number: int) -> int:
        """A layer counted from the start: 0 is what enters the first layer, -1 the last layer's
        output. Raises StageError."""
        if not -self.layers - 1 <= number <= self.layers:
            hint = f"Choose `layer` from 0 to {self.layers}, or -1 for the last."
            raise StageError(f"The model has no layer {number}; it has {self.layers}.", hint)
        found = number % (self.layers + 1)
        if found < len(self.aligned) and not self.aligned[found]:
            fit = [str(one) for one, there in enumerate(self.aligned) if there]
            raise StageError(
                f"Layer {found} of this model has no vector for each token: it pools them.",
                f"Choose `layer` among {', '.join(fit)}.",
            )
        return found

    def states(
        self, texts: Sequence[Sequence[int]], layers: Sequence[int]
    ) -> Iterator[tuple[list[int], Floats]]:
        """The outputs of some layers for each row of ids, special tokens added before the model
        sees it and taken off again.

        Yields batches of rows of similar length: positions in `texts`, and their vectors one row
        below the other, (layers, sum of lengths, d) float32.
        """
        import torch

        numbers = [self.layer(layer) for layer in layers]
        for rows in self._batches([len(text) for text in texts]):
            whole = [[*self.before, *texts[row], *self.after] for row in rows]
            width = max(map(len, whole))
            ids = torch.zeros(
                len(whole), width, dtype=torch.long
            )  # what is masked may be any token
            mask = torch.zeros(len(whole), width, dtype=torch.long)
            inside = torch.zeros(len(whole), width, dtype=torch.bool)
            for number, text in enumerate(whole):
                ids[number, : len(text)] = torch.tensor(text)
                mask[number, : len(text)] = 1
                inside[number, len(self.before) : len(text) - len(self.after)] = True
            with torch.inference_mode():
                states = networks.states(self.model, ids.to(self.device), mask.to(self.device))
                inner = inside.to(self.device)
                kept: Tensor = torch.stack([states[number][inner] for number in numbers])
            yield rows, kept.float().cpu().numpy()

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special tokens, however long."""
        read = self.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return [list(map(int, ids)) for ids in read["input_ids"]]

    def joined(self, ids: Sequence[int], place: int) -> bool:
        """Whether the token at a place goes on with the word of the one before it."""
        name = str(self.tokenizer.convert_ids_to_tokens(ids[place]))
        if name.startswith("##"):
            return True
        # Where words begin with a mark, a letter without it goes on with the letter before it.
        spaced = self._spaced
        if (
            not place
            or not spaced
            or name.startswith(spaced)
            or self._special.intersection(ids[place - 1 : place + 1])
        ):
            return False
        # A letter has up to four bytes, and a token may be one of them.
        before, after = ids[max(place - 4, 0) : place], ids[place : place + 4]
        return _letter(self.tokenizer.decode(before)[-1:]) and _letter(
            self.tokenizer.decode(after)[:1]
        )

    @property
    def spaces(self) -> bool:
        """Whether words begin with a mark for the space before them."""
        return bool(self._spaced)

    @cached_property
    def _spaced(self) -> str:
        names = map(str, self.tokenizer.convert_ids_to_tokens(self.ids(["a a"])[0]))
        return next((name[0] for name in names if name[:1] in ("▁", "Ġ")), "")

    @cached_property
    def _special(self) -> set[int]:
        return set(self.tokenizer.all_special_ids)

    @property
    def around(self) -> str:
        """How a text stands between the special tokens, such as `[CLS] … [SEP]`."""
        names = self.tokenizer.convert_ids_to_tokens
        return " ".join([*names(list(self.before)), "…", *names(list(self.after))])

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Rows sorted by length, as many as fit into a batch with their padding; rows without a
        token are left out."""
        most = _TOKENS.get(self.device, _MANY)
        extra = len(self.before) + len(self.after)
        batch: list[int] = []
        for row in sorted(
            (row for row, length in enumerate(lengths) if length),
            key=lambda row: (lengths[row], row),
        ):
            longer = bool(batch) and lengths[row] != lengths[batch[0]]
            full = (len(batch) + 1) * (lengths[row] + extra) > most
            if batch and (full or (longer and not self.pads)):
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch


def load(location: str, device: str = "cpu", upto: int = -1) -> Encoder:
    """The model of a checkpoint; of an encoder-decoder its encoder, of several towers the text's.
    Raises ModelError when transformers cannot load it, UnsuitableError for a family that gives no
    states for texts.

    No more layers are made than the outputs up to layer `upto` need, all for -1; `layers` still
    says how many it has. One layer more than that is made, since in many families (GPT-2, Llama,
    T5) what leaves the last one is normalised and what leaves the others not.

    A model's own code is never run.
    """
    found = networks.load(location, upto)
    before, after = _around(found.tokenizer)
    model = found.network.float().eval().to(device)
    rows = int(networks.embedding(model).weight.shape[0])
    tried = networks.tried(model, device, before, after, rows)
    return Encoder(
        model,
        found.tokenizer,
        device,
        before,
        after,
        found.layers or len(tried.aligned) - 1,
        _room(model, found.tokenizer, len(before) + len(after)),
        rows,
        tried.aligned,
        tried.pads,
    )


def _letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" if sign else False


def _around(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special tokens that a tokenizer puts before and after a text."""
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    for begin in range(len(whole) - len(plain) + 1):
        if whole[begin : begin + len(plain)] == plain:
            return tuple(whole[:begin]), tuple(whole[begin + len(plain) :])
    return (), ()


def _room(model: Network, tokenizer: Tokenizer, extra: int) -> int:
    """Tokens of a text that fit: what the tokenizer says and what the model's positions allow,
    whichever is less."""
    sizes = [int(tokenizer.model_max_length)]
    for key in ("max_position_embeddings", "n_positions"):
        if isinstance(size := getattr(model.config, key, None), int) and size > 0:
            first = (
                (model.config.pad_token_id or 0) + 1
                if "roberta" in str(model.config.model_type)
                else 0
            )  # positions start there
            sizes.append(size - first)
    return max(min(*sizes, 512) - extra, 1)
