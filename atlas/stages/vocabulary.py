"""A tokenizer's tokens, as a person reads them: text, kind and script.

WordPiece keeps `##` before a continuation. Byte-level BPE and SentencePiece mark the start of a word with `Ġ` and `▁`, which
read as `␣`; a token without the mark is a continuation. Bytes that are not text on their own read as `<0xE3>`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from atlas import checkpoints
from atlas.data import Vocabulary
from atlas.errors import ModelError
from atlas.stages.describe import read_json
from atlas.stages.vectors import table_rows

VERSION = 2

# Unicode scripts worth naming; the rest is "Other".
SCRIPTS = (
    "Latin", "Han", "Hiragana", "Katakana", "Hangul", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil",
    "Telugu", "Thai", "Armenian", "Georgian", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar",
    "Ethiopic", "Tibetan", "Mongolian", "Lao",
)  # fmt: skip
_UNUSED = r"\[unused\d+\]|<unused\d+>|<extra_id_\d+>|madeupword\d+|<\|?reserved_\w+\|?>|<0x[0-9A-F]{2}>_unused|<row \d+>"


def vocabulary(*, location: str) -> Vocabulary:
    """The tokens of a checkpoint's tokenizer in id order, one for each row of its embedding table.

    Rows beyond the tokenizer, which some models have as padding, and holes in its ids become `<row N>` of kind unused; tokens
    beyond the table are left out, as they have no vector. Raises ModelError when there is no tokenizer that can be read.
    """
    import regex

    tokens, family, special = _load(location)
    rows = table_rows(location) or (max(tokens, default=-1) + 1)
    names = tuple(tokens.get(row, f"<row {row}>") for row in range(rows))
    read = _READERS[family]
    unused = regex.compile(_UNUSED)
    texts, kinds, scripts = [], [], []
    for row, token in enumerate(names):
        if unused.fullmatch(token):
            text, kind = token, "unused"
        elif row in special:
            text, kind = _visible(token), "special"
        else:
            text, kind = read(token)
        texts.append(text)
        kinds.append(kind)
        scripts.append(script(text) if kind in ("word", "continuation") else "")
    return Vocabulary(names, tuple(texts), tuple(kinds), tuple(scripts), family)


def script(text: str) -> str:
    """The script most of a text's letters are in; kanji mixed with kana are "Kanji and kana"; without letters, "Digits",
    "Punctuation" or "Symbols"."""
    counts: dict[str, int] = {}
    for character in (text.removeprefix("##") or text).removeprefix("␣"):
        found = _script(character)
        counts[found] = counts.get(found, 0) + 1
    letters = {name: count for name, count in counts.items() if name not in ("Digits", "Punctuation", "Symbols", "")}
    if "Han" in letters and {"Hiragana", "Katakana"} & letters.keys():
        return "Kanji and kana"
    chosen = letters or {name: count for name, count in counts.items() if name}
    return max(chosen, key=lambda name: chosen[name], default="")


@cache
def _script(character: str) -> str:
    import regex

    category = unicodedata.category(character)
    if character in "ー":
        return "Katakana"
    if category.startswith("N") and not regex.match(r"\p{Script=Han}", character):
        return "Digits"
    if category.startswith("P"):
        return "Punctuation"
    if category.startswith("M"):
        return ""
    if category[0] in "LN":
        return next((name for name in SCRIPTS if regex.match(rf"\p{{Script={name}}}", character)), "Other")
    return "Symbols"


def _visible(text: str) -> str:
    """Text that can be printed on a page: control, format and private characters and lone surrogates by their number."""
    if text.isprintable() and text.isascii():
        return text
    shown = []
    for character in text:
        if character == "\n":
            shown.append("⏎")
        elif character == "\t":
            shown.append("⇥")
        elif character == "\u3000":
            shown.append("□")
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs") and character != " ":
            shown.append(f"<U+{ord(character):04X}>")
        else:
            shown.append(character)
    return "".join(shown)


def _wordpiece(token: str) -> tuple[str, str]:
    return _visible(token), "continuation" if token.startswith("##") and len(token) > 2 else "word"


def _plain(token: str) -> tuple[str, str]:
    return _visible(token), "word"


def _sentencepiece(token: str) -> tuple[str, str]:
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return token, "byte"
    text = _visible(token.replace("▁", "␣"))
    return text, "word" if token.startswith("▁") else "continuation"


def _bytelevel(token: str) -> tuple[str, str]:
    table = _byte_of()
    if not all(character in table for character in token):
        return _visible(token), "word"  # an added token, kept as it is written
    raw = bytes(table[character] for character in token)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(_piece(part) for part in _utf8_parts(raw)), "byte"
    if len(raw) == 1 and not text.isprintable():
        return _visible(text) if text in "\n\t" else f"<0x{raw[0]:02X}>", "byte"
    words = text.startswith(" ")
    return _visible(text.replace(" ", "␣")), "word" if words else "continuation"


def _piece(part: bytes) -> str:
    try:
        return _visible(part.decode("utf-8").replace(" ", "␣"))
    except UnicodeDecodeError:
        return "".join(f"<0x{value:02X}>" for value in part)


def _utf8_parts(raw: bytes) -> Iterable[bytes]:
    """The whole characters and the stray bytes of a byte string, in order."""
    start = 0
    while start < len(raw):
        for length in (1, 2, 3, 4):
            try:
                raw[start : start + length].decode("utf-8")
            except UnicodeDecodeError:
                continue
            break
        else:
            length = 1
        yield raw[start : start + length]
        start += length


@cache
def _byte_of() -> dict[str, int]:
    """GPT-2's table from printable stand-ins back to bytes (Radford et al. 2019, `bytes_to_unicode`)."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(value): value for value in kept}
    spare = 0
    for value in range(256):
        if value not in kept:
            table[chr(256 + spare)] = value
            spare += 1
    return table


