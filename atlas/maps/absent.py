"""Words of landmarks that no vocabulary has as one token."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from atlas.maps.landmarks import Landmark
from atlas.maps.view import MapView

MOST = 5  # words told of a landmark
HINT = "`atlas words WORD` says how each tokenizer splits a word."


def absent(tables: Iterable[Landmark], views: Sequence[MapView]) -> Iterator[str]:
    """A warning for each landmark with such words, and the token that is written most like each;
    the first of them with a hint."""
    hint = f" {HINT}"
    for table in tables:
        told = [
            (view, set(landmark.missing))
            for view in views
            for landmark in view.about.landmarks
            if landmark.name == table.name
        ]
        if not told:
            continue
        lost = set.intersection(*(missing for _, missing in told))
        words = [word for word in table.tokens if word in lost]
        if not words:
            continue
        texts = {text for view, _ in told for text in _plain(view)}
        shown = ", ".join(f"{word}{_like(word, texts)}" for word in words[:MOST])
        more = f" and {len(words) - MOST} more" if len(words) > MOST else ""
        models = ", ".join(dict.fromkeys(view.model.id for view, _ in told))
        yield f'landmark "{table.name}": {shown}{more}: no token of {models}.{hint}'
        hint = ""


def _plain(view: MapView) -> Iterator[str]:
    """The texts of a map's tokens, without signs of where words begin."""
    for text in view.data.strings("text"):
        yield str(text).removeprefix("##").removeprefix("␣")


def _like(word: str, texts: Iterable[str]) -> str:
    """The text that is written most like a word, in parentheses; empty where none is."""
    near = [text for text in texts if text[:1] == word[:1] and abs(len(text) - len(word)) < 3]
    found = difflib.get_close_matches(word, sorted(near), 1, 0.6)
    return f" (nearest: {found[0]})" if found else ""
