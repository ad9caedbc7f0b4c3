"""Maps of more tokens than a page loads at once: an additive quadtree of tiles, and indices that
find tokens in it.

The root tile holds a share of all tokens, each child more tokens of its quarter. A view shows the
sum of the tiles that meet it, and every tile that is loaded adds detail. A tile holds the tokens
whose labels are shown at its zoom (`deepest`), so that labels never wait for deeper tiles, and a
random choice of the others, so that tiles show the true density. Potree and deepscatter use the
same structure.

The main projection's tiles number the map's rows; another projection has tiles of its own, whose
names begin with its name and a dot. What does not depend on places is in chunks of rows. The files
of a map are in one folder whose name holds the digest of all of them:

    index      tiles in preorder: a plane of child masks, then four byte planes of their counts
    N.p        points of tile N: x and y as uint16 of the tile's width, as differences, low bytes
               then high; then a byte plane for each of label zoom, coarse cluster, kind, script,
               part of speech; in other projections than the main one then rows (four planes)
    N.t        told of these points: eighth of the vocabulary by id (one plane), neighbors kept
               (one), the steps of the vector's length and of suspicion (one each), then texts, one
               a line, each with a tab and its reading where it has one
    facts.N    of a chunk of rows: ids (four planes), fine clusters (two), neighbors kept (one for
               each projection), places in the order of the other projections' points (four each)
    near.N     of a chunk of rows: rows of fifteen neighbors, or as many as the description says
               (four planes of all), similarities (one, 0..255)
    ids.N      ids in ascending order (four planes), and their rows (four planes)
    keys       the first key of each words.N, one a line
    words.N    beginnings in code-point order, one a line: key, row, text if it differs from the key
    grams.N    for texts of one to three signs whose `bucket` is N, one a line: it, and the numbers
               of the words.N whose tokens hold it, each less the one before it
    landmarks  rows and texts of the members, and their x and y on each projection in units of the
               frame, as JSON, in the order of the description
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atlas.maps.files.bytes import differences, planes, shares, split16
from atlas.numeric.types import Array

LIMIT = 100_000  # tokens that a page loads at once
CAP = 4_000  # tokens in the root, besides those whose labels are shown at its zoom
MANY, LARGE_CAP = 2_000_000, 8_000  # the cap of maps with more tokens, to limit the number of files
DEEPEST = 14  # levels below the root
LABELS = 4  # half-octaves by which labels are ahead of their tile's level
CHUNK_FACTS, CHUNK_NEAR, CHUNK_IDS, CHUNK_WORDS = 8_192, 1_024, 32_768, 8_192  # entries of a file
GRAMS = 4_000  # texts of a file of grams, about

_KANA = {code: code - 96 for code in range(0x30A1, 0x30F7)}  # katakana to hiragana
_WORD = re.compile(r"[^\W_]+")


def deepest(zoom: float) -> int:
    """The level up to which tiles hold all labels shown at a zoom, in half-octaves."""
    return max(0, min(DEEPEST, int(np.ceil((zoom - LABELS) / 2))))


@dataclass(frozen=True, eq=False)
class Tree:
    """t tiles in preorder.

    level, column, row  (t,): a tile covers [column, column + 1) × [row, row + 1) in units of
                        2^-level of the frame's width
    mask                (t,) uint8, the quarters with a tile below it: bit 0 left lower, 1 right
                        lower, 2 left upper, 3 right upper
    start               (t + 1,), the first place of each tile in `order`, and n
    order               (n,), rows of the data by tile, along a Morton curve within each
    """

    level: Array
    column: Array
    row: Array
    mask: Array
    start: Array
    order: Array

    def __len__(self) -> int:
        return len(self.level)


def tree(unit: Array, zooms: Array, cap: int, seed: int = 0) -> Tree:
    """The quadtree of points (n, 2), from 0 to 1, with the zooms (n,) of their labels, NEVER for
    none.

    The root holds `cap` of them. A tile below it holds from `cap` to twice that, in proportion to
    how full it is, which shows the density; where no more than twice the cap are left, it takes
    them too, so that a thin region needs no tiles of its own. Those whose labels are shown come in
    any case.
    """
    n = len(unit)
    lot = np.random.default_rng(seed).permutation(n)
    left = lot  # rows that are in no tile yet, in random order
    parts: list[tuple[int, Array, Array]] = []  # level, code of the cell, rows
    for level in range(DEEPEST + 1):
        if not len(left):
            break
        cells = np.minimum((unit[left] * 2**level).astype(np.int64), 2**level - 1)
        code = _morton(cells[:, 0], cells[:, 1])
        early = zooms[left].astype(np.int64) <= 2 * level + LABELS
        order = np.lexsort((~early, code))
        code, early, rows = code[order], early[order], left[order]
        begins = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
        counts = np.diff(np.r_[begins, len(rows)])
        most = 2 * cap if level else cap
        room = np.clip(counts * most // counts.max(), cap, most)
        if level:
            room = np.where(counts <= room + most, counts, room)
        place = np.arange(len(rows)) - np.repeat(begins, counts)
        here = (
            (place < np.repeat(room, counts)) | early
            if level < DEEPEST
            else np.ones(len(rows), bool)
        )
        parts.append((level, code[here], rows[here]))
        left = rows[~here]
    return _preorder(unit, parts)


def _preorder(unit: Array, parts: list[tuple[int, Array, Array]]) -> Tree:
    levels = np.concatenate([np.full(len(rows), level) for level, _, rows in parts])
    codes = np.concatenate([code for _, code, _ in parts])
    rows = np.concatenate([rows for _, _, rows in parts])
    # A tile precedes all whose codes begin with its own: sort by the code at the deepest level,
    # then by level.
    deep = codes << (2 * (DEEPEST - levels))
    inner = _inner(unit[rows], levels, codes)
    order = np.lexsort((_morton(inner[:, 0], inner[:, 1]), levels, deep))
    levels, codes, deep, rows = levels[order], codes[order], deep[order], rows[order]
    begins = (
        np.flatnonzero(np.r_[True, (deep[1:] != deep[:-1]) | (levels[1:] != levels[:-1])])
        if len(rows)
        else np.zeros(0, np.int64)
    )
    level, code = levels[begins], codes[begins]
    number = {
        (a, b): at for at, (a, b) in enumerate(zip(level.tolist(), code.tolist(), strict=True))
    }
    mask = np.zeros(len(level), np.uint8)
    for a, b in number:
        if a:
            mask[number[a - 1, b >> 2]] |= 1 << (b & 3)
    column, row = _unmorton(code)
    return Tree(level, column, row, mask, np.r_[begins, len(rows)], rows)


def _inner(unit: Array, levels: Array, codes: Array) -> Array:
    """The points (n, 2) within the tiles of these levels and codes (n,), from 0 to 65535."""
    column, row = _unmorton(codes)
    scaled = unit * (2.0**levels)[:, None] - np.stack([column, row], axis=1)
    return np.asarray(np.clip(np.floor(scaled * 65536), 0, 65535).astype(np.int64))


def _morton(x: Array, y: Array) -> Array:
    return _spread(x) | (_spread(y) << 1)


def _spread(values: Array) -> npt.NDArray[np.int64]:
    spread: npt.NDArray[np.int64] = values.astype(np.int64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        spread = (spread | (spread << shift)) & mask
    return spread


def _unmorton(code: Array) -> tuple[Array, Array]:
    axes = []
    for shift in (0, 1):
        part = (code >> shift) & 0x55555555
        for down, mask in ((1, 0x33333333), (2, 0x0F0F0F0F), (4, 0x00FF00FF), (8, 0x0000FFFF)):
            part = (part | (part >> down)) & mask
        axes.append(part)
    return axes[0], axes[1]


def fold(text: str) -> str:
    """Text as the index holds it: lower case, without differences of width and between the two
    kana. The page folds queries in the same way."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain.translate(_KANA) if any("ァ" <= sign <= "ヶ" for sign in plain) else plain


