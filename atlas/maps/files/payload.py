"""The files a map page fetches: quantised points, token texts, neighbors; small, content-hashed,
packed once.

Rows are sorted along a Morton curve of the main projection, so that differences between rows are
small and compress well. Every file is gzip within, so that it is small on any host; the page
unpacks it with DecompressionStream.

    points   of the main projection: x and y as uint16 of the frame's width, each as differences,
             low bytes then high bytes; then a byte plane for each of label zoom, coarse cluster,
             kind, script, part of speech
    texts    the readable tokens, one a line
    readings their readings, one a line, empty where there is none; only where the vocabulary has
    any
    layout   of another projection: x and y as above, then label zoom
    facts    token ids (three byte planes), fine clusters (two), then for each projection, in the
             order of the page's list, how many of the token's `k` nearest neighbors it keeps (one)
    near     for each of ten nearest neighbors its row (three byte planes of all rows), then its
             similarity (one each, 0..255)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from atlas.maps.colours import colours
from atlas.maps.data import Dataset
from atlas.maps.files import tiles
from atlas.maps.files.bytes import differences, pack, split16
from atlas.maps.frame import Frame, layout, view, whole
from atlas.maps.names import COARSE_UNTIL, FINE_UNTIL
from atlas.numeric.curves import morton
from atlas.numeric.types import Array

VERSION = 9  # raised by hand when files or pictures of a map change for the same atlas data


NEAR = 10  # neighbors shown


GREY = 255  # noise, and tokens without the property


def quantised(data: Dataset, projection: str) -> Array:
    """A projection's coordinates (n, 2) as uint16 of the frame's width."""
    places = whole(data, projection).unit(layout(data, projection))
    return np.clip(np.round(places * 65535), 0, 65535).astype(np.uint16)


def codes(values: list[str | None], most: int = 30) -> tuple[list[str], Array]:
    """The distinct values, most frequent first, and each row's index into them; GREY where there is
    none or they are too many."""
    counts: dict[str, int] = {}
    for value in values:
        if value:
            counts[value] = counts.get(value, 0) + 1
    names = sorted(counts, key=lambda name: (-counts[name], name))[:most]
    index = {name: number for number, name in enumerate(names)}
    return names, np.array([index.get(value or "", GREY) for value in values], np.uint8)


@dataclass(frozen=True)
class Payload:
    """Files by name, and what the page is told of them."""

    files: dict[str, bytes]
    meta: dict[str, Any]


def payload(data: Dataset, palette: int, chosen: dict[int, int] | None = None) -> Payload:
    """All files of a map: of the whole of it, or of its tiles where it is too large to be loaded at
    once.

    `chosen` are the palette indices of its coarse clusters; found by `colours` when left out.
    """
    files, own = _tiled(data) if len(data.table) > tiles.LIMIT else _whole_files(data)
    map_id, main = data.about.map.id, data.about.map.clustered_on
    chosen = colours(data, palette) if chosen is None else chosen
    frames = {name: whole(data, name) for name in own["projections"]}
    meta = {
        "map": map_id,
        "tokens": len(data.table),
        "main": main,
        "k": data.about.faithfulness[main].k,
        **own,
        "groups": {what: codes(data.strings(what))[0] for what in ("kind", "script", "pos")},
        "clusters": [_cluster(cluster, chosen, frames) for cluster in data.about.clusters],
        "language": data.about.model.language,
        "until": {"coarse": COARSE_UNTIL, "fine": FINE_UNTIL},
        "views": {name: _view(data, name) for name in own["projections"]},
    }
    name = f"{map_id}.{hashlib.sha256(json.dumps(meta).encode()).hexdigest()[:10]}.json"
    files[name] = json.dumps(meta, ensure_ascii=False, separators=(",", ":")).encode()
    return Payload(files, meta | {"file": name})


def _groups(data: Dataset, projection: str) -> list[Array]:
    """Planes of bytes, in the order of rows: label zoom, coarse cluster, kind, script, part of
    speech."""
    coarse = data.column("cluster_coarse")
    found = [
        data.column(f"label_{projection}"),
        np.where((coarse < 0) | (coarse >= GREY), GREY, coarse),
    ]
    return [
        plane.astype(np.uint8)
        for plane in (*found, *(codes(data.strings(what))[1] for what in ("kind", "script", "pos")))
    ]


def _whole_files(data: Dataset) -> tuple[dict[str, bytes], dict[str, Any]]:
    map_id, main = data.about.map.id, data.about.map.clustered_on
    points = quantised(data, main)
    order = morton(points)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    ids = data.column("token_id")
    files: dict[str, bytes] = {}

    def add(what: str, raw: bytes) -> str:
        content = pack(raw)
        name = f"{map_id}.{what}.{hashlib.sha256(content).hexdigest()[:10]}.bin"
        files[name] = content
        return name

    def lines(what: str) -> list[str]:
        return [str(value or "").replace("\n", "⏎") for value in data.strings(what)]

    first = [split16(differences(points[order, axis])) for axis in (0, 1)]
    names = {
        main: add(
            "points", b"".join([*first, *(plane[order].tobytes() for plane in _groups(data, main))])
        )
    }
    for other in data.about.map.projections:
        if other != main:
            there = quantised(data, other)[order]
            raw = [split16(differences(there[:, axis])) for axis in (0, 1)]
            names[other] = add(
                other,
                b"".join([*raw, data.column(f"label_{other}")[order].astype(np.uint8).tobytes()]),
            )
    row_of = np.full(int(ids.max()) + 1 if len(ids) else 1, 0, np.int64)
    row_of[ids] = place
    near = data.lists("neighbor_ids")[order][:, :NEAR].astype(np.int64)
    similar = data.lists("neighbor_similarities")[order][:, :NEAR]
    rows = row_of[near] if near.size else near
    k = data.about.faithfulness[main].k
    kept = [
        np.round(data.column(f"overlap_{name}")[order] * k).astype(np.uint8).tobytes()
        for name in names
    ]
    facts = [tiles.planes(ids[order], 3), split16(data.column("cluster_fine")[order]), *kept]
    beside = tiles.planes(rows.T, 3) + tiles.planes(np.round(np.clip(similar, 0, 1) * 255).T, 1)
    texts, readings = lines("text"), lines("reading")
    return files, {
        "projections": names,
        "texts": add("texts", "\n".join(texts[row] for row in order).encode()),
        "facts": add("facts", b"".join(facts)),
        "near": add("near", beside),
        "neighbors": int(near.shape[1]) if near.ndim == 2 else 0,
        "readings": add("readings", "\n".join(readings[row] for row in order).encode())
        if any(readings)
        else None,
        "landmarks": _landmarks(data, place),
    }


def _tiled(data: Dataset) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Only the main projection: a second one would double the files; it is in the Parquet file."""
    main = data.about.map.clustered_on
    unit = whole(data, main).unit(layout(data, main))
    groups = _groups(data, main)
    ids = data.column("token_id")
    made = tiles.tree(unit, groups[0], tiles.LARGE_CAP if len(ids) > tiles.MANY else tiles.CAP)
    near = data.lists("neighbor_ids")[:, :NEAR]
    k = data.about.faithfulness[main].k
    found = tiles.files(
        unit,
        made,
        groups,
        [str(text) for text in data.strings("text")],
        data.strings("reading"),
        ids,
        data.column("cluster_fine"),
        np.round(data.column(f"overlap_{main}") * k),
        near,
        data.lists("neighbor_similarities")[:, :NEAR],
    )
    packed = {f"{name}.bin": pack(raw) for name, raw in found}
    folder = tiles.folder(data.about.map.id, packed)
    return {f"{folder}/{name}": content for name, content in packed.items()}, {
        "projections": {main: f"{folder}/0.p.bin"},
        "neighbors": int(near.shape[1]),
        "counts": {
            what: np.bincount(plane[plane < GREY]).tolist()
            for what, plane in zip(("kind", "script", "pos"), groups[2:], strict=True)
        },
        "tiles": {
            "folder": f"{folder}/",
            "labels": tiles.LABELS,
            "deepest": tiles.DEEPEST,
            "chunk": tiles.CHUNK_IDS,
            "ids": ids[:: tiles.CHUNK_IDS].tolist(),
            "extent": round(float(np.ptp(unit, axis=0).max()) * 65535),
        },
    }