_READERS: dict[str, Callable[[str], tuple[str, str]]] = {
    "wordpiece": _wordpiece,
    "byte-level-bpe": _bytelevel,
    "sentencepiece": _sentencepiece,
    "bpe": _plain,
    "wordlevel": _plain,
}


# Files that may hold the vocabulary, the most complete first.
_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model")


def _load(location: str) -> tuple[dict[int, str], str, set[int]]:
    """Tokens by id, the family, and the ids of special tokens. Raises ModelError naming the file that cannot be read."""
    path = next((found for name in _FILES if (found := checkpoints.fetch(location, name))), None)
    if path is None:
        raise ModelError(f"{location}: no tokenizer found", f"A checkpoint needs one of {', '.join(_FILES)}.")
    try:
        return _parse(path, location)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as problem:
        raise ModelError(f"{path}: not a tokenizer file ({problem!r})", "Is the download complete?") from problem


def _parse(path: Path, location: str) -> tuple[dict[int, str], str, set[int]]:
    if path.name == "tokenizer.json":
        return _fast(path)
    if path.name == "sentencepiece.bpe.model":
        return _told(location)
    added, special = _added(location)
    if path.name == "vocab.txt":
        lines = path.read_text(encoding="utf-8").split("\n")
        tokens = dict(enumerate(line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)))
        return tokens | added, "wordpiece", _named(tokens, location) | special
    if path.name == "vocab.json":
        tokens = {row: token for token, row in json.loads(path.read_text(encoding="utf-8")).items()}
        return tokens | added, "byte-level-bpe", _named(tokens, location) | special
    tokens, control = _sentencepieces(path)
    return tokens | added, "sentencepiece", control | special


def _fast(path: Path) -> tuple[dict[int, str], str, set[int]]:
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
    return tokens, _family(found, model.get("type"), tokens.values()), special


def _family(found: dict[str, object], kind: str | None, tokens: Iterable[str]) -> str:
    parts = json.dumps([found.get("pre_tokenizer"), found.get("decoder"), found.get("normalizer")])
    if kind == "WordPiece" or (kind is None and '"WordPiece"' in parts):
        return "wordpiece"
    if '"ByteLevel"' in parts:
        return "byte-level-bpe"
    if kind == "Unigram" or '"Metaspace"' in parts or "▁" in parts or any(token.startswith("▁") for token in tokens):
        return "sentencepiece"
    return "wordlevel" if kind == "WordLevel" else "bpe"


def _added(location: str) -> tuple[dict[int, str], set[int]]:
    """Tokens added beside the base vocabulary, as tokenizer_config.json and added_tokens.json give them."""
    decoder = (read_json(location, "tokenizer_config.json") or {}).get("added_tokens_decoder") or {}
    tokens = {int(row): str(entry["content"]) for row, entry in decoder.items()}
    special = {int(row) for row, entry in decoder.items() if entry.get("special")}
    tokens |= {int(row): token for token, row in (read_json(location, "added_tokens.json") or {}).items()}
    return tokens, special


def _named(tokens: dict[int, str], location: str) -> set[int]:
    """Ids of the tokens that special_tokens_map.json names."""
    names: set[str] = set()
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


def _told(location: str) -> tuple[dict[int, str], str, set[int]]:
    """What transformers says: XLM-RoBERTa and its kin count ids otherwise than their SentencePiece model does."""
    name, revision = checkpoints.pretrained(location)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, use_fast=False)
    rows = range(len(tokenizer))
    tokens = dict(zip(rows, tokenizer.convert_ids_to_tokens(list(rows)), strict=True))
    return tokens, "sentencepiece", set(tokenizer.all_special_ids)
