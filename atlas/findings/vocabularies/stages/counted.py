"""The tokens of texts, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from atlas.engine.stage import Work, stage
from atlas.errors import ModelError, StageError
from atlas.findings.vocabularies.data import Counted as CountedData
from atlas.findings.vocabularies.stages.tokenizer import ASKED, LIBRARIES, reader
from atlas.models.unidic import UNIDIC, tagger
from atlas.spaces.corpus import Chunk, texts
from atlas.spaces.records import Vocabulary

MOST = 2000  # texts of a corpus
_WORD = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*"
_UNSPACED = {"km", "lo", "my", "th", "zh"}  # languages whose words nothing here finds
_NO_WORDS = {"補助記号", "空白"}  # UniDic's


@stage("counted", version=1, weight=2, uses=(ASKED, UNIDIC), libraries=(*LIBRARIES, "regex"))
def counted(
    vocabulary: Vocabulary,
    *,
    chunk: Mapping[str, str],
    field: str = "text",
    language: str,
    work: Work = Work(),
) -> CountedData:
    """The tokens, words and characters of the first texts of a chunk, in a language.

    `chunk` is the kind and digest of a Chunk, `work.span` the rest of it. Raises DataError for a
    file that is not as it should be.
    """
    if work.span is None:
        raise StageError("No part of a file was given.", "This is a fault in the plan.")
    span = work.span
    part = Chunk(span.path, chunk["kind"], span.begin, span.end, chunk["digest"])
    some = list(islice(texts(part, field), MOST))
    try:
        asked = reader(work.location)
        tokens = [token for ids in asked.ids(some) for token in ids]
    except ModelError as problem:
        return _none(problem.message)
    size = len(vocabulary)
    return CountedData(
        texts=len(some),
        characters=sum(map(len, some)),
        words=_words(some, language.split("-")[0]),
        tokens=len(tokens),
        unknown=sum(token == asked.unknown for token in tokens),
        bytes=sum(token < size and vocabulary.kinds[token] == "byte" for token in tokens),
    )


def _none(reason: str) -> CountedData:
    return CountedData(texts=0, characters=0, words=0, tokens=0, unknown=0, bytes=0, reason=reason)


def _words(some: Sequence[str], language: str) -> int:
    """The number of words; 0 for a language whose words are not known."""
    if language in _UNSPACED:
        return 0
    return sum(map(_japanese() if language == "ja" else _spaced(), some))


def _japanese() -> Callable[[str], int]:
    look_up = tagger()
    return lambda text: sum(word.feature.pos1 not in _NO_WORDS for word in look_up(text))


def _spaced() -> Callable[[str], int]:
    import regex

    word = regex.compile(_WORD)
    return lambda text: sum(1 for _ in word.finditer(text))
