"""Maps of more tokens than a page loads at once: an additive quadtree of tiles, and what finds a
token in it.

The root tile holds a share of all tokens, each child more of its quarter, so that a view is the sum
of the tiles that meet it, and the more are loaded the more is seen. Within a tile first come the
tokens whose labels show by the tile's own zoom (`deepest`), so that labels never wait for deeper
tiles; the rest is drawn by lot, so that tiles show density as it is. The shape is that of Potree
and of deepscatter, whose tiles also add up.

Files of one map stand in one folder whose name holds the digest of all of them:

    index    tiles in preorder: a plane of child masks, then four byte planes of their counts
    N.p      points of tile N: x and y as uint16 of the tile's width, as differences, low bytes then
             high; then a byte plane for each of label zoom, coarse cluster, kind, script, part of
             speech. Rows are numbered through all tiles in this order
    N.t      texts, one a line, each with a tab and its reading where it has one
    N.f      facts: ids (four byte planes), fine clusters (two), eighth of the vocabulary by id
             (one), neighbors kept (one)
    N.n      near: rows of ten neighbors (four planes of all), similarities (one, 0..255)
    ids.N    rows of tokens in id order: ids (four planes), rows (four planes)
    keys     the first key of each words.N, one a line
    words.N  beginnings in code-point order, one a line: key, row, text where it is not the key
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atlas.numeric.types import Array

LIMIT = 100_000  # tokens that a page still loads at once


MANY = 2_000_000  # from here on tiles are larger, so that there are not too many files


CAP, LARGE_CAP = 4_000, 8_000


LEAST = 4  # a tile with others below it holds at least this part of the cap


DEEPEST = 14  # levels below the root


LABELS = 4  # half-octaves by which labels are ahead of their tile's level


CHUNK_IDS, CHUNK_WORDS = 16_384, 2_048


def deepest(zoom: float) -> int:
    """The level by which all labels up to a zoom (in half-octaves) are found."""
    return max(0, min(DEEPEST, int(np.ceil((zoom - LABELS) / 2))))


@dataclass(frozen=True, eq=False)
class Tree:
    """Tiles in preorder.

    level, column, row  of each tile: it covers [column, column + 1) × [row, row + 1) in units of
    2^-level of the frame's width
    mask                which of its four quarters it has below it: bit 0 the left lower one, 1
                        right lower, 2 left upper, 3 right upper
    start               its first row in `order`; one more at the end
    order               rows of the data, tile by tile, along a Morton curve within each
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
    """The quadtree of points (n, 2), from 0 to 1, with the zooms of their labels (255 for none)."""
    n = len(unit)
    lot = np.random.default_rng(seed).permutation(n)
    left = lot  # rows that no tile has yet, in an order drawn by lot
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
        # The fullest tile is filled to the cap, the others in proportion, so that density shows as
        # it is; but not so little that thin regions need many files.
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
    # A tile stands before all that begin with its code: order by the code at the deepest level,
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
    """Places within tiles, as 16-bit numbers."""
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
    found = []
    for shift in (0, 1):
        part = (code >> shift) & 0x55555555
        for down, mask in ((1, 0x33333333), (2, 0x0F0F0F0F), (4, 0x00FF00FF), (8, 0x0000FFFF)):
            part = (part | (part >> down)) & mask
        found.append(part)
    return found[0], found[1]


def planes(values: Array, count: int) -> bytes:
    """Numbers as `count` planes of bytes, the lowest first."""
    wide = values.astype(np.int64)
    return b"".join(((wide >> (8 * k)) & 0xFF).astype(np.uint8).tobytes() for k in range(count))


def split16(values: Array) -> bytes:
    """Each value less the one before it, modulo 2^16, as low bytes, then high bytes."""
    steps: Array = np.diff(values.astype(np.int64), prepend=0)
    return planes(steps % 65536, 2)


def fold(text: str) -> str:
    """Text as it is searched: without case, width and the difference between the two kana; as the
    page folds what a reader types."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain.translate(_KANA) if any("ァ" <= sign <= "ヶ" for sign in plain) else plain


_KANA = {code: code - 96 for code in range(0x30A1, 0x30F7)}


_WORD = re.compile(r"[^\W_]+")


def beginnings(text: str, reading: str | None) -> set[str]:
    """What a token is found by: the whole of it, each word within it, and its reading."""
    whole = fold(text)
    found = {whole, *(whole[match.start() :] for match in _WORD.finditer(whole))}
    if reading:
        found.add(fold(reading))
    return {re.sub(r"[\t\n\r]", " ", key) for key in found if key}


def words(texts: list[str], readings: list[str | None] | None) -> tuple[list[str], list[str]]:
    """The chunks of the index of beginnings, and the first key of each. Texts and readings are in
    the order of rows."""
    entries: list[tuple[str, int]] = []
    for row, text in enumerate(texts):
        if text.isascii() and text.isalnum() and not (readings and readings[row]):
            entries.append((text.lower(), row))
        else:
            entries += [(key, row) for key in beginnings(text, readings[row] if readings else None)]
    entries.sort()
    chunks, first = [], []
    for at in range(0, len(entries), CHUNK_WORDS):
        part = entries[at : at + CHUNK_WORDS]
        first.append(part[0][0])
        chunks.append(
            "\n".join(
                f"{key}\t{row}\t{'' if texts[row] == key else texts[row]}" for key, row in part
            )
        )
    return chunks, first


def files(
    unit: Array,
    made: Tree,
    groups: list[Array],
    texts: list[str],
    readings: list[str | None],
    ids: Array,
    fine: Array,
    kept: Array,
    near: Array,
    similarities: Array,
) -> Iterator[tuple[str, bytes]]:
    """Names and raw contents of a map's files. Arrays are in the order of the data's rows, ids
    ascending; `groups` are planes of bytes."""
    n, order = len(ids), made.order
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    levels = np.repeat(made.level, np.diff(made.start))
    codes = np.repeat(_morton(made.column, made.row), np.diff(made.start))
    inner = _inner(unit[order], levels, codes)
    eighth = np.arange(n) * 8 // max(n, 1)
    yield "index", made.mask.tobytes() + planes(np.diff(made.start), 4)
    for tile in range(len(made)):
        a, b = int(made.start[tile]), int(made.start[tile + 1])
        rows = order[a:b]
        properties = [plane[rows].astype(np.uint8).tobytes() for plane in groups]
        yield f"{tile}.p", b"".join([split16(inner[a:b, 0]), split16(inner[a:b, 1]), *properties])
        lines = (
            f"{_line(texts[row])}\t{_line(told)}" if (told := readings[row]) else _line(texts[row])
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
        similar = np.round(np.clip(similarities[rows], 0, 1) * 255)
        yield f"{tile}.n", planes(others.T, 4) + planes(similar.T, 1)
    for number, at in enumerate(range(0, n, CHUNK_IDS)):
        yield (
            f"ids.{number}",
            planes(ids[at : at + CHUNK_IDS], 4) + planes(place[at : at + CHUNK_IDS], 4),
        )
    told = [readings[row] for row in order.tolist()] if any(readings) else None
    chunks, first = words([_line(texts[row]) for row in order.tolist()], told)
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
    """The name of the folder of a map's files: it changes when any of them does."""
    found = hashlib.sha256()
    for name in sorted(contents):
        found.update(f"{name}\0{len(contents[name])}\0".encode() + contents[name])
    return f"{map_id}.tiles.{found.hexdigest()[:10]}"