def beginnings(text: str, reading: str | None) -> set[str]:
    """The keys of a token: its text, its text from each word on, and its reading."""
    whole = fold(text)
    keys = {whole, *(whole[match.start() :] for match in _WORD.finditer(whole))}
    if reading:
        keys.add(fold(reading))
    return {re.sub(r"[\t\n\r]", " ", key) for key in keys if key}


def words(texts: list[str], readings: list[str | None]) -> tuple[list[str], list[str]]:
    """The chunks of the index of beginnings, and the first key of each. Texts and readings are in
    the order of rows."""
    keys: list[tuple[str, int]] = []
    for row, text in enumerate(texts):
        if text.isascii() and text.isalnum() and not readings[row]:
            keys.append((text.lower(), row))
        else:
            keys += [(key, row) for key in beginnings(text, readings[row])]
    keys.sort()
    chunks, first = [], []
    for at in range(0, len(keys), CHUNK_WORDS):
        part = keys[at : at + CHUNK_WORDS]
        first.append(part[0][0])
        chunks.append(
            "\n".join(
                f"{key}\t{row}\t{'' if texts[row] == key else texts[row]}" for key, row in part
            )
        )
    return chunks, first


def grams(chunks: list[str]) -> list[str]:
    """The files that lead from each text of one to three signs to the chunks (of `words`) of the
    tokens that hold it, folded, in their text or their reading."""
    places: dict[str, list[int]] = {}
    for number, chunk in enumerate(chunks):
        # Keys and texts, between signs that no key holds.
        held = re.sub(r"\t\d+\t", "\t", chunk)
        held = held if held.isascii() and held == held.lower() else fold(held)
        found = {held[at : at + size] for size in (1, 2, 3) for at in range(len(held) - size + 1)}
        for gram in found:
            places.setdefault(gram, []).append(number)
    kept = sorted(gram for gram in places if "\t" not in gram and "\n" not in gram)
    count = -(-len(kept) // GRAMS)
    lines: list[list[str]] = [[] for _ in range(count)]
    for gram in kept:
        steps = np.diff(places[gram], prepend=0).tolist()
        lines[bucket(gram, count)].append(f"{gram}\t{' '.join(map(str, steps))}")
    return ["\n".join(file) for file in lines]


def bucket(gram: str, count: int) -> int:
    """The number of the file of grams, of `count`, in which a text is. The page reckons alike."""
    total = 0
    for sign in gram:
        total = (total * 31 + ord(sign)) % 65521
    return total % count


@dataclass(frozen=True, eq=False)
class Layout:
    """A projection: points (n, 2) from 0 to 1, its tiles, the planes of bytes (n,) of `N.p`, and
    how many neighbors it keeps of each token (n,); all in the order of the data's rows."""

    name: str
    unit: Array
    tree: Tree
    groups: list[Array]
    kept: Array


@dataclass(frozen=True, eq=False)
class Tokens:
    """What does not depend on a projection, in the order of the data's rows, ids (n,) ascending:
    fine clusters (n,), ids of neighbors (n, k) and similarities (n, k), the rows of the members of
    each landmark, and two planes (n,) of steps."""

    texts: list[str]
    readings: list[str | None]
    ids: Array
    fine: Array
    near: Array
    similarities: Array
    landmarks: list[Array]
    steps: list[Array]


def files(layouts: list[Layout], tokens: Tokens) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a map's files, the layout of the main projection first."""
    main = layouts[0].tree.order
    place = _places(main)
    for layout in layouts:
        yield from _tiles(layout, tokens, None if layout is layouts[0] else place)
    yield from _chunks(layouts, tokens, place)
    texts = [_line(tokens.texts[row]) for row in main.tolist()]
    chunks, first = words(texts, [tokens.readings[row] for row in main.tolist()])
    yield "keys", "\n".join(first).encode()
    yield from _numbered("words", (chunk.encode() for chunk in chunks))
    yield from _numbered("grams", (file.encode() for file in grams(chunks)))
    members = [_members(layouts, tokens, rows, place) for rows in tokens.landmarks]
    yield "landmarks", json.dumps(members, separators=(",", ":")).encode()


def _members(layouts: list[Layout], tokens: Tokens, rows: Array, place: Array) -> dict[str, object]:
    """A landmark as the page reads it: rows of the map, texts, and x and y on each projection."""
    rows = rows[np.argsort(place[rows])]
    places = {layout.name: np.round(layout.unit[rows].T * 65535) for layout in layouts}
    return {
        "rows": place[rows].tolist(),
        "texts": [_line(tokens.texts[row]) for row in rows.tolist()],
        "places": {name: at.astype(int).tolist() for name, at in places.items()},
    }


def _places(order: Array) -> npt.NDArray[np.int64]:
    """Where each row of the data stands in an order of them (n,)."""
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def _numbered(name: str, contents: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, content in enumerate(contents):
        yield f"{name}.{number}", content


def _tiles(layout: Layout, tokens: Tokens, place: Array | None) -> Iterator[tuple[str, bytes]]:
    """The files of a projection's tiles; `place` (n,) are the map's rows, left out of its main
    projection, which numbers them."""
    tree, prefix = layout.tree, "" if place is None else f"{layout.name}."
    n, order = len(tree.order), tree.order
    levels = np.repeat(tree.level, np.diff(tree.start))
    codes = np.repeat(_morton(tree.column, tree.row), np.diff(tree.start))
    inner = _inner(layout.unit[order], levels, codes)
    eighth = np.arange(n) * 8 // max(n, 1)
    yield f"{prefix}index", tree.mask.tobytes() + planes(np.diff(tree.start), 4)
    for tile in range(len(tree)):
        a, b = int(tree.start[tile]), int(tree.start[tile + 1])
        rows = order[a:b]
        points = [split16(differences(inner[a:b, axis])) for axis in (0, 1)]
        properties = [plane[rows].astype(np.uint8).tobytes() for plane in layout.groups]
        own = b"" if place is None else planes(place[rows], 4)
        yield f"{prefix}{tile}.p", b"".join([*points, *properties, own])
        told = planes(eighth[rows], 1) + planes(layout.kept[rows], 1)
        told += b"".join(planes(plane[rows], 1) for plane in tokens.steps)
        yield f"{prefix}{tile}.t", told + "\n".join(_lines(tokens, rows)).encode()


def _lines(tokens: Tokens, rows: Array) -> Iterator[str]:
    for row in rows.tolist():
        text, reading = _line(tokens.texts[row]), tokens.readings[row]
        yield f"{text}\t{_line(reading)}" if reading else text


def _chunks(layouts: list[Layout], tokens: Tokens, place: Array) -> Iterator[tuple[str, bytes]]:
    """Facts and neighbors by the map's row, and rows by id."""
    order, n = layouts[0].tree.order, len(place)
    others = [_places(layout.tree.order) for layout in layouts[1:]]
    for number, at in enumerate(range(0, n, CHUNK_FACTS)):
        rows = order[at : at + CHUNK_FACTS]
        kept = [planes(layout.kept[rows], 1) for layout in layouts]
        elsewhere = [planes(other[rows], 4) for other in others]
        facts = [planes(tokens.ids[rows], 4), planes(tokens.fine[rows], 2), *kept, *elsewhere]
        yield f"facts.{number}", b"".join(facts)
    for number, at in enumerate(range(0, n, CHUNK_NEAR)):
        rows = order[at : at + CHUNK_NEAR]
        near = place[np.searchsorted(tokens.ids, tokens.near[rows])]
        yield f"near.{number}", planes(near.T, 4) + shares(tokens.similarities[rows].T)
    for number, at in enumerate(range(0, n, CHUNK_IDS)):
        part = slice(at, at + CHUNK_IDS)
        yield f"ids.{number}", planes(tokens.ids[part], 4) + planes(place[part], 4)


def _line(text: str) -> str:
    return (
        text.replace("\n", "⏎").replace("\t", " ").replace("\r", " ")
        if not text.isprintable()
        else text
    )


def folder(map_id: str, contents: dict[str, bytes]) -> str:
    """The name of the folder of a map's files, which holds their digest."""
    total = hashlib.sha256()
    for name in sorted(contents):
        total.update(f"{name}\0{len(contents[name])}\0".encode() + contents[name])
    return f"{map_id}.tiles.{total.hexdigest()[:10]}"
