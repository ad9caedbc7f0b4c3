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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from pydantic import TypeAdapter

from atlas.findings.words import suggestions
from atlas.findings.words.lexicon import Answer, Columns, Lexicon, ModelLexicon

VERSION = 2
FOLDER = "data/words/"
LIMIT = 24_000  # bytes of a file, gzip
NAMED = 100  # bytes of a bound, of which file systems take twice as many and some in a name
ROOM = 90_000  # bytes that a file may be thought to have, before they are packed

_ANY: TypeAdapter[Any] = TypeAdapter(Any)

Shards = dict[str, list[str]]  # the keys of each file by its bound
Told = dict[int, list[tuple[int, Columns]]]  # by token: places of spaces, and what these say
Clusters = dict[str, tuple[int, tuple[object, str]]]  # place, title and address, by whole address


def file_name(bound: str) -> str:
    """The address of the file of a bound."""
    return f"{FOLDER}{suggestions.name(bound)}.json"


def dumps(value: object) -> bytes:
    """A value as JSON without spaces, in UTF-8. Pydantic writes it in a quarter of json's time."""
    return _ANY.dump_json(value)


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
    content = dumps(_file(lexicon, keys))
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


def _file(lexicon: Lexicon, keys: Sequence[str]) -> Answer:
    """A file of the answers to some keys, as AnswersFile describes it."""
    told = [_told(model, keys) for model in lexicon.models]
    near = (
        said.near
        for key in keys
        for model, own in zip(lexicon.models, told, strict=True)
        for row in model.rows.get(key, ())
        for _, said in own.get(row, ())
    )
    counts = Counter(chain.from_iterable(near))
    texts = {text: place for place, (text, _) in enumerate(counts.most_common())}
    clusters: Clusters = {}
    words: dict[str, list[Answer | None]] = {}
    for key in keys:
        forms = lexicon.forms(key)
        words[key] = []
        for model, own in zip(lexicon.models, told, strict=True):
            token = partial(_token, model, own, texts, clusters)
            words[key].append(_shortened(model.answer(key, forms, token)))
    return {
        "version": VERSION,
        "texts": list(texts),
        "clusters": [cluster for _, cluster in clusters.values()],
        "words": words,
    }


def _told(model: ModelLexicon, keys: Iterable[str]) -> Told:
    """What the spaces of a model say of the tokens of some keys."""
    rows = [row for key in keys for row in model.rows.get(key, ())]
    told: Told = {}
    for number, space in enumerate(model.spaces):
        for row, said in space.columns(rows):
            told.setdefault(row, []).append((number, said))
    return told


def _shortened(answer: Answer | None) -> Answer | None:
    """An answer, without the split of what is one token of it."""
    if answer and answer.get("ids"):
        split = answer["ids"], answer["split"]
        if any(split == ([one["id"]], [one["text"]]) for one in answer.get("tokens", ())):
            del answer["split"]
    return answer


def _token(
    model: ModelLexicon, told: Told, texts: Mapping[str, int], clusters: Clusters, row: int
) -> Answer:
    """A token, what its spaces say in columns."""
    found = model.bare(row)
    del found["rank"]  # the id and one
    if row not in told:
        return found

    def place(cluster: Answer | None) -> int | None:
        if cluster is None:
            return None
        own = cluster["title"], cluster["href"].partition("/clusters/")[2]
        return clusters.setdefault(cluster["href"], (len(clusters), own))[0]

    said = [one for _, one in told[row]]
    return found | {
        "spaces": [number for number, _ in told[row]],
        "near": [[texts[text] for text in one.near] for one in said],
        "cosine": [one.cosine for one in said],
        "kept": [one.kept for one in said],
        "cluster": [place(one.cluster) for one in said],
        "at": [one.at for one in said],
    }
