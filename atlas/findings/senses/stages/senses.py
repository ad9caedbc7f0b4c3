"""Sense maps: the vectors of a word in many sentences, and how far its senses stand apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.engine.record import Experiment
from atlas.errors import StageError
from atlas.findings.senses.sentences import spans
from atlas.models import encoder

VERSION = 2
SHUFFLES = 200
_VOICED = "\uff9e\uff9f"  # marks of half width, which are letters to Unicode

Doubles = npt.NDArray[np.float64]


def senses(
    *,
    location: str,
    occurrences: Sequence[Sequence[str]],
    layer: int = -1,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Experiment:
    """Words in sentences through a model; `occurrences` are (word, sense, text), the word where
    sentences.spans first finds it.

    A word's vector is the mean of a layer's outputs at the tokens that hold a part of it. The
    facts: `layer`, `layers` and `words`, each with its `word`, `senses`, `points` (text, start and
    end of the word, sense, x, y, silhouette, and how many `pieces` the word has), `silhouette` (the
    mean by cosine; Rousseeuw 1987), `range` (what 95 % of SHUFFLES shuffled labels give),
    `by_layer` (its mean at each layer from 0 on) and `variance` (the share of the spread that the
    two principal components of the unit vectors, x and y, keep).

    Raises ModelError when the model cannot be loaded, StageError when it has no such layer, a word
    is not found in the tokens of its sentence, or the vocabulary has no tokens for it.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(threads, 1))
    try:
        model = encoder.load(location, device)
        number = model.layer(layer)
        rows = [_tokens(model, word, text) for word, _, text in occurrences]
        every = list(range(model.layers + 1))
        vectors = np.empty((len(every), len(rows), 0))
        done = 0
        for batch, states in model.states([ids for ids, _ in rows], every):
            if not vectors.shape[2]:
                vectors = np.empty((len(every), len(rows), states.shape[2]))
            begin = 0
            for row in batch:
                ids, places = rows[row]
                vectors[:, row] = states[:, [begin + place for place in places]].mean(axis=1)
                begin += len(ids)
            done += len(batch)
            progress(0.8 * done / len(rows))
    finally:
        torch.set_num_threads(before)
    if not np.isfinite(vectors).all():
        raise StageError(
            "The model gives values that are not finite.",
            "Is the checkpoint complete, and one for float32?",
        )
    told = []
    for word in dict.fromkeys(word for word, _, _ in occurrences):
        own = [row for row, one in enumerate(occurrences) if one[0] == word]
        mine = [(occurrences[row][1], occurrences[row][2], len(rows[row][1])) for row in own]
        told.append(_word(word, mine, vectors[:, own], number, seed))
    return Experiment({"layer": number, "layers": model.layers, "words": told})


def _word(
    word: str, found: Sequence[tuple[str, str, int]], vectors: Doubles, layer: int, seed: int
) -> dict[str, Any]:
    """The facts of one word from its occurrences (sense, text, pieces) and their vectors (layers,
    n, d)."""
    labels = [sense for sense, _, _ in found]
    gaps = [_gaps(one) for one in vectors]
    each = silhouettes(gaps[layer], labels)
    random = np.random.default_rng(seed)
    shuffled = [
        float(silhouettes(gaps[layer], random.permutation(labels).tolist()).mean())
        for _ in range(SHUFFLES)
    ]
    xy, kept = plane(vectors[layer])
    points = []
    for (sense, text, pieces), place, one in zip(found, xy, each, strict=True):
        start, end = spans(word, text)[0]
        points.append(
            {
                "text": text,
                "start": start,
                "end": end,
                "sense": sense,
                "pieces": pieces,
                "x": float(place[0]),
                "y": float(place[1]),
                "silhouette": float(one),
            }
        )
    low, high = np.quantile(shuffled, (0.025, 0.975))
    return {
        "word": word,
        "senses": list(dict.fromkeys(labels)),
        "silhouette": float(each.mean()),
        "range": [float(low), float(high)],
        "by_layer": [float(silhouettes(one, labels).mean()) for one in gaps],
        "variance": kept,
        "points": points,
    }


