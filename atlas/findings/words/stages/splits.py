"""How a tokenizer splits words: asked of the tokenizer itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

import numpy as np

from atlas.engine.stage import Work, stage
from atlas.findings.words.data import Splits
from atlas.findings.words.forms import word
from atlas.models.tokenizer_asked import Tokenizer, tokenizer
from atlas.models.tokenizer_backend import backend
from atlas.spaces.records import Vocabulary

_BATCH = 2000
_NONE = -1  # the id of a piece that has none
_TRIED = 40  # words on which the quick way is held against the tokenizer's own

Split = tuple[list[str], list[int]]
Splitter = Callable[[Sequence[str]], list[Split]]


@stage("splits", version=1, weight=1, libraries=("tokenizers", "transformers"))
def splits(vocabulary: Vocabulary, *, work: Work = Work()) -> Splits:
    """The pieces of each word that is a token of a vocabulary, be it the tokenizer's own or
    another's, as `tokenizer.tokenize` gives them.

    Of a tokenizer that tells a word after a space from one at the start of a text, words are also
    asked with a space before them. Raises ModelError where the tokenizer cannot be made.
    """
    split = splitter(work.location)
    words = words_of(vocabulary)
    if tells_spaces(split):
        words = [*words, *(f" {one}" for one in words)]
    found: list[Split] = []
    for begin in range(0, len(words), _BATCH):
        found += split(words[begin : begin + _BATCH])
        work.progress(len(found) / len(words))
    lengths = [len(ids) for _, ids in found]
    return Splits(
        tuple(words),
        np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        np.array(list(chain.from_iterable(ids for _, ids in found)), np.int32),
        tuple(chain.from_iterable(pieces for pieces, _ in found)),
    )


def splitter(location: str) -> Splitter:
    """What splits words as a checkpoint's tokenizer does. Raises ModelError where that cannot be
    made."""
    plain = backend(location)
    if plain is None:
        return partial(split, tokenizer(location))

    def quickly(words: Sequence[str]) -> list[Split]:
        encodings = plain.encode_batch(list(words), add_special_tokens=False)
        return [(encoding.tokens, encoding.ids) for encoding in encodings]

    return quickly


def tells_spaces(split: Splitter) -> bool:
    """Whether a word's pieces tell that a space stands before it: byte-level BPE, where no space is
    put before a text."""
    first = [(pieces or [""])[0].startswith("Ġ") for pieces, _ in split(["a", " a"])]
    return first == [False, True]


def words_of(vocabulary: Vocabulary) -> list[str]:
    """The words of a vocabulary's tokens, each once; bytes on their own are none."""
    texts = zip(vocabulary.texts, vocabulary.kinds, strict=True)
    return list(dict.fromkeys(word(text) for text, kind in texts if kind != "byte" and word(text)))


def split(asked: Tokenizer, words: Sequence[str]) -> list[Split]:
    """The pieces of words and their ids: many at once where that gives what `tokenize` gives."""
    if asked.is_fast:
        tried = words[:: max(len(words) // _TRIED, 1)]
        if _together(asked, tried) == [_alone(asked, one) for one in tried]:
            return _together(asked, words)
    return [_alone(asked, one) for one in words]


def _alone(asked: Tokenizer, text: str) -> Split:
    pieces = [str(piece) for piece in asked.tokenize(text)]
    if asked.is_fast:  # of two tokens that are written alike, the one that was meant
        return pieces, asked.encode(text, add_special_tokens=False)
    ids = asked.convert_tokens_to_ids(pieces) if pieces else []
    return pieces, [_NONE if one is None else int(one) for one in ids]


def _together(asked: Tokenizer, words: Sequence[str]) -> list[Split]:
    encodings = asked(list(words), add_special_tokens=False).encodings if words else None
    return [(encoding.tokens, encoding.ids) for encoding in encodings or ()]
