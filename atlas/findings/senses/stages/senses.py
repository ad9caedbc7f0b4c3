"""Sense maps: the vectors of a word in many sentences, and how far its senses stand apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from atlas.engine.stage import GIB, Work, stage
from atlas.errors import StageError
from atlas.findings.senses.data import Point, Senses, Word
from atlas.findings.senses.sentences import spans
from atlas.models import encoder
from atlas.models.encoder import ENCODER
from atlas.numeric.chance import middle
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Doubles
from atlas.numeric.vectors import unit

SHUFFLES = 200
_VOICED = "\uff9e\uff9f"  # marks of half width, which are letters to Unicode


class Occurrence(NamedTuple):
    """A word of some sense in a text; the word stands where sentences.spans first finds it."""

    word: str
    sense: str
    text: str


@stage("senses", version=3, weight=5, uses=(ENCODER,), parallel=True, gpu=True, memory=4 * GIB)
def senses(
    *,
    occurrences: Sequence[Sequence[str]],
    layer: int = -1,
    seed: int = 0,
    work: Work = Work(),
) -> Senses:
    """Words in sentences through a model; `occurrences` are (word, sense, text).

    A word's vector is the mean of a layer's outputs at the tokens that hold a part of it. Of each
    word are measured the silhouette of its senses (the mean by cosine; Rousseeuw 1987) at each
    layer from 0 on, at `layer` also what 95 % of SHUFFLES shuffled labels give, and where its
    occurrences lie on the two principal components of their unit vectors.

    Raises ModelError when the model cannot be loaded, StageError when it has no such layer, a word
    is not found in the tokens of its sentence, or the vocabulary has no tokens for it.
    """
    every = [Occurrence(*row) for row in occurrences]
    with torch_threads(work.threads):
        model = encoder.load(work.location, work.device)
        number = model.layer(layer)
        tokens = [_tokens(model, row.word, row.text) for row in every]
        vectors = _vectors(model, tokens, work)
    if not np.isfinite(vectors).all():
        raise StageError(
            "The model gives values that are not finite.",
            "Is the checkpoint complete, and one for float32?",
        )
    words = []
    for word in dict.fromkeys(row.word for row in every):
        own = [place for place, row in enumerate(every) if row.word == word]
        pieces = [len(tokens[place][1]) for place in own]
        words.append(_word([every[place] for place in own], pieces, vectors[:, own], number, seed))
    return Senses(layer=number, layers=model.layers, words=tuple(words))


def _vectors(
    model: encoder.Encoder, tokens: Sequence[tuple[list[int], list[int]]], work: Work
) -> Doubles:
    """The vectors (layers + 1, n, d) of n words, each from the ids of its text and the places of
    its own tokens among them."""
    every = list(range(model.layers + 1))
    vectors = np.empty((len(every), len(tokens), 0))
    done = 0
    for batch, states in model.states([ids for ids, _ in tokens], every):
        if not vectors.shape[2]:
            vectors = np.empty((len(every), len(tokens), states.shape[2]))
        begin = 0
        for row in batch:
            ids, places = tokens[row]
            vectors[:, row] = states[:, [begin + place for place in places]].mean(axis=1)
            begin += len(ids)
        done += len(batch)
        work.progress(0.8 * done / len(tokens))
    return vectors


def _word(
    occurrences: Sequence[Occurrence],
    pieces: Sequence[int],
    vectors: Doubles,
    layer: int,
    seed: int,
) -> Word:
    """What is measured of one word from its occurrences, how many tokens each is, and their vectors
    (layers + 1, n, d)."""
    labels = [row.sense for row in occurrences]
    gaps = [_gaps(states) for states in vectors]
    each = silhouettes(gaps[layer], labels)
    random = np.random.default_rng(seed)
    shuffled = [
        float(silhouettes(gaps[layer], random.permutation(labels).tolist()).mean())
        for _ in range(SHUFFLES)
    ]
    xy, kept = plane(vectors[layer])
    points = []
    for row, count, place, silhouette in zip(occurrences, pieces, xy, each, strict=True):
        start, end = spans(row.word, row.text)[0]
        points.append(
            Point(
                text=row.text,
                start=start,
                end=end,
                sense=row.sense,
                pieces=count,
                x=float(place[0]),
                y=float(place[1]),
                silhouette=float(silhouette),
            )
        )
    return Word(
        word=occurrences[0].word,
        senses=tuple(dict.fromkeys(labels)),
        silhouette=float(each.mean()),
        range=middle(shuffled),
        by_layer=tuple(float(silhouettes(apart, labels).mean()) for apart in gaps),
        variance=kept,
        points=tuple(points),
    )


def silhouettes(gaps: Doubles, labels: Sequence[str]) -> Doubles:
    """How much nearer each point is to its own group than to the next best, (n,) in -1..1, from
    distances (n, n)."""
    from sklearn.metrics import silhouette_samples

    return np.asarray(silhouette_samples(gaps, list(labels), metric="precomputed"), np.float64)


def plane(vectors: Doubles) -> tuple[Doubles, float]:
    """The two principal components (n, 2) of vectors (n, d) at length 1, and the share of the
    spread that they keep, 0..1. Signs are set so that the larger side is positive, whatever the
    library."""
    centred = unit(vectors)
    centred = centred - centred.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    xy = left[:, :2] * values[:2]
    xy *= np.where(np.abs(xy.min(axis=0)) > xy.max(axis=0), -1, 1)
    spread = float((values**2).sum())
    share = float((values[:2] ** 2).sum()) / spread if spread else 1.0
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1]))), share


def _gaps(vectors: Doubles) -> Doubles:
    """Cosine distances (n, n) of vectors (n, d); what is below the precision of the model's float32
    is none, as of one word at one position in what enters the first layer."""
    directions = unit(vectors)
    gaps = 1 - directions @ directions.T
    np.fill_diagonal(gaps, 0)  # a vector of zeros would be far from itself
    return np.where(gaps < 1e-6, 0, gaps)


def _tokens(model: encoder.Encoder, word: str, text: str) -> tuple[list[int], list[int]]:
    """The ids of a text's tokens, and the places among them of those that hold a part of the
    word."""
    start, end = next(iter(spans(word, text)), (0, 0))
    if getattr(model.tokenizer, "is_fast", False):
        read = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids, stand = list(read["input_ids"]), list(read["offset_mapping"])
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
    """Where each token stands in the text, by its own letters; (0, 0) for one that is not there,
    such as an unknown one."""
    folded, origin = [], []
    for begin, end in _signs(text):
        for letter in unicodedata.normalize("NFKC", text[begin:end]).lower():
            folded.append(letter)
            origin.append((begin, end))
    whole = "".join(folded)
    stands, cursor = [], 0
    for token in tokens:
        letters = unicodedata.normalize("NFKC", token.removeprefix("##").lstrip("▁Ġ")).lower()
        place = whole.find(letters, cursor) if letters else -1
        if place < 0:
            stands.append((0, 0))
            continue
        cursor = place + len(letters)
        stands.append((origin[place][0], origin[cursor - 1][1]))
    return stands


def _signs(text: str) -> list[tuple[int, int]]:
    """Where each sign stands with the marks that combine with it: か and a voiced sound mark become
    one sign in NFKC."""
    begins = [
        place
        for place, sign in enumerate(text)
        if not place or not (unicodedata.combining(sign) or sign in _VOICED)
    ]
    return list(zip(begins, [*begins[1:], len(text)], strict=True))
