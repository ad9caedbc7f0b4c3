"""Answers to all words of a site as JSON files, each small enough to fetch on a phone.

/data/words/index.json lists their bounds in ascending order of code points, which is that of bytes
in UTF-8. A word's answers are in the file of the last bound that is not after its key. A file is
named after the bytes of its bound in UTF-8, in hexadecimal digits; the first bound is empty, and
its file is `_.json`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from atlas.findings.words.lexicon import Answer, Lexicon

VERSION = 1
FOLDER = "data/words/"
LIMIT = 24_000  # bytes of a file, gzip
ROOM = 60_000  # bytes that a file may be thought to have, before they are packed

Shards = dict[str, list[str]]  # the keys of each file by its bound


def file_name(bound: str) -> str:
    """The address of the file of a bound."""
    return f"{FOLDER}{bound.encode().hex() or '_'}.json"


def dumps(value: object) -> bytes:
    """A value as JSON without spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def shards(keys: Sequence[str], sizes: Mapping[str, int], begin: str = "") -> Shards:
    """The keys of each file by its bound, from ascending keys and the bytes that each takes; the
    first bound is `begin`."""
    found: Shards = {begin: []}
    own = found[begin]
    held = 0
    for key in keys:
        if own and held + sizes[key] > ROOM:
            bound, own, held = _bound(own[-1], key), [], 0
            found[bound] = own
        own.append(key)
        held += sizes[key]
    return found


def _bound(before: str, key: str) -> str:
    """The shortest beginning of a key that comes after the key before."""
    return next(key[:end] for end in range(1, len(key) + 1) if key[:end] > before)


def packed(lexicon: Lexicon, begin: str, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The content of the file of some keys, by its bound; of two files or more, where it would be
    larger than LIMIT."""
    answers = {key: lexicon.answers(key) for key in keys}
    clusters = _numbered(answers.values())
    content = dumps({"version": VERSION, "clusters": clusters, "words": answers})
    if len(content) > LIMIT and len(keys) > 1 and len(gzip.compress(content, 6)) > LIMIT:
        middle = len(keys) // 2
        yield from packed(lexicon, begin, keys[:middle])
        yield from packed(lexicon, _bound(keys[middle - 1], keys[middle]), keys[middle:])
        return
    yield begin, content


def _numbered(answers: Iterable[Sequence[Answer | None]]) -> list[Answer]:
    """The clusters of some answers, each once; the answers then hold their places."""
    places: dict[str, int] = {}
    found: list[Answer] = []
    for answer in chain.from_iterable(answers):
        for token in (answer or {}).get("tokens", ()):
            for told in token.get("spaces", ()):
                if (cluster := told.get("cluster")) is not None:
                    place = places.setdefault(cluster["href"], len(found))
                    if place == len(found):
                        found.append(cluster)
                    told["cluster"] = place
    return found
