"""Contextual spaces from a corpus: each token's outputs at all its occurrences in one chunk, added
up and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.models import encoder
from atlas.models.spelling import spellings
from atlas.numeric.types import Floats
from atlas.spaces.corpus import Chunk, texts
from atlas.spaces.records import Sums

VERSION = 3
_TEXTS = 1024  # tokenized and sorted by length at a time

Doubles = npt.NDArray[np.float64]


def occurrences(
    *,
    location: str,
    chunk: Mapping[str, Any],
    place: Sequence[Any],
    field: str = "text",
    layer: int = -1,
    words: Sequence[str] | None = None,
    device: str = "cpu",
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Sums:
    """Run the texts of a chunk through a model and add up a layer's outputs for each token, or for
    each of `words`.

    `chunk` is the kind and digest of a Chunk, `place` the rest of it. A text longer than the model
    reads is cut. A word is the mean of its pieces, wherever they stand side by side and neither go
    on with the word before nor are gone on with; of words that begin alike the longest counts.
    Memory holds the sums, (v, d) float64, and a batch. Raises DataError for a file that is not as
    it should be, ModelError when the model cannot be loaded, StageError when it has no such layer.
    """
    import torch

    path, begin, end = place
    source = Chunk(path, chunk["kind"], begin, end, chunk["digest"])
    before = torch.get_num_threads()
    torch.set_num_threads(max(threads, 1))
    try:
        model = encoder.load(location, device, layer)
        number = model.layer(layer)
        wanted = spellings(model, words) if words is not None else None
        size = len(words) if words is not None else model.rows
        sums, counts = np.zeros((size, 0)), np.zeros(size, np.int64)
        read, tokens, cut = 0, 0, 0
        total = max(end - begin, 1)
        done = 0
        for block in _blocks(texts(source, field)):
            rows = []
            for ids in model.ids(block):
                rows += [
                    ids[start : start + model.room] for start in range(0, len(ids), model.room)
                ]
                cut += len(ids) > model.room
                tokens += len(ids)
            read += len(block)
            found = [
                _words(ids, wanted, model.joined) if wanted is not None else None for ids in rows
            ]
            for some, (states,) in model.states(rows, [number]):
                if not sums.shape[1]:
                    sums = np.zeros((size, states.shape[1]))
                targets, values = _gathered(some, rows, found, states)
                _add(sums, counts, targets, values)
            done += sum(len(text.encode()) + 1 for text in block)
            progress(min(done / total, 1.0) if chunk["kind"] != "parquet" else 0.5)
    finally:
        torch.set_num_threads(before)
    figures = {
        "texts": read,
        "tokens": tokens,
        "cut": cut,
        "tensor": f"hidden_states[{number}] of {model.layers}",
    }
    seen = np.flatnonzero(counts).astype(np.int32)
    return Sums(seen, counts[seen], sums[seen] if sums.shape[1] else np.zeros((0, 1)), figures)


def _blocks(found: Iterable[str]) -> Iterator[list[str]]:
    every = iter(found)
    while block := list(islice(every, _TEXTS)):
        yield block


def _words(
    ids: Sequence[int],
    wanted: Mapping[tuple[int, ...], int],
    joined: Callable[[Sequence[int], int], bool],
) -> list[tuple[int, int, int]]:
    """Where words stand in a row of ids: (word, first place, place after its last)."""
    lengths = sorted({len(spelling) for spelling in wanted}, reverse=True)
    found = []
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
                found.append((word, start, after))
                start = after
                break
        else:
            start += 1
    return found


def _gathered(
    some: Sequence[int], rows: Sequence[Sequence[int]], found: Sequence[Any], states: Floats
) -> tuple[npt.NDArray[np.int64], Doubles]:
    """What the outputs of some rows, one below the other, are of: tokens or words (m,), and their
    vectors (m, d)."""
    if found and found[0] is None:
        return np.concatenate([np.asarray(rows[row], np.int64) for row in some]), states.astype(
            np.float64
        )
    targets, values = [], []
    begin = 0
    for row in some:
        for word, start, after in found[row]:
            targets.append(word)
            values.append(states[begin + start : begin + after].mean(axis=0, dtype=np.float64))
        begin += len(rows[row])
    return np.asarray(targets, np.int64), np.asarray(values).reshape(-1, states.shape[1])


def _add(
    sums: Doubles, counts: npt.NDArray[np.int64], targets: npt.NDArray[np.int64], values: Doubles
) -> None:
    if not len(targets):
        return
    order = np.argsort(targets, kind="stable")
    which, starts, times = np.unique(targets[order], return_index=True, return_counts=True)
    sums[which] += np.add.reduceat(values[order], starts, axis=0)
    counts[which] += times
