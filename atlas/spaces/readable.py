"""Tokens as a person reads them, and their scripts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from atlas.models.tokenizer_files import BYTES

# Unicode scripts worth naming; the rest is "Other".
SCRIPTS = (
    "Latin",
    "Han",
    "Hiragana",
    "Katakana",
    "Hangul",
    "Cyrillic",
    "Greek",
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Bengali",
    "Tamil",
    "Telugu",
    "Thai",
    "Armenian",
    "Georgian",
    "Gujarati",
    "Gurmukhi",
    "Kannada",
    "Malayalam",
    "Sinhala",
    "Khmer",
    "Myanmar",
    "Ethiopic",
    "Tibetan",
    "Mongolian",
    "Lao",
)


# A character told by its number is a symbol, not a word.
_NUMBERED = re.compile(r"<U\+[0-9A-F]{4,6}>")


def script(text: str) -> str:
    """The script most of a text's letters are in; kanji mixed with kana are "Kanji and kana";
    without letters, "Digits", "Punctuation" or "Symbols"."""
    counts: dict[str, int] = {}
    plain = _NUMBERED.sub("\u25a1", text)
    for character in (plain.removeprefix("##") or plain).removeprefix("␣"):
        found = _script(character)
        counts[found] = counts.get(found, 0) + 1
    letters = {
        name: count
        for name, count in counts.items()
        if name not in ("Digits", "Punctuation", "Symbols", "")
    }
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
        return next(
            (name for name in SCRIPTS if regex.match(rf"\p{{Script={name}}}", character)), "Other"
        )
    return "Symbols"


def visible(text: str) -> str:
    """Text that can be printed on a page: control, format and private characters and lone
    surrogates by their number."""
    if text.isprintable() and text.isascii():
        return text
    shown = []
    for character in text:
        if character in _SIGNS:
            shown.append(_SIGNS[character])
        elif (
            unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")
            and character != " "
        ):
            shown.append(_by_number(character))
        else:
            shown.append(character)
    return "".join(shown)


# What stands for a line break, a carriage return and a tab.
_SIGNS = {"\n": "⏎", "\r": "␍", "\t": "⇥"}
_MARKS = ("␣", *_SIGNS.values())
# What says that a word begins or ends, or that a token goes on with one.
_ENDS = "␣", "##", "@@"


def _by_number(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def unmarked(text: str) -> str:
    """Text whose own `␣`, `⏎`, `␍` and `⇥` are told by their number, so that no other token reads
    like it."""
    for mark in _MARKS:
        text = text.replace(mark, _by_number(mark))
    return text


def bare(text: str) -> str:
    """A readable text without the marks of a word's start, its end and a continuation, which differ
    between kinds of tokenizers; as it is where there is nothing else."""
    for mark in _ENDS:
        text = text.removeprefix(mark).removesuffix(mark) or text
    return text


def told_apart(tokens: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """Texts of which no two stand for tokens that differ: one that reads as an earlier one says its
    row besides."""
    first: dict[str, str] = {}
    found = []
    for row, (token, text) in enumerate(zip(tokens, texts, strict=True)):
        same = first.setdefault(text, token) == token
        found.append(text if same else f"{text} <row {row}>")
    return tuple(found)


def whole_token(token: str) -> str:
    """A token without lone surrogates, which no file can hold."""
    return (
        token
        if token.isprintable()
        else token.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def _wordpiece(token: str) -> tuple[str, str]:
    return visible(unmarked(token)), "continuation" if token.startswith("##") and len(
        token
    ) > 2 else "word"


def _plain(token: str) -> tuple[str, str]:
    text = visible(unmarked(token))
    return text, "continuation" if token.endswith("@@") and len(token) > 2 else "word"


def _bytes(token: str) -> tuple[str, str]:
    """A byte as ByT5 writes it, by the character of that number, and MyT5, in two digits."""
    if len(token) == 1 and ord(token) < 256:
        value = ord(token)
        if 0x20 <= value < 0x7F:
            return token.replace(" ", "␣"), "word"
        return f"<0x{value:02X}>", "byte"
    try:
        return (f"<0x{int(token, 16):02X}>" if len(token) == 2 else _plain(token)[0]), "byte"
    except ValueError:
        return _plain(token)


def with_ends(token: str, read: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    """A token of a BPE vocabulary that marks where words end, as GPT's does and CLIP's, which is
    byte-level besides."""
    body = token.removesuffix("</w>")
    text, kind = read(body)
    if kind == "byte":
        return text, kind
    return (f"{text}␣", "word") if body != token else (text, "continuation")


def _sentencepiece(token: str) -> tuple[str, str]:
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return token, "byte"
    text = visible(unmarked(token).replace("▁", "␣"))
    return text, "word" if token.startswith("▁") else "continuation"


def _bytelevel(token: str) -> tuple[str, str]:
    if not all(character in BYTES for character in token):
        return visible(unmarked(token)), "word"  # an added token, kept as it is written
    raw = bytes(BYTES[character] for character in token)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(_piece(part) for part in _utf8_parts(raw)), "byte"
    if len(raw) == 1 and not text.isprintable():
        return _SIGNS.get(text, f"<0x{raw[0]:02X}>"), "byte"
    words = text.startswith(" ")
    return visible(unmarked(text).replace(" ", "␣")), "word" if words else "continuation"


def _piece(part: bytes) -> str:
    try:
        return visible(unmarked(part.decode("utf-8")).replace(" ", "␣"))
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


READERS: dict[str, Callable[[str], tuple[str, str]]] = {
    "wordpiece": _wordpiece,
    "byte-level-bpe": _bytelevel,
    "sentencepiece": _sentencepiece,
    "bpe": _plain,
    "bytes": _bytes,
    "wordlevel": _plain,
}
