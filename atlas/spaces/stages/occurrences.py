"""Contextual spaces from a corpus: each token's outputs at all its occurrences in one chunk, added
up and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from atlas.engine.stage import GIB, Span, Work, stage
from atlas.errors import StageError
from atlas.models import encoder
from atlas.models.encoder import ENCODER, Encoder
from atlas.models.spelling import SPELLING, spellings
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Doubles, Floats
from atlas.spaces.corpus import Chunk, texts
from atlas.spaces.records import Sums

_TEXTS = 1024  # tokenized and sorted by length at a time

Stand = tuple[int, int, int]  # a word, its first place, and the place after its last
Spelled = Mapping[tuple[int, ...], int]  # the row of each spelling


@stage(
    "occurrences",
    version=3,
    weight=60,
    uses=(ENCODER, SPELLING),
    parallel=True,
    gpu=True,
    memory=4 * GIB,
)
def occurrences(
    *,
    chunk: Mapping[str, str],
    field: str = "text",
    layer: int = -1,
    words: Sequence[str] | None = None,
    work: Work = Work(),
) -> Sums:
    """Run the texts of a chunk through a model and add up a layer's outputs for each token, or for
    each of `words`.

    `chunk` is the kind and digest of a Chunk, `work.span` the rest of it. A text longer than the
    model reads is cut. A word is the mean of its pieces, wherever they stand side by side and
    neither go on with the word before nor are gone on with; of words that begin alike the longest
    counts. Memory holds the sums, (v, d) float64, and a batch.

    Raises DataError for a file that is not as it should be, ModelError when the model cannot be
    loaded, StageError when it has no such layer.
    """
    if work.span is None:
        raise StageError("No part of a file was given.", "This is a fault in the plan.")
    with torch_threads(work.threads):
        model = encoder.load(work.location, work.device, layer)
        number = model.layer(layer)
        wanted = spellings(model, words) if words is not None else None
        sums = _Sums(len(words) if words is not None else model.rows)
        total, done = max(work.span.end - work.span.begin, 1), 0
        for block in _blocks(texts(_chunk(work.span, chunk), field)):
            sums.read(model, block, number, wanted)
            done += sum(len(text.encode()) + 1 for text in block)
            work.progress(min(done / total, 1.0) if chunk["kind"] != "parquet" else 0.5)
    return sums.record(f"hidden_states[{number}] of {model.layers}")


def _chunk(span: Span, chunk: Mapping[str, str]) -> Chunk:
    return Chunk(span.path, chunk["kind"], span.begin, span.end, chunk["digest"])


class _Sums:
    """Adds up outputs for `size` tokens or words."""

    def __init__(self, size: int) -> None:
        self.sums, self.counts = np.zeros((size, 0)), np.zeros(size, np.int64)
        self.texts = self.tokens = self.cut = 0

    def read(
        self, model: Encoder, block: Sequence[str], layer: int, wanted: Spelled | None
    ) -> None:
        """Run some texts through a model; `wanted` are spellings of words, None for tokens."""
        rows: list[Sequence[int]] = []
        for ids in model.ids(block):
            rows += [ids[start : start + model.room] for start in range(0, len(ids), model.room)]
            self.cut += len(ids) > model.room
            self.tokens += len(ids)
        self.texts += len(block)
        stands = None if wanted is None else [_words(ids, wanted, model.joined) for ids in rows]
        for batch, (states,) in model.states(rows, [layer]):
            if not self.sums.shape[1]:
                self.sums = np.zeros((len(self.sums), states.shape[1]))
            self._add(*_gathered(batch, rows, stands, states))

    def _add(self, targets: npt.NDArray[np.int64], values: Doubles) -> None:
        """Add the vectors (m, d) to the sums of their targets (m,)."""
        if not len(targets):
            return
        order = np.argsort(targets, kind="stable")
        which, starts, times = np.unique(targets[order], return_index=True, return_counts=True)
        self.sums[which] += np.add.reduceat(values[order], starts, axis=0)
        self.counts[which] += times

    def record(self, tensor: str) -> Sums:
        """What was seen, by id; `tensor` says which outputs these are."""
        figures = {
            "texts": self.texts,
            "tokens": self.tokens,
            "cut": self.cut,
            "tensor": tensor,
        }
        seen = np.flatnonzero(self.counts).astype(np.int32)
        sums = self.sums[seen] if self.sums.shape[1] else np.zeros((0, 1))
        return Sums(seen, self.counts[seen], sums, figures)


def _blocks(read: Iterable[str]) -> Iterator[list[str]]:
    every = iter(read)
    while block := list(islice(every, _TEXTS)):
        yield block


def _words(
    ids: Sequence[int], wanted: Spelled, joined: Callable[[Sequence[int], int], bool]
) -> list[Stand]:
    """Where words stand in a row of ids."""
    lengths = sorted({len(spelling) for spelling in wanted}, reverse=True)
    stands = []
    start = 0
    while start < len(ids):
        for length in lengths:
            word = wanted.get(tuple(ids[start : start + length]))
            after = start + length
            if (
                word is not None
                and after <= len(ids)
                and not joined(ids, start)
                and not (after < len(ids) and joined(ids, after))
            ):
                stands.append((word, start, after))
                start = after
                break
        else:
            start += 1
    return stands


def _gathered(
    batch: Sequence[int],
    rows: Sequence[Sequence[int]],
    stands: Sequence[Sequence[Stand]] | None,
    states: Floats,
) -> tuple[npt.NDArray[np.int64], Doubles]:
    """What the outputs (sum of lengths, d) of a batch of rows, one below the other, are of: tokens,
    or words where it is told where they stand, (m,), and their vectors (m, d)."""
    if stands is None:
        tokens = np.concatenate([np.asarray(rows[row], np.int64) for row in batch])
        return tokens, states.astype(np.float64)
    targets, values = [], []
    begin = 0
    for row in batch:
        for word, start, after in stands[row]:
            targets.append(word)
            values.append(states[begin + start : begin + after].mean(axis=0, dtype=np.float64))
        begin += len(rows[row])
    return np.asarray(targets, np.int64), np.asarray(values).reshape(-1, states.shape[1])
