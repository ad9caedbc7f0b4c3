"""The tokens that a tokenizer's files hold, by id: tokenizer.json, or the files of the slow
tokenizers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import read_json
from atlas.models.vocabulary_files import TOKENIZERS


def _bytes() -> dict[str, int]:
    """GPT-2's table from printable stand-ins back to bytes (Radford et al. 2019,
    `bytes_to_unicode`)."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    spare = [value for value in range(256) if value not in kept]
    return {chr(value): value for value in kept} | {
        chr(256 + place): value for place, value in enumerate(spare)
    }


BYTES = _bytes()
_SHIFTED = (
    "xlm-roberta",
    "camembert",
    "mbart",
    "xglm",
    "pegasus",
    "bigbird_pegasus",
)  # ids are not those of the SentencePiece model

# Special by the defaults of the slow tokenizers' classes; older checkpoints do not say so in a
# file.
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

# Tokens by id, the family, and the ids of special and of all added tokens.
Read = tuple[dict[int, str], str, set[int], set[int]]


def load(location: str) -> Read:
    """What the best of a checkpoint's tokenizer files holds. Raises ModelError naming the file that
    cannot be read."""
    path = next(
        (found for name in TOKENIZERS if (found := checkpoints.fetch(location, name))), None
    )
    if path is None:
        raise ModelError(
            f"{location}: no tokenizer found", f"A checkpoint needs one of {', '.join(TOKENIZERS)}."
        )
    try:
        return _parse(path, location)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as problem:
        raise ModelError(
            f"{path}: not a tokenizer file ({problem!r})", "Is the download complete?"
        ) from problem


def _parse(path: Path, location: str) -> Read:
    if path.name == "tokenizer.json":
        return _fast(path)
    kind = (read_json(location, "config.json") or {}).get("model_type")
    if path.name == "sentencepiece.bpe.model" or (path.suffix == ".model" and kind in _SHIFTED):
        return _told(location, "sentencepiece")
    added, special = _added(location)
    if path.name == "vocab.txt":
        lines = path.read_text(encoding="utf-8").split("\n")
        tokens = dict(
            enumerate(
                line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)
            )
        )
        if tokens and all(
            re.fullmatch(r".+ \d+", token) for token in tokens.values()
        ):  # fairseq's: tokens and their counts
            return _told(location, "bpe")
        return tokens | added, "wordpiece", _named(tokens, location) | special, set(added)
    if path.name == "vocab.json":
        tokens = {row: token for token, row in json.loads(path.read_text(encoding="utf-8")).items()}
        family = "byte-level-bpe"
        if any(token.startswith("▁") for token in tokens.values()):
            family = "sentencepiece"
        elif marked(tokens.values(), "@@") or (
            marked(tokens.values(), "</w>") and not BYTES.keys() >= set("".join(tokens.values()))
        ):
            family = "bpe"
        return tokens | added, family, _named(tokens, location) | special, set(added)
    tokens, control = _sentencepieces(path)
    return tokens | added, "sentencepiece", control | special, set(added)


def _fast(path: Path) -> Read:
    found = json.loads(path.read_text(encoding="utf-8"))
    model = found["model"]
    entries = model["vocab"]
    if isinstance(entries, list):  # Unigram: pairs of piece and score
        tokens = {row: str(entry[0]) for row, entry in enumerate(entries)}
    else:
        tokens = {int(row): str(token) for token, row in entries.items()}
    added = found.get("added_tokens") or []
    tokens |= {int(entry["id"]): str(entry["content"]) for entry in added}
    special = {int(entry["id"]) for entry in added if entry.get("special")}
    return (
        tokens,
        _family(found, model.get("type"), tokens.values()),
        special,
        {int(entry["id"]) for entry in added},
    )


def _family(found: dict[str, object], kind: str | None, tokens: Iterable[str]) -> str:
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


def marked(tokens: Iterable[str], mark: str) -> bool:
    """Whether many tokens end so: as a token of its own or two, any vocabulary may hold `</w>` or
    `@@`."""
    ends = [token.endswith(mark) for token in tokens]
    return sum(ends) > len(ends) / 10


def _added(location: str) -> tuple[dict[int, str], set[int]]:
    """Tokens added beside the base vocabulary, as tokenizer_config.json and added_tokens.json give
    them."""
    decoder = (read_json(location, "tokenizer_config.json") or {}).get("added_tokens_decoder") or {}
    tokens = {int(row): str(entry["content"]) for row, entry in decoder.items()}
    special = {int(row) for row, entry in decoder.items() if entry.get("special")}
    tokens |= {
        int(row): token for token, row in (read_json(location, "added_tokens.json") or {}).items()
    }
    return tokens, special


def _named(tokens: dict[int, str], location: str) -> set[int]:
    """Ids of the tokens that special_tokens_map.json names, or that are special without being
    named."""
    names = set(_DEFAULTS)
    for value in (read_json(location, "special_tokens_map.json") or {}).values():
        for entry in value if isinstance(value, list) else [value]:
            names.add(entry["content"] if isinstance(entry, dict) else str(entry))
    return {row for row, token in tokens.items() if token in names}


def _sentencepieces(path: Path) -> tuple[dict[int, str], set[int]]:
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_file=str(path))
    rows = range(pieces.get_piece_size())
    control = {row for row in rows if pieces.is_control(row) or pieces.is_unknown(row)}
    return {row: pieces.id_to_piece(row) for row in rows}, control


def _told(location: str, family: str) -> Read:
    """What transformers says: XLM-RoBERTa and its kin count ids otherwise than the files of their
    tokenizers do."""
    name, revision = checkpoints.pretrained(location)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        name, revision=revision, use_fast=False, trust_remote_code=False
    )
    rows = range(len(tokenizer))
    tokens = dict(zip(rows, tokenizer.convert_ids_to_tokens(list(rows)), strict=True))
    return tokens, family, set(tokenizer.all_special_ids), set(tokenizer.get_added_vocab().values())
