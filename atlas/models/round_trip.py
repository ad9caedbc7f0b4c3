"""Which tokens a tokenizer can give back: each is decoded and encoded again, alone and within other
text, until it comes out.

A token that comes out of none is one that no text is known to lead to. Of a token that is part of a
character no text can be made for certain; it is told apart from those.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from atlas.engine.stage import helper
from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models import tokenizer_asked
from atlas.models.checkpoint import read_json
from atlas.models.tokenizer_files import BYTES

ROUND_TRIP = helper("round_trip", version=1)

# What may stand before a token, each tried where those before it did not lead to it. Tokenizers
# part text at other scripts, signs and numbers, so that a part of a word needs one of its own kind.
_BEFORE = (
    *("", "x", "a", "un", "é", "1", "(", "の", "か", "ア", "人", "가", "и", "α", "ا", "א", "क"),
    *("ก", "\n", "a ", "_", ".", "q", "the", "z", "9"),
)
_AFTER = ("a", "x", ")", "1", "の")  # what may stand behind it
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
NEVER = frozenset((0xC0, 0xC1, *range(0xF5, 0x100)))  # bytes that are in no UTF-8 (RFC 3629)

# Bytes around a part of a character that may make whole ones of it.
_STARTS = (b"", b"\xc3", b"\xd0", b"\xe3", b"\xe4", b"\xec", b"\xe3\x81", b"\xe4\xb8", b"\xea\xb0")
_LEADS = (
    *_STARTS,
    b"\xe2\x80",
    b"\xe0\xa4",
    b"\xf0\x9f",
    b"\xf0\x9f\x98",
    b"\xf0\x9d\x90",
    b"\xf0",
)
_TAILS = (
    b"",
    b"\x80",
    b"\xa9",
    b"\x80\x80",
    b"\x81\x82",
    b"\xb8\xad",
    b"\x98\x80",
    b"\x9f\x98\x80",
)


@dataclass(frozen=True)
class Tested:
    """What came of it.

    how     `tokenizer`, the whole of it; `subwords`, the step that parts words alone, where a
            dictionary finds them; `none`, where the tokenizer is not one that is asked here
    never   ids that no text is known to lead to
    parts   ids of parts of characters that no text was found for
    """

    how: str
    never: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()


@dataclass
class _Open:
    """The tokens that did not come out yet, and the texts to try by id."""

    texts: dict[int, str]
    pieces: dict[int, bytes] = field(default_factory=dict)


Backend = Any  # the Tokenizer of `tokenizers`, which has no types
Ids = Callable[[Sequence[str]], list[list[int]]]


def test(location: str, rows: Mapping[int, str], family: str, added: frozenset[int]) -> Tested:
    """Test the tokens `rows` by id of a checkpoint; `added` are kept as they are written. Raises
    ModelError where its tokenizer cannot be made."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    path = checkpoints.fetch(location, "tokenizer.json")
    if path is not None:
        return of_file(path, rows, family, added)
    config = read_json(location, "tokenizer_config.json") or {}
    if config.get("word_tokenizer_type") not in (None, "basic"):
        return _of_words(rows, config, added)
    try:
        backend = getattr(tokenizer_asked.tokenizer(location), "backend_tokenizer", None)
    except ModelError:
        backend = None
    return _tested(backend, rows, family, added) if backend is not None else Tested("none")


def of_file(path: Path, rows: Mapping[int, str], family: str, added: frozenset[int]) -> Tested:
    """Test tokens by a tokenizer.json. Raises ModelError for one that cannot be read."""
    from tokenizers import Tokenizer

    try:
        made = Tokenizer.from_file(str(path))
    except Exception as problem:  # `tokenizers` raises it bare
        raise ModelError(
            f"{path}: not a tokenizer file ({problem})", "Is the download complete?"
        ) from problem
    return _tested(made, rows, family, added)


