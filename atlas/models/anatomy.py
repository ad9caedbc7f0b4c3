"""What a model makes of its input embeddings before the first layer: the parts of that sum, and the
sum itself in NumPy.

Written by hand and in float64, so that it is independent of the library whose `hidden_states[0]` it
is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import helper
from atlas.models import networks
from atlas.models.networks import Network
from atlas.numeric.types import Doubles, Floats

ANATOMY = helper("anatomy", version=2)

_FEW = 8  # tokens that are compared exactly, found in float32


@dataclass(frozen=True)
class Anatomy:
    """The tables between a token id and the first layer; e dimensions of embeddings, h of the
    layers, mostly the same.

    word          (v, e) the input embeddings
    position      (p, e) a learned row a position, None where positions enter elsewhere
    first         the row of the first position: RoBERTa's starts after its padding id
    segment       (s, e) a row a segment, None without
    norm          weight (e,), bias (e,) and epsilon of the LayerNorm, None without
    projection    weight (e, h) and bias (h,) after the embeddings, None where e = h
    normed_last   whether the projection comes before the LayerNorm, as in DeBERTa
    scale         what word embeddings are multiplied by (Gemma)
    """

    word: Floats
    position: Floats | None = None
    first: int = 0
    segment: Floats | None = None
    norm: tuple[Floats, Floats, float] | None = None
    projection: tuple[Floats, Floats] | None = None
    normed_last: bool = False
    scale: float = 1.0

    @property
    def formula(self) -> str:
        """How the parts are put together, such as `LayerNorm(word + position + segment)`."""
        parts = ["word" if self.scale == 1 else f"{self.scale:.4g} · word"]
        parts += [name for name in ("position", "segment") if getattr(self, name) is not None]
        text = " + ".join(parts)
        if self.projection and self.normed_last:
            text = f"projection({text})"
        if self.norm:
            text = f"LayerNorm({text})"
        return f"projection({text})" if self.projection and not self.normed_last else text

    @property
    def width(self) -> int:
        """Dimensions of what is composed."""
        return len(self.projection[1]) if self.projection else self.word.shape[1]

    def residual(self, ids: list[int], state: Floats) -> float:
        """How far `hidden_states[0]` (n, h) is from what is composed for the ids (n,), relative to
        its largest value; 1 where not even the dimensions agree."""
        if self.width != state.shape[1]:
            return 1.0
        composed = self.compose(self.word[ids], self.added(len(ids), 0))
        return float(np.abs(composed - state).max() / (np.abs(state).max() or 1.0))

    def added(self, length: int, segment: int) -> Doubles:
        """What is added to the word embeddings at each position, (length, e)."""
        added = np.zeros((length, self.word.shape[1]))
        if self.position is not None:
            added += self.position[self.first : self.first + length]
        if self.segment is not None:
            added += self.segment[segment]
        return added

    def compose(self, word: npt.NDArray[Any], added: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """`hidden_states[0]`, (n, h), of word embeddings (n, e) and what is added to them, in the
        precision of the latter."""
        sums = word * added.dtype.type(self.scale) + added
        if self.normed_last:
            sums = self._projected(sums)
        if self.norm:
            weight, bias, epsilon = self.norm
            centred = sums - sums.mean(axis=1, keepdims=True)
            sums = (
                centred
                / np.sqrt((centred**2).mean(axis=1, keepdims=True) + added.dtype.type(epsilon))
                * weight
                + bias
            )
        return sums if self.normed_last else self._projected(sums)

    def nearest(self, states: Floats, segment: int) -> tuple[list[int], list[float], list[float]]:
        """The token at each of the states (n, h): the one of the whole vocabulary whose composed
        embedding is nearest to it.

        Returns the token ids, their distances, and the distances of the second nearest.
        """
        added = self.added(len(states), segment)
        ids, best, second = [], [], []
        for state, here, rough in zip(states, added, self._rough(states, added), strict=True):
            few = np.argpartition(rough, min(_FEW, len(rough) - 1))[:_FEW]
            exact = np.linalg.norm(
                self.compose(self.word[few].astype(np.float64), here) - state, axis=1
            )
            order = np.argsort(exact, kind="stable")
            ids.append(int(few[order[0]]))
            best.append(float(exact[order[0]]))
            second.append(float(exact[order[min(1, len(order) - 1)]]))
        return ids, best, second

    def _rough(self, states: Floats, added: Doubles) -> Iterator[Floats]:
        """About the squared distance of every token's composed embedding from each state, (v,)
        float32 a state."""
        if self.projection or not self.norm:
            for state, here in zip(states, added.astype(np.float32), strict=True):
                yield ((self.compose(self.word, here) - state) ** 2).sum(axis=1)
            return
        # |LayerNorm(w + a) - s|² by matrix products: with centred w and a, their gains and s less
        # the bias.
        weight, bias, epsilon = self.norm
        word = self.word * np.float32(self.scale)
        word -= word.mean(axis=1, keepdims=True)
        more = (added - added.mean(axis=1, keepdims=True)).astype(np.float32)
        rest = states - bias
        size = (word**2).sum(axis=1)[:, None] + 2 * word @ more.T + (more**2).sum(axis=1)
        deviation = np.sqrt(size / word.shape[1] + epsilon)
        gained = word * weight
        size = (
            (gained**2).sum(axis=1)[:, None]
            + 2 * gained @ (more * weight).T
            + ((more * weight) ** 2).sum(axis=1)
        )
        cross = gained @ rest.T + (more * weight * rest).sum(axis=1)
        yield from (size / deviation**2 - 2 * cross / deviation + (rest**2).sum(axis=1)).T

    def _projected(self, sums: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return sums @ self.projection[0] + self.projection[1] if self.projection else sums


def of_torch(model: Network) -> Anatomy:
    """The anatomy of a model of transformers in PyTorch, by the names its parts have there."""

    within = getattr(model, "embeddings", None)
    embedding = networks.embedding(model)
    size = int(embedding.weight.shape[1])

    def table(*names: str) -> Floats | None:
        for place in (model, within):
            for name in names:
                weight = getattr(getattr(place, name, None), "weight", None)
                if weight is not None and weight.ndim == 2 and weight.shape[1] == size:
                    return _array(weight)
        return None

    norm = _norm(getattr(within, "LayerNorm", None))
    # ALBERT's, ELECTRA's and DeBERTa's names for the way from the embeddings' size to the layers'.
    linear = getattr(
        getattr(model, "encoder", None), "embedding_hidden_mapping_in", None
    ) or getattr(model, "embeddings_project", None)
    inner = getattr(within, "embed_proj", None)
    linear = linear if linear is not None else inner
    kind = str(model.config.model_type)
    position = table("position_embeddings", "wpe")
    if getattr(model.config, "position_embedding_type", "absolute") != "absolute":
        position = None
    # RoBERTa and its kin keep it there, since their positions start after it.
    padding = getattr(within, "padding_idx", None)
    return Anatomy(
        _array(embedding.weight),
        position,
        padding + 1 if padding is not None and position is not None else 0,
        table("token_type_embeddings"),
        norm,
        _linear(linear),
        inner is not None,
        _scale(kind, model, embedding),
    )


def of_tensorflow(model: Network) -> Anatomy:
    """The anatomy of a `TFBertModel`."""
    within = model.bert.embeddings
    norm = (
        within.LayerNorm.gamma.numpy(),
        within.LayerNorm.beta.numpy(),
        float(within.LayerNorm.epsilon),
    )
    return Anatomy(
        within.weight.numpy(),
        within.position_embeddings.numpy(),
        0,
        within.token_type_embeddings.numpy(),
        norm,
    )


def sinusoids(length: int, width: int) -> Doubles:
    """The fixed positions of the Transformer, (length, width): sines at even, cosines at odd
    dimensions (Vaswani et al. 2017, 3.5)."""
    angles = np.arange(length)[:, None] / 10_000 ** (np.arange(0, width, 2) / width)
    waves = np.empty((length, width))
    waves[:, 0::2], waves[:, 1::2] = np.sin(angles), np.cos(angles[:, : width // 2])
    return waves


def _array(tensor: Network) -> Floats:
    return np.array(tensor.detach().float().cpu().numpy(), np.float32)


def _norm(layer: Network) -> tuple[Floats, Floats, float] | None:
    """Weight, bias and epsilon of a LayerNorm; None of anything else (MobileBERT has no norm
    there)."""
    if not (hasattr(layer, "eps") or hasattr(layer, "variance_epsilon")):
        return None
    return _array(layer.weight), _array(layer.bias), _epsilon(layer)


def _epsilon(layer: Network) -> float:
    return float(layer.eps if hasattr(layer, "eps") else layer.variance_epsilon)


def _linear(linear: Network) -> tuple[Floats, Floats] | None:
    if linear is None:
        return None
    weight = _array(linear.weight).T
    return weight, _array(linear.bias) if linear.bias is not None else np.zeros(
        weight.shape[1], np.float32
    )


def _scale(kind: str, model: Network, embedding: Network) -> float:
    """Gemma multiplies by the square root of the width; Gemma 3 does it within the module that
    looks embeddings up."""
    if getattr(embedding, "embed_scale", None) is not None:
        return float(embedding.embed_scale)
    return float(model.config.hidden_size) ** 0.5 if kind in ("gemma", "gemma2") else 1.0
