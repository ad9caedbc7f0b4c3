"""Characters that neither HTML nor XML may hold: control characters but tabs and line breaks,
halves of surrogate pairs, and noncharacters."""

from __future__ import annotations

import re

_PLANES = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_UNFIT = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")


def unfit(text: str) -> str:
    """The number, as U+0007, of the first such character of a text; empty if there is none."""
    found = _UNFIT.search(text)
    return _number(found) if found else ""


def numbered(text: str, form: str = "<{}>") -> str:
    """A text with each such character as its number: `<U+0007>`, or in another form."""
    if not _UNFIT.search("".join(set(text))):  # pages have many characters, but few different ones
        return text
    return _UNFIT.sub(lambda found: form.format(_number(found)), text)


def _number(found: re.Match[str]) -> str:
    return f"U+{ord(found[0]):04X}"
