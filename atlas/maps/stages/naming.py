"""Which tokens of a cluster name it: near its own direction, and such as readers know.

A cluster's centroid lies mostly along the mean of the whole vocabulary, so the tokens of highest
cosine to it are rare ones that resemble all others. What sets a cluster apart is its centroid less
its part along that mean; and of the tokens that point there, common ones read best. Compared on two
vocabularies with other rules by how well a name tells a cluster's members: benchmarks/names.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from atlas.numeric.types import Array
from atlas.numeric.vectors import unit
from atlas.spaces.records import KINDS

FAR = 0.15  # share of a cluster's tokens, the farthest from its centroid, that do not name it
FREQUENCY = 0.9  # weight of a token's place in the vocabulary beside its direction, as z-scores
LEAST_LETTERS = {"LATIN": 3, "CJK": 1}  # that a word needs to name a cluster; 2 of other scripts
ALIKE = 0.55  # share of letters in common, from the beginning, from which words are of one stem
SHORT = 4  # letters in common that make no stem yet


def naming(
    directions: Array,
    ranks: Array,
    texts: Sequence[str],
    kinds: Array,
    common: Array,
    count: int,
) -> list[int]:
    """Positions of the tokens that name a cluster, best first, `count` or fewer where it has fewer.

    directions  (m, d) unit vectors of the cluster's tokens
    ranks       (m,) places in the vocabulary, from 1 on; most vocabularies begin with common tokens
    texts       (m,) as people read them
    kinds       (m,) positions in KINDS; `kind` rules which tokens may name it
    common      (d,) the mean direction of the whole map
    """
    centroid = directions.mean(axis=0, dtype=np.float64)
    nearness = np.einsum("ij,j->i", directions, centroid)
    own = unit((centroid - (centroid @ common) * common)[None])[0]
    near = nearness >= np.quantile(nearness, FAR)
    scores = _standard(np.einsum("ij,j->i", directions, own), near)
    scores -= FREQUENCY * _standard(np.log(ranks), near)
    kind = _kind(kinds[np.argsort(-nearness, kind="stable")])
    order = np.lexsort((ranks, -scores)).tolist()
    alike = [row for row in order if kinds[row] == kind]
    # Read one by one, since the first few make most names.
    reading = (row for row in alike if _reads(texts[row]))
    near_first = (row for row in alike if near[row] and _reads(texts[row]))
    passes = (near_first, reading, alike, order)
    return _of_other_stems(passes, texts, count)


def _kind(kinds: Array) -> int:
    """Words, where a third of the central tokens are, and else the kind that most of them are."""
    counts = np.bincount(kinds[:24], minlength=len(KINDS))
    return 0 if 3 * counts[0] >= counts.sum() else int(counts.argmax())


def _standard(values: Array, among: Array) -> Array:
    """Values (m,) as deviations from the mean of those `among` (m,), in standard deviations."""
    mean, spread = float(values[among].mean()), float(values[among].std())
    return (values - mean) / spread if spread > 0 else np.zeros(len(values))


def _of_other_stems(passes: Iterable[Iterable[int]], texts: Sequence[str], count: int) -> list[int]:
    """The first tokens of which no two are of one stem; such as are fill up what is left."""
    chosen: list[int] = []
    later: list[int] = []
    for rows in passes:
        for row in rows:
            if len(chosen) == count:
                return chosen
            if row in chosen or row in later:
                continue
            if any(same_stem(texts[row], texts[other]) for other in chosen):
                later.append(row)
            else:
                chosen.append(row)
    return [*chosen, *later][:count]


def bare(text: str) -> str:
    """A token's letters, without case, marks of spaces and continuations, and accents."""
    plain = unicodedata.normalize("NFKD", text.strip("␣ #").removesuffix("@@")).casefold()
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def same_stem(one: str, other: str) -> bool:
    """Whether two tokens are forms of one word: equal but for case and marks, one within the other,
    or with a long beginning in common."""
    first, second = bare(one), bare(other)
    short, long = sorted((first, second), key=len)
    if short == long or (len(short) > 1 and short in long):
        return True
    shared = next(
        (place for place, pair in enumerate(zip(short, long, strict=False)) if len(set(pair)) > 1),
        len(short),
    )
    return shared >= SHORT and shared >= ALIKE * len(long)


def _reads(text: str) -> bool:
    """Whether a token may stand for others: letters alone, and enough of them. An ideograph is a
    word of its own."""
    letters = bare(text)
    if not letters.isalpha():
        return False
    script = unicodedata.name(letters[0], "").partition(" ")[0]
    return len(letters) >= LEAST_LETTERS.get(script, 2)
