"""Answers to all words of a site as JSON files, each small enough to fetch on a phone.

/data/words/index.json lists their bounds in ascending order of code points, which is that of bytes
in UTF-8. A word's answers are in the file of the last bound that is not after its key. A file is
named after the bytes of its bound in UTF-8, in hexadecimal digits; the first bound is empty, and
its file is `_.json`.

A file holds each neighbor's text and each cluster once; tokens name them by their places. What the
spaces say of a token stands in columns, similarities and places on posters are in thousandths.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from atlas.findings.words import suggestions
from atlas.findings.words.lexicon import Answer, Lexicon

VERSION = 2
FOLDER = "data/words/"
LIMIT = 24_000  # bytes of a file, gzip
NAMED = 100  # bytes of a bound, of which file systems take twice as many and some in a name
ROOM = 90_000  # bytes that a file may be thought to have, before they are packed

Shards = dict[str, list[str]]  # the keys of each file by its bound
Clusters = dict[str, tuple[int, tuple[object, str]]]  # place, title and address, by whole address


def file_name(bound: str) -> str:
    """The address of the file of a bound."""
    return f"{FOLDER}{suggestions.name(bound)}.json"


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
        if own and held + sizes[key] > ROOM and (bound := bound_of(own[-1], key)):
            own, held = [], 0
            found[bound] = own
        own.append(key)
        held += sizes[key]
    return found


def bound_of(before: str, key: str) -> str:
    """The shortest beginning of a key that comes after the key before; "" where it is too long to
    name a file."""
    found = next(key[:end] for end in range(1, len(key) + 1) if key[:end] > before)
    return found if len(found.encode()) <= NAMED else ""


def packed(lexicon: Lexicon, begin: str, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The content of the file of some keys, by its bound; of two files or more, where it would be
    larger than LIMIT."""
    answers = {key: lexicon.answers(key) for key in keys}
    content = dumps(_file(answers))
    middle = 0
    if len(content) > LIMIT and all(len(gzip.compress(content, level)) > LIMIT for level in (1, 6)):
        middle = _middle(keys)  # the first level, three times as fast, mostly tells
    if not middle:
        yield begin, content
        return
    yield from packed(lexicon, begin, keys[:middle])
    yield from packed(lexicon, bound_of(keys[middle - 1], keys[middle]), keys[middle:])


def _middle(keys: Sequence[str]) -> int:
    """The place nearest to the middle where ascending keys may be cut; 0 where there is none."""
    places = sorted(range(1, len(keys)), key=lambda place: abs(2 * place - len(keys)))
    return next((at for at in places if bound_of(keys[at - 1], keys[at])), 0)


def _file(answers: Mapping[str, Sequence[Answer | None]]) -> Answer:
    """A file of answers, as AnswersFile describes it."""
    every = [one for one in chain.from_iterable(answers.values()) if one]
    told = (space for one in every for token in one.get("tokens", ()) for space in _spaces(token))
    counts = Counter(text for space in told for text, _ in space["near"])
    texts = {text: place for place, (text, _) in enumerate(counts.most_common())}
    clusters: Clusters = {}
    words = {
        key: [one and _packed(one, texts, clusters) for one in own] for key, own in answers.items()
    }
    return {
        "version": VERSION,
        "texts": list(texts),
        "clusters": [cluster for _, cluster in clusters.values()],
        "words": words,
    }


def _spaces(token: Answer) -> Sequence[Answer]:
    found: Sequence[Answer] = token.get("spaces", ())
    return found


def _packed(answer: Answer, texts: Mapping[str, int], clusters: Clusters) -> Answer:
    """An answer, without the split of what is one token of it."""
    tokens = answer.get("tokens", ())
    packed = {**answer, "tokens": [_token(token, texts, clusters) for token in tokens]}
    if not tokens:
        del packed["tokens"]
    if any(answer.get("ids") == [one["id"]] and answer["split"] == [one["text"]] for one in tokens):
        del packed["split"]
    return packed


def _token(token: Answer, texts: Mapping[str, int], clusters: Clusters) -> Answer:
    """A token, what its spaces say in columns."""
    found = {name: value for name, value in token.items() if name not in ("rank", "spaces")}
    spaces = _spaces(token)
    if not spaces:
        return found

    def place(cluster: Answer | None) -> int | None:
        if cluster is None:
            return None
        own = cluster["title"], cluster["href"].partition("/clusters/")[2]
        return clusters.setdefault(cluster["href"], (len(clusters), own))[0]

    def thousandths(values: Iterable[float]) -> list[int]:
        return [round(value * 1000) for value in values]

    return found | {
        "spaces": [told["space"] for told in spaces],
        "near": [[texts[text] for text, _ in told["near"]] for told in spaces],
        "cosine": [thousandths(value for _, value in told["near"]) for told in spaces],
        "kept": [told["kept"] for told in spaces],
        "cluster": [place(told.get("cluster")) for told in spaces],
        "at": [thousandths(told["at"]) if "at" in told else None for told in spaces],
    }
