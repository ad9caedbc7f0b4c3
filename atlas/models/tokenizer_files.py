"""The token of every row of a checkpoint's tokenizer: as its files say it where they alone decide,
else as transformers does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models import tokenizer_asked, tokenizer_classes, tokenizer_special
from atlas.models.checkpoint import read_json
from atlas.models.tokenizer_classes import KIN, Kin, Named
from atlas.models.vocabulary_files import PIECES, TOKENIZERS


def _bytes() -> dict[str, int]:
    """GPT-2's table from printable stand-ins back to bytes (Radford et al. 2019,
    `bytes_to_unicode`)."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    spare = [value for value in range(256) if value not in kept]
    return {chr(value): value for value in kept} | {
        chr(256 + place): value for place, value in enumerate(spare)
    }


BYTES = _bytes()

# Special where no class is stated and no file says so.
_DEFAULTS = {
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "<s>",
    "</s>",
    "<pad>",
    "<unk>",
    "<mask>",
    "<|endoftext|>",
}

# Families of classes whose tokens do not show it.
_FAMILIES = {
    "ByT5Tokenizer": "bytes",
    "PerceiverTokenizer": "bytes",
    "MyT5Tokenizer": "bytes",
    "EsmTokenizer": "wordlevel",
    "GPTNeoXJapaneseTokenizer": "wordlevel",
    "CpmAntTokenizer": "wordlevel",
}


@dataclass(frozen=True)
class Tokens:
    """What a tokenizer says.

    rows      tokens by id; rows that have none are left out
    family    as in records.Vocabulary
    special   ids of special tokens
    added     ids of all tokens that are not of the base vocabulary
    """

    rows: dict[int, str]
    family: str
    special: set[int]
    added: set[int]


def load(location: str) -> Tokens:
    """The tokens of a checkpoint's tokenizer. Raises ModelError naming the file that cannot be
    read, or the package that is lacking."""
    found = tokenizer_classes.named(
        read_json(location, "config.json") or {}, read_json(location, "tokenizer_config.json") or {}
    )
    name = tokenizer_classes.file_of(found, lambda name: _there(location, name))
    if name is None:
        return _asked(location, found)
    path = checkpoints.fetch(location, name)
    if path is None:  # pragma: no cover  # it was there a moment ago
        raise ModelError(f"{location}: {name} is gone", "Is the download complete?")
    kin = KIN.get(found.name)
    return _read(path, lambda: _by_file(path, location, kin))


def load_fast(folder: Path) -> Tokens:
    """The tokens of a folder's tokenizer.json as `tokenizers` reads it, where no class of
    transformers does. Raises ModelError."""
    path = folder / "tokenizer.json"
    return _read(path, lambda: _by_file(path, f"path:{folder}", None))


def _there(location: str, name: str) -> bool:
    return checkpoints.fetch(location, name) is not None


def _read(path: Path, read: Callable[[], Tokens]) -> Tokens:
    try:
        return read()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as problem:
        raise ModelError(
            f"{path}: not a tokenizer file ({problem!r})", "Is the download complete?"
        ) from problem


def _by_file(path: Path, location: str, kin: Kin | None) -> Tokens:
    if path.name == "tokenizer.json":
        found = json.loads(path.read_text(encoding="utf-8"))
        return _fast(found, location, kin)
    if path.name.endswith(PIECES):
        return _pieces(path, location)
    rows = _lines(path) if path.name == "vocab.txt" else _entries(path)
    return _slow(rows, _family_of(rows.values(), path.name), location, kin)


# --- tokenizer.json


def _fast(found: dict[str, Any], location: str, kin: Kin | None) -> Tokens:
    """As `tokenizers` numbers them: a token that the vocabulary lacks comes after the last one,
    whatever id is written beside it. Where no class is stated, the ids are those written."""
    entries = found["model"]["vocab"]
    if isinstance(entries, list):  # Unigram: pairs of piece and score
        rows = {row: str(entry[0]) for row, entry in enumerate(entries)}
        known = {token: row for row, token in rows.items()}
    else:
        known = {str(token): int(row) for token, row in entries.items()}
        rows = {row: token for token, row in known.items()}
    inside = found.get("added_tokens") or []
    beside = tokenizer_special.added(location)
    padding = (found.get("padding") or {}).get("pad_token")
    special = tokenizer_special.special(location, kin or Kin(), padding)
    if kin is None:
        places = {str(entry["content"]): int(entry["id"]) for entry in inside}
    else:
        places = number([str(entry["content"]) for entry in inside], known, {})
    places = number([*(beside[row][0] for row in sorted(beside)), *special], known, places)
    named = {str(entry["content"]) for entry in inside if entry.get("special")} | set(special)
    named |= {token for token, flagged in beside.values() if flagged}
    return Tokens(
        rows | {row: token for token, row in places.items()},
        _family(found, rows.values()),
        {places[token] for token in named if token in places},
        set(places.values()),
    )


