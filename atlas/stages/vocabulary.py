"""A tokenizer's tokens, as a person reads them: text, kind and script.

WordPiece keeps `##` before a continuation. Byte-level BPE and SentencePiece mark the start of a word with `Ġ` and `▁`, which
read as `␣`; a token without the mark is a continuation. Where BPE marks the end of a word instead (`</w>`), that reads as `␣`,
and a token without it is a continuation, like one that ends in `@@`. Bytes that are not text on their own read as `<0xE3>`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, partial

from atlas.data import Vocabulary
from atlas.stages.tokens import BYTES, load, marked
from atlas.stages.vectors import table_rows

VERSION = 3

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

    tokens, family, special, added = load(location)
    rows = table_rows(location) or (max(tokens, default=-1) + 1)
    names = tuple(tokens.get(row, f"<row {row}>") for row in range(rows))
    read = _READERS[family]
    if family.endswith("bpe") and marked(names, "</w>"):
        read = partial(_with_ends, read=read)
    unused = regex.compile(_UNUSED)
    texts, kinds, scripts = [], [], []
    for row, token in enumerate(names):
        if unused.fullmatch(token):
            text, kind = token, "unused"
        elif row in special:
            text, kind = _visible(token), "special"
        elif row in added and family != "wordpiece":  # kept as it is written: not in the tokenizer's own signs
            text, kind = _visible(token.replace(" ", "␣").replace("▁", "␣")), "word"
        else:
            text, kind = read(token)
        texts.append(text)
        kinds.append(kind)
        scripts.append(script(text) if kind in ("word", "continuation") else "")
    return Vocabulary(tuple(_whole(token) for token in names), tuple(texts), tuple(kinds), tuple(scripts), family)


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


def _whole(token: str) -> str:
    """A token without lone surrogates, which no file can hold."""
    return token if token.isprintable() else token.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wordpiece(token: str) -> tuple[str, str]:
    return _visible(token), "continuation" if token.startswith("##") and len(token) > 2 else "word"


def _plain(token: str) -> tuple[str, str]:
    return _visible(token), "continuation" if token.endswith("@@") and len(token) > 2 else "word"


def _with_ends(token: str, read: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    """A token of a BPE vocabulary that marks where words end, as GPT's does and CLIP's, which is byte-level besides."""
    body = token.removesuffix("</w>")
    text, kind = read(body)
    if kind == "byte":
        return text, kind
    return (f"{text}␣", "word") if body != token else (text, "continuation")


def _sentencepiece(token: str) -> tuple[str, str]:
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return token, "byte"
    text = _visible(token.replace("▁", "␣"))
    return text, "word" if token.startswith("▁") else "continuation"


def _bytelevel(token: str) -> tuple[str, str]:
    if not all(character in BYTES for character in token):
        return _visible(token), "word"  # an added token, kept as it is written
    raw = bytes(BYTES[character] for character in token)
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


_READERS: dict[str, Callable[[str], tuple[str, str]]] = {
    "wordpiece": _wordpiece,
    "byte-level-bpe": _bytelevel,
    "sentencepiece": _sentencepiece,
    "bpe": _plain,
    "wordlevel": _plain,
}
