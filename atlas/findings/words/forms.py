"""Written forms of words: what a token's text says without the marks of its tokenizer, and the key
under which all forms of a word are found."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NUMBERED = re.compile(r"<U\+([0-9A-F]{4,6})>")
_APART = re.compile(r" <row \d+>$")  # what tells a text from that of an earlier row
# Marks of continuations and of spaces, as tokenizers write them and as pages do.
_BEFORE = re.compile(r"^(?:##(?=[^#])|[␣▁Ġ]+(?=[^␣▁Ġ]))")
_AFTER = re.compile(r"(?<=[^␣])(?:␣+|</w>)$|(?<=[^@])@@$")
_SIGNS = {"␣": " ", "▁": " ", "⏎": "\n", "␍": "\r", "⇥": "\t"}


def word(text: str) -> str:
    """A token's text (`##ing`, `␣hello`, `two␣words`) without marks of continuations and of
    spaces at its ends, with the characters that its signs stand for."""
    if text.isalnum() and text.isascii():
        return text
    plain = _AFTER.sub("", _BEFORE.sub("", _APART.sub("", text)))
    if plain.isascii() and "<" not in plain:
        return plain
    for sign, character in _SIGNS.items():
        plain = plain.replace(sign, character)
    return _NUMBERED.sub(_character, plain)


@lru_cache(maxsize=1 << 16)
def key(text: str) -> str:
    """The key of a text: its word in Unicode's NFKC, by folded case, without spaces at its ends;
    what is nothing but spaces goes by its signs. `victory`, `Victory`, `␣victory`, `##victory` and
    `ｖｉｃｔｏｒｙ` have one key."""
    plain = word(text)
    if plain.isascii():
        return plain.lower().strip() or text
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    return folded.strip() or text


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    # Half of a surrogate pair is no character that a file can hold.
    return found[0] if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)