def _landmarks(data: Dataset, place: Array) -> list[dict[str, Any]]:
    """What the page pins and colours by: the landmarks with members, their rows at the places that
    `place` (n,) gives them.

    The largest comes first: the page colours in this order, so that of two sets with the same token
    the smaller keeps it.
    """
    ids = data.column("token_id")
    return [
        {
            "name": one.name,
            "title": one.title,
            "rows": np.sort(place[np.searchsorted(ids, one.members)]).tolist(),
            "holds": one.spaces["space"].holds,
            "cohesion": one.spaces["space"].cohesion,
        }
        for one in sorted(data.about.landmarks, key=lambda one: -len(one.members))
        if one.spaces
    ]


def _view(data: Dataset, projection: str) -> list[int]:
    """The first view's left, bottom and width in quantised units."""
    all_of_it, shown = whole(data, projection), view(data, projection)
    x, y = all_of_it.unit(np.array([[shown.left, shown.bottom]]))[0] * 65535
    return [round(float(x)), round(float(y)), round(shown.width / all_of_it.width * 65535)]


def _cluster(cluster: Any, chosen: dict[int, int], frames: dict[str, Frame]) -> list[Any]:
    """level, name, slug, size, colour, and for each projection zoom and place in units of the
    frame."""
    own = cluster.key if cluster.level == "coarse" else cluster.parent
    where = {}
    for projection, frame in frames.items():
        x, y = (
            np.round(frame.unit(np.array([cluster.anchors[projection]]))[0] * 65535)
            .astype(int)
            .tolist()
        )
        where[projection] = [cluster.zooms[projection], x, y]
    return [
        cluster.level,
        cluster.name,
        cluster.slug,
        cluster.size,
        chosen.get(own, GREY) if own is not None else GREY,
        where,
    ]