def silhouettes(gaps: Doubles, labels: Sequence[str]) -> Doubles:
    """How much nearer each point is to its own group than to the next best, (n,) in -1..1, from
    distances (n, n)."""
    from sklearn.metrics import silhouette_samples

    return np.asarray(silhouette_samples(gaps, list(labels), metric="precomputed"), np.float64)


def plane(vectors: Doubles) -> tuple[Doubles, float]:
    """The two principal components of unit vectors, (n, 2), and the share of the spread that they
    keep. Signs are set so that the larger side is positive, whatever the library."""
    unit = _unit(vectors)
    unit = unit - unit.mean(axis=0)
    left, values, _ = np.linalg.svd(unit, full_matrices=False)
    xy = left[:, :2] * values[:2]
    xy *= np.where(np.abs(xy.min(axis=0)) > xy.max(axis=0), -1, 1)
    spread = float((values**2).sum())
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1]))), float(
        (values[:2] ** 2).sum()
    ) / spread if spread else 1.0


def _unit(vectors: Doubles) -> Doubles:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _gaps(vectors: Doubles) -> Doubles:
    """Cosine distances (n, n); what is below the precision of the model's float32 is none, as of
    one word at one position in what enters the first layer."""
    unit = _unit(vectors)
    gaps = 1 - unit @ unit.T
    np.fill_diagonal(gaps, 0)  # a vector of zeros would be far from itself
    return np.where(gaps < 1e-6, 0, gaps)


def _tokens(model: encoder.Encoder, word: str, text: str) -> tuple[list[int], list[int]]:
    """The ids of a text's tokens, and the places among them of those that hold a part of the
    word."""
    start, end = next(iter(spans(word, text)), (0, 0))
    if getattr(model.tokenizer, "is_fast", False):
        made = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids, stand = list(made["input_ids"]), list(made["offset_mapping"])
    else:  # no offsets, so each token is looked for where the one before it ended
        tokens = model.tokenizer.tokenize(text)
        ids, stand = model.tokenizer.convert_tokens_to_ids(tokens), _spans(tokens, text)
    places = [place for place, (left, right) in enumerate(stand) if left < end and right > start]
    unknown = [place for place in places if ids[place] == model.tokenizer.unk_token_id]
    if unknown or not places or len(ids) > model.room:
        what = (
            f"has {len(ids)} tokens; the atlas reads {model.room}"
            if len(ids) > model.room
            else f"does not hold {word!r} as tokens"
        )
        if unknown:
            what = f"holds {word!r}, which the model's vocabulary has no tokens for"
        raise StageError(
            f"The sentence “{text[:60]}” {what}.", "Reword it in the corpus of this sense map."
        )
    return ids, places


def _spans(tokens: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Where each token stands in the text, by its own letters; (0, 0) for one that cannot be found,
    such as an unknown one."""
    folded, origin = [], []
    for begin, end in _signs(text):
        for letter in unicodedata.normalize("NFKC", text[begin:end]).lower():
            folded.append(letter)
            origin.append((begin, end))
    whole = "".join(folded)
    found, cursor = [], 0
    for token in tokens:
        letters = unicodedata.normalize("NFKC", token.removeprefix("##").lstrip("▁Ġ")).lower()
        place = whole.find(letters, cursor) if letters else -1
        if place < 0:
            found.append((0, 0))
            continue
        cursor = place + len(letters)
        found.append((origin[place][0], origin[cursor - 1][1]))
    return found


def _signs(text: str) -> list[tuple[int, int]]:
    """Where each sign stands with the marks that combine with it: か and a voiced sound mark become
    one sign in NFKC."""
    begins = [
        place
        for place, sign in enumerate(text)
        if not place or not (unicodedata.combining(sign) or sign in _VOICED)
    ]
    return list(zip(begins, [*begins[1:], len(text)], strict=True))
