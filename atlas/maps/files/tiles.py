"""Maps of more tokens than a page loads at once: an additive quadtree of tiles, and indices that
find tokens in it.

The root tile holds a share of all tokens, each child more tokens of its quarter. A view shows the
sum of the tiles that meet it, and every tile that is loaded adds detail. A tile holds the tokens
whose labels are shown at its zoom (`deepest`), so that labels never wait for deeper tiles, and a
random choice of the others, so that tiles show the true density. Potree and deepscatter use the
same structure.

The files of a map are in one folder whose name holds the digest of all of them:

    index    tiles in preorder: a plane of child masks, then four byte planes of their counts
    N.p      points of tile N: x and y as uint16 of the tile's width, as differences, low bytes then
             high; then a byte plane for each of label zoom, coarse cluster, kind, script, part of
             speech. Rows are numbered through all tiles in this order
    N.t      texts, one a line, each with a tab and its reading where it has one
    N.f      facts: ids (four byte planes), fine clusters (two), eighth of the vocabulary by id
             (one), neighbors kept (one)
    N.n      near: rows of ten neighbors (four planes of all), similarities (one, 0..255)
    ids.N    ids in ascending order (four planes), and their rows (four planes)
    keys     the first key of each words.N, one a line
    words.N  beginnings in code-point order, one a line: key, row, text if it differs from the key
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atlas.maps.files.bytes import differences, planes, shares, split16
from atlas.numeric.types import Array

LIMIT = 100_000  # tokens that a page loads at once
CAP = 4_000  # tokens in a tile, besides those whose labels are shown at its zoom
MANY, LARGE_CAP = 2_000_000, 8_000  # the cap of maps with more tokens, to limit the number of files
LEAST = 4  # a tile with others below it holds at least the cap divided by this
DEEPEST = 14  # levels below the root
LABELS = 4  # half-octaves by which labels are ahead of their tile's level
CHUNK_IDS, CHUNK_WORDS = 16_384, 2_048  # entries of a file of each index

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
    none."""
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
        # The fullest tile is filled to the cap, the others in proportion, which shows the density;
        # the lower bound keeps thin regions from needing many files.
        room = np.clip(counts * cap // counts.max(), max(cap // LEAST, 1), cap)
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
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain.translate(_KANA) if any("ァ" <= sign <= "ヶ" for sign in plain) else plain


def beginnings(text: str, reading: str | None) -> set[str]:
    """The keys of a token: its text, its text from each word on, and its reading."""
    whole = fold(text)
    keys = {whole, *(whole[match.start() :] for match in _WORD.finditer(whole))}
    if reading:
        keys.add(fold(reading))
    return {re.sub(r"[\t\n\r]", " ", key) for key in keys if key}


def words(texts: list[str], readings: list[str | None] | None) -> tuple[list[str], list[str]]:
    """The chunks of the index of beginnings, and the first key of each. Texts and readings are in
    the order of rows of the tree."""
    keys: list[tuple[str, int]] = []
    for row, text in enumerate(texts):
        if text.isascii() and text.isalnum() and not (readings and readings[row]):
            keys.append((text.lower(), row))
        else:
            keys += [(key, row) for key in beginnings(text, readings[row] if readings else None)]
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


def files(
    unit: Array,
    quadtree: Tree,
    groups: list[Array],
    texts: list[str],
    readings: list[str | None],
    ids: Array,
    fine: Array,
    kept: Array,
    near: Array,
    similarities: Array,
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a map's files. Arrays (n,), or (n, k) for neighbors, are in the order
    of the data's rows, ids ascending; `groups` are the planes of bytes of `N.p`."""
    n, order = len(ids), quadtree.order
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    levels = np.repeat(quadtree.level, np.diff(quadtree.start))
    codes = np.repeat(_morton(quadtree.column, quadtree.row), np.diff(quadtree.start))
    inner = _inner(unit[order], levels, codes)
    eighth = np.arange(n) * 8 // max(n, 1)
    yield "index", quadtree.mask.tobytes() + planes(np.diff(quadtree.start), 4)
    for tile in range(len(quadtree)):
        a, b = int(quadtree.start[tile]), int(quadtree.start[tile + 1])
        rows = order[a:b]
        properties = [plane[rows].astype(np.uint8).tobytes() for plane in groups]
        points = [split16(differences(inner[a:b, axis])) for axis in (0, 1)]
        yield f"{tile}.p", b"".join([*points, *properties])
        lines = (
            f"{_line(texts[row])}\t{_line(reading)}"
            if (reading := readings[row])
            else _line(texts[row])
            for row in rows.tolist()
        )
        yield f"{tile}.t", "\n".join(lines).encode()
        yield (
            f"{tile}.f",
            planes(ids[rows], 4)
            + planes(fine[rows], 2)
            + planes(eighth[rows], 1)
            + planes(kept[rows], 1),
        )
        others = place[np.searchsorted(ids, near[rows])]
        yield f"{tile}.n", planes(others.T, 4) + shares(similarities[rows].T)
    for number, at in enumerate(range(0, n, CHUNK_IDS)):
        yield (
            f"ids.{number}",
            planes(ids[at : at + CHUNK_IDS], 4) + planes(place[at : at + CHUNK_IDS], 4),
        )
    ordered = [readings[row] for row in order.tolist()] if any(readings) else None
    chunks, first = words([_line(texts[row]) for row in order.tolist()], ordered)
    yield "keys", "\n".join(first).encode()
    for number, chunk in enumerate(chunks):
        yield f"words.{number}", chunk.encode()


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