def _tested(
    tokenizer: Backend, rows: Mapping[int, str], family: str, added: frozenset[int]
) -> Tested:
    def ids(texts: Sequence[str]) -> list[list[int]]:
        found = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in found]

    return _tried(ids, _surfaces(rows, family, added))


def _of_words(
    rows: Mapping[int, str], config: Mapping[str, object], added: frozenset[int]
) -> Tested:
    """The step of BertJapaneseTokenizer that parts words, where it is WordPiece, without the
    dictionary that finds them: any text may be a word of one."""
    if config.get("subword_tokenizer_type", "wordpiece") != "wordpiece":
        return Tested("none")
    from tokenizers import Tokenizer, models

    vocabulary = {token: row for row, token in rows.items()}
    unknown = str(config.get("unk_token") or "[UNK]")
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown, max_input_chars_per_word=200))
    told = config.get("mecab_kwargs")
    plain = not isinstance(told, dict) or told.get("normalize_text", True)
    lower = bool(config.get("do_lower_case"))

    def ids(texts: Sequence[str]) -> list[list[int]]:
        clean = [unicodedata.normalize("NFKC", text) if plain else text for text in texts]
        clean = [text.lower() if lower else text for text in clean]
        return [
            encoding.ids for encoding in made.encode_batch_fast(clean, add_special_tokens=False)
        ]

    left = _surfaces({row: token for row, token in rows.items() if row not in added}, "wordpiece")
    found = _tried(ids, left)
    return Tested("subwords", found.never, found.parts)


def _surfaces(rows: Mapping[int, str], family: str, added: frozenset[int] = frozenset()) -> _Open:
    """The text of each token, without the signs of its tokenizer; of a part of a character its
    bytes."""
    left = _Open({})
    for row, token in rows.items():
        byte = _BYTE.fullmatch(token)
        if row in added:
            left.texts[row] = token
        elif byte and family != "wordpiece":
            left.pieces[row] = bytes([int(byte[1], 16)])
        elif family == "byte-level-bpe" and BYTES.keys() >= set(token):
            left.pieces[row] = bytes(BYTES[sign] for sign in token)
        elif family == "wordpiece":
            left.texts[row] = token.removeprefix("##") or token
        elif family == "sentencepiece":
            left.texts[row] = token.replace("▁", " ")
        else:
            left.texts[row] = token.replace("</w>", " ").removesuffix("@@")
    for row, piece in list(left.pieces.items()):
        try:
            left.texts[row] = piece.decode()
            del left.pieces[row]
        except UnicodeDecodeError:
            pass
    return left


def _tried(ids: Ids, left: _Open) -> Tested:
    """Try all texts, and those with something before or behind them for what did not come out."""
    texts = dict(left.texts)
    for before, behind in [*((sign, "") for sign in _BEFORE), *(("", sign) for sign in _AFTER)]:
        _drop(ids, texts, {row: before + text + behind for row, text in texts.items()})
    _drop(ids, texts, {row: text * 2 for row, text in texts.items()})
    _drop(ids, texts, {row: text.strip() for row, text in texts.items()})
    pieces = dict(left.pieces)
    for lead, tail in product(_LEADS, _TAILS):
        _drop(ids, pieces, dict(_whole(pieces, lead, tail)))
    never = {row for row, piece in pieces.items() if NEVER & set(piece)}
    return Tested(
        "tokenizer", tuple(sorted(never | texts.keys())), tuple(sorted(pieces.keys() - never))
    )


def _whole(pieces: Mapping[int, bytes], before: bytes, behind: bytes) -> Iterator[tuple[int, str]]:
    for row, piece in pieces.items():
        try:
            yield row, (before + piece + behind).decode()
        except UnicodeDecodeError:
            continue


def _drop(ids: Ids, left: dict[int, str] | dict[int, bytes], texts: Mapping[int, str]) -> None:
    """Take out of `left` what its text leads to."""
    if not texts:
        return
    for row, found in zip(texts, ids(list(texts.values())), strict=True):
        if row in found:
            del left[row]
