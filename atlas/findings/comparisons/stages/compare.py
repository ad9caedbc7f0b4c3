"""Two spaces over the same tokens: how many neighbors they share, and how alike they are as a
whole."""

from __future__ import annotations

import numpy as np

from atlas.engine.stage import Work, helper, stage
from atlas.errors import StageError
from atlas.findings.comparisons.data import Alike, Kind, Moved
from atlas.maps.records import Neighbors
from atlas.maps.stages.neighbors import NEIGHBORS
from atlas.numeric import alignment
from atlas.numeric.alignment import cka, cka_by_chance, kept, similarity
from atlas.numeric.neighbors import neighbors
from atlas.numeric.types import Array, Floats, Ints
from atlas.spaces.readable import bare
from atlas.spaces.records import Selection, Vectors, Vocabulary

ALIGNMENT = helper("alignment", version=alignment.VERSION)

_TENTHS = 10
_LISTED = 40  # words that move most and least, each
_CROWD = 4  # times as many others as neighbors, at least: among few tokens all are neighbors of all


@stage("compare", version=5, weight=4, uses=(NEIGHBORS, ALIGNMENT), parallel=True, gpu=True)
def compare(
    first: Vectors,
    second: Vectors,
    selection: Selection,
    other: Selection,
    near_first: Neighbors,
    near_second: Neighbors,
    vocabulary: Vocabulary,
    second_vocabulary: Vocabulary,
    *,
    k: int = 15,
    seed: int = 0,
    work: Work = Work(),
) -> Alike:
    """Compare two spaces over the tokens that two selections share, in which each has been searched
    for neighbors.

    Where one selection holds more than the shared tokens, these are searched again among
    themselves. Among words that keep the same share of their neighbors those move more whose first
    neighbors are less similar to them in the second space. Raises StageError when fewer than three
    tokens are shared.
    """
    ids = shared(selection, other, vocabulary, second_vocabulary)
    n = enough(len(ids))
    spaces = first.values[ids[:, 0]], second.values[ids[:, 1]]
    if np.array_equal(selection.ids, ids[:, 0]) and np.array_equal(other.ids, ids[:, 1]):
        rows = near_first.rows, near_second.rows
    else:
        rows = _searched(spaces[0], k, work), _searched(spaces[1], k, work)
    k = min(among(n, k), rows[0].shape[1], rows[1].shape[1])
    share = kept(rows[0][:, :k], rows[1][:, :k])
    kinds = np.array(vocabulary.kinds)[ids[:, 0]]
    similar = similarity(spaces[1], rows[0][:, :k])
    order = _moving(share, similar, kinds)
    listed = min(_LISTED, len(order) // 2)

    def moved(row: int) -> Moved:
        return Moved(
            ids=(int(ids[row, 0]), int(ids[row, 1])),
            text=vocabulary.texts[ids[row, 0]],
            kept=round(float(share[row]) * k),
            similarity=float(similar[row]),
        )

    low, middle, high = np.quantile(share, (0.1, 0.5, 0.9))
    return Alike(
        tokens=n,
        pairs=None if vocabulary.tokens == second_vocabulary.tokens else _pairs(ids),
        k=k,
        overlap=float(share.mean()),
        chance=k / (n - 1),
        quantiles=(float(low), float(middle), float(high)),
        histogram=tuple(np.bincount(np.rint(share * k).astype(int), minlength=k + 1).tolist()),
        ranks=tuple(float(part.mean()) for part in np.array_split(share, min(_TENTHS, n))),
        kinds=_kinds(share, kinds),
        cka=cka(*spaces),
        cka_chance=cka_by_chance(*spaces, seed),
        most=tuple(moved(int(row)) for row in order[:listed]),
        least=tuple(moved(int(row)) for row in order[::-1][:listed]),
    )


def _searched(space: Floats, k: int, work: Work) -> Ints:
    return neighbors(space, k, device=work.device, threads=work.threads).rows


def _moving(share: Floats, similar: Floats, kinds: Array) -> Array:
    """The rows of words, those that move most first, from what each token keeps (n,), how similar
    it is to its old neighbors (n,), and its kind (n,)."""
    words = np.flatnonzero(kinds == "word")
    return np.asarray(words[np.lexsort((similar[words], share[words]))])


def _kinds(share: Floats, kinds: Array) -> dict[str, Kind]:
    return {
        kind: Kind(tokens=int((kinds == kind).sum()), overlap=float(share[kinds == kind].mean()))
        for kind in sorted(set(kinds.tolist()))
    }


def _pairs(ids: Ints) -> tuple[tuple[int, int], ...]:
    return tuple((int(first), int(second)) for first, second in ids)


def enough(n: int) -> int:
    """The number of shared tokens; raises StageError when a comparison needs more."""
    if n < 3:
        hint = "Compare maps of one model, or of models with a vocabulary in common."
        raise StageError(
            f"These maps share {n} token{'' if n == 1 else 's'}; a comparison needs three.", hint
        )
    return n


def among(n: int, k: int) -> int:
    """How many neighbors are asked for among n tokens: k, or fewer where that would be most of
    them."""
    return min(k, max((n - 1) // _CROWD, 1))


def shared(
    selection: Selection, other: Selection, vocabulary: Vocabulary, second: Vocabulary
) -> Ints:
    """Ids (n, 2) int32 of the tokens that two selections share, ascending by the first.

    In one vocabulary, or two that are equal, they are the same by id; otherwise by readable text
    and kind, without the marks of spaces and continuations, which differ between kinds of
    tokenizers. Of several with the same text the first counts.
    """
    if vocabulary.tokens == second.tokens:
        ids = np.intersect1d(selection.ids, other.ids)
        return np.stack([ids, ids], axis=1)

    def named(ids: Ints, words: Vocabulary) -> dict[tuple[str, str], int]:
        tokens: dict[tuple[str, str], int] = {}
        for token in ids.tolist():
            tokens.setdefault((bare(words.texts[token]), words.kinds[token]), token)
        return tokens

    names, others = named(selection.ids, vocabulary), named(other.ids, second)
    return np.array(
        [(token, others[name]) for name, token in names.items() if name in others], np.int32
    ).reshape(-1, 2)