def number(tokens: Sequence[str], known: dict[str, int], places: dict[str, int]) -> dict[str, int]:
    """Ids of added tokens as `tokenizers` gives them (AddedVocabulary.add_tokens): of the
    vocabulary if it has the token, else the next after all. `places` are those of tokens added
    before; returned with them."""
    places = dict(places)
    last = max(places.values(), default=-1)
    for token in tokens:
        if token and token not in places:
            places[token] = known.get(token, max(last + 1, len(known)))
            last = max(last, places[token])
    return places


def _family(found: dict[str, Any], tokens: Iterable[str]) -> str:
    kind = found["model"].get("type")
    parts = json.dumps([found.get("pre_tokenizer"), found.get("decoder"), found.get("normalizer")])
    if kind == "WordPiece" or (kind is None and '"WordPiece"' in parts):
        return "wordpiece"
    if '"ByteLevel"' in parts:
        return "byte-level-bpe"
    if (
        kind == "Unigram"
        or '"Metaspace"' in parts
        or "▁" in parts
        or any(token.startswith("▁") for token in tokens)
    ):
        return "sentencepiece"
    return "wordlevel" if kind == "WordLevel" else "bpe"


# --- files of the slow tokenizers


def _lines(path: Path) -> dict[int, str]:
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = dict(enumerate(lines[:-1] if lines[-1] == "" else lines))
    if rows and all(re.fullmatch(r".+ \d+", token) for token in rows.values()):
        raise ValueError("tokens and their counts, as fairseq writes them, without ids")
    return rows


def _entries(path: Path) -> dict[int, str]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return {int(row): str(token) for token, row in found.items()}


def _slow(rows: dict[int, str], family: str, location: str, kin: Kin | None) -> Tokens:
    """As PreTrainedTokenizer numbers them: added tokens at the ids given, then what special tokens
    are lacking after as many ids as there are tokens. Where a line comes twice, that is not the
    last row; the file's own rows stay."""
    beside = tokenizer_special.added(location)
    given = {row: token for row, (token, _) in beside.items()}
    whole = rows | given
    known = {token: row for row, token in rows.items()}
    known |= {token: row for row, token in given.items()}
    special = tokenizer_special.special(location, kin or Kin())
    lacking = [token for token in special if token not in known] if kin else []
    known |= {token: row for row, token in enumerate(lacking, len(known))}
    whole = {known[token]: token for token in lacking} | whole
    flagged = {row for row, (_, special) in beside.items() if special}
    named = set(special) if kin else _DEFAULTS.union(special)
    return Tokens(
        whole,
        family,
        flagged | {known[token] for token in named if token in known},
        given.keys() | {row for row in whole if row not in rows},
    )


def _pieces(path: Path, location: str) -> Tokens:
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_file=str(path))
    rows = range(pieces.get_piece_size())
    control = {row for row in rows if pieces.is_control(row) or pieces.is_unknown(row)}
    found = _slow({row: pieces.id_to_piece(row) for row in rows}, "sentencepiece", location, None)
    return Tokens(found.rows, found.family, control | found.special, found.added)


def _family_of(tokens: Iterable[str], name: str = "") -> str:
    """By the tokens themselves, and the file that they stand in."""
    tokens = list(tokens)
    if name == "vocab.txt":
        return "wordpiece"
    if any(token.startswith("▁") for token in tokens):
        return "sentencepiece"
    if marked(tokens, "@@") or (
        marked(tokens, "</w>") and not BYTES.keys() >= set("".join(tokens))
    ):
        return "bpe"
    return "byte-level-bpe"


def marked(tokens: Iterable[str], mark: str) -> bool:
    """Whether many tokens end so: as a token of its own or two, any vocabulary may hold `</w>` or
    `@@`."""
    ends = [token.endswith(mark) for token in tokens]
    return sum(ends) > len(ends) / 10


# --- what is asked of transformers


def _asked(location: str, found: Named) -> Tokens:
    path = checkpoints.fetch(location, "tokenizer.json")
    try:
        rows, special, added = tokenizer_asked.rows(location, fast=path is not None)
    except ModelError as problem:
        if path is None:
            lacking = isinstance(problem, tokenizer_asked.Lacking)
            if not lacking and not any(_there(location, name) for name in TOKENIZERS):
                raise ModelError(
                    f"{location}: no tokenizer found; {problem.message}",
                    f"A checkpoint needs one of {', '.join(TOKENIZERS)}.",
                ) from problem
            raise
        # What transformers cannot make, such as one of a class that it does not have, and
        # `tokenizers` cannot either: the file itself says which token stands at which row.
        whole = path
        return _read(whole, lambda: _by_file(whole, location, None))
    if path is not None:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Tokens(rows, _family(content, rows.values()), special, added)
    lines = checkpoints.fetch(location, "vocab.txt")
    family = _FAMILIES.get(found.name) or _family_of(rows.values())
    if family == "byte-level-bpe" and lines is not None:
        family = "wordpiece"
    return Tokens(rows, family, special, added)
