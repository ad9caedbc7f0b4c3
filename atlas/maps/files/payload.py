"""The files that a map page fetches: quantised points, token texts, neighbors.

Rows are sorted along a Morton curve of the main projection, so that differences between rows are
small and compress well. Every file is gzipped, so that it is small on any host; the page unpacks it
with DecompressionStream. The rows of a map that was laid out anew for a comparison stand as those
of the map itself, so that both have the same files of texts, readings and neighbors.

    points   of the main projection: x and y as uint16 of the frame's width, each as differences,
             low bytes then high bytes; then a byte plane for each of label zoom, coarse cluster,
             kind, script, part of speech
    texts    the tokens as readers see them, one a line
    readings their readings, one a line, empty where there is none; only if the vocabulary has any
    layout   of another projection: x and y as above, then label zoom
    facts    token ids (three byte planes), fine clusters (two), then for each projection, in the
             order of the page's list, the number of the token's `k` nearest neighbors that it keeps
             (one), then the steps of the length of its vector and of suspicion (one each)
    near     in files of NEAR_ROWS rows, since one click asks for one row: for each of 15 nearest
             neighbors the difference of its row to the token's, times two, and for one before it
             less one (three byte planes of the file's rows); then by how many hundredths it is less
             similar than the one before it, the first than 1 (one each, modulo 256). A token
             without neighbors names itself
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from atlas.maps import facts
from atlas.maps.colours import colours
from atlas.maps.data import NOBODY, Dataset
from atlas.maps.files import tiles
from atlas.maps.files.bytes import differences, pack, planes, split16
from atlas.maps.files.meta import (
    Chunks,
    Cluster,
    Counts,
    Files,
    Groups,
    Landmark,
    Levels,
    Meta,
    Names,
    Places,
    Projection,
    Rectangle,
    Steps,
    Tiles,
    Until,
)
from atlas.maps.frame import Frame, bare, layout, view, whole
from atlas.maps.names import COARSE_UNTIL, FINE_UNTIL, page_of
from atlas.numeric.curves import morton
from atlas.numeric.types import Array

VERSION = 25  # to be raised when files or pictures of a map change for the same atlas data
NEAR = 15  # neighbors shown
NEAR_ROWS = 1024  # tokens whose neighbors share a file, of a map that is loaded whole
GREY = 255  # for noise, and for tokens without a property
PROPERTIES = ("kind", "script", "pos")
EIGHTHS = tuple(part / 8 for part in range(9))


def quantised(data: Dataset, projection: str, bits: int = 16) -> Array:
    """A projection's coordinates (n, 2) uint16; 65535 is the width of the whole frame. Those of
    fewer bits than 16 are multiples of a power of 2."""
    step = 1 << (16 - bits)
    places = whole(data, projection).unit(layout(data, projection))
    return np.clip(np.round(places * (65535 / step)) * step, 0, 65535).astype(np.uint16)


def codes(values: list[str | None], most: int = 30) -> tuple[list[str], Array]:
    """The `most` most frequent values, and for each row (n,) uint8 the index of its value; GREY if
    it has none or a rarer one."""
    counts: dict[str, int] = {}
    for value in values:
        if value:
            counts[value] = counts.get(value, 0) + 1
    names = sorted(counts, key=lambda name: (-counts[name], name))[:most]
    index = {name: number for number, name in enumerate(names)}
    return names, np.array([index.get(value or "", GREY) for value in values], np.uint8)


@dataclass(frozen=True)
class Detail:
    """How much a map that is loaded whole tells: neighbors of a token, for how many tokens a file
    has them (None: for all), bits of a coordinate."""

    near: int = NEAR
    rows: int | None = NEAR_ROWS
    bits: int = 16


WHOLE = Detail()


@dataclass(frozen=True)
class Payload:
    """The files of a map by name; `head` is the name of the one that describes the others."""

    files: dict[str, bytes]
    meta: Meta
    head: str

    @property
    def points(self) -> str:
        """The name of the file with the points of the main projection."""
        return self.meta.projections[self.meta.main].file


def payload(
    data: Dataset,
    palette: int,
    chosen: dict[int, int] | None = None,
    pages: str = "coarse",
    how: Detail = WHOLE,
    like: Dataset | None = None,
) -> Payload:
    """All files of a map; of a large one, those of its tiles.

    `chosen` are the colours of its coarse clusters, indices below `palette` by key; those of
    `colours` when left out. `pages` says which clusters have a page. `like` is a map of the same
    tokens whose files are shared as far as they are the same.
    """
    chosen = colours(data, palette) if chosen is None else chosen
    levels = _levels(data, chosen, pages)
    tiled = len(data.table) > tiles.LIMIT
    files, meta = _tiled(data, levels) if tiled else _whole_files(data, levels, how, like or data)
    text = meta.model_dump_json(exclude_defaults=True).encode()
    head = f"{meta.map}.{hashlib.sha256(text).hexdigest()[:10]}.json"
    files[head] = text
    return Payload(files, meta, head)


def _meta(
    data: Dataset,
    levels: Levels,
    points: dict[str, str],
    neighbors: int,
    *,
    files: Files | None = None,
    landmarks: list[Landmark] | None = None,
    tiles: Tiles | None = None,
    counts: Counts | None = None,
) -> Meta:
    """The description of a map; `points` are the files of its projections, the main one first."""
    main = data.about.map.clustered_on
    coarse, fine = (
        [cluster for cluster in data.about.clusters if cluster.level == level]
        for level in ("coarse", "fine")
    )

    def projection(name: str, file: str) -> Projection:
        frame = whole(data, name)
        names = Names(coarse=_places(coarse, name, frame), fine=_places(fine, name, frame))
        free = bare(view(data, name).unit(layout(data, name)))
        return Projection(file=file, view=_view(data, name), bare=free, names=names)

    return Meta(
        map=data.about.map.id,
        language=data.about.model.language,
        tokens=len(data.table),
        main=main,
        k=data.about.faithfulness[main].k,
        projections={name: projection(name, file) for name, file in points.items()},
        steps=steps(data)[0],
        groups=Groups(**{what: codes(data.strings(what))[0] for what in PROPERTIES}),
        clusters=levels,
        until=Until(coarse=COARSE_UNTIL, fine=FINE_UNTIL),
        neighbors=neighbors,
        files=files,
        landmarks=landmarks,
        tiles=tiles,
        counts=counts,
    )


def _groups(data: Dataset, projection: str) -> list[Array]:
    """Planes (n,) uint8, in the order of rows: label zoom, coarse cluster, kind, script, part of
    speech."""
    coarse = data.column("cluster_coarse")
    zooms = data.column(f"label_{projection}")
    clusters = np.where((coarse < 0) | (coarse >= GREY), GREY, coarse)
    properties = (codes(data.strings(what))[1] for what in PROPERTIES)
    return [plane.astype(np.uint8) for plane in (zooms, clusters, *properties)]


def _whole_files(
    data: Dataset, levels: Levels, how: Detail, like: Dataset
) -> tuple[dict[str, bytes], Meta]:
    """The files of a map that is loaded as a whole, in the order of rows of `like`, and its
    description."""
    map_id, main = data.about.map.id, data.about.map.clustered_on
    points = quantised(data, main, how.bits)
    order = morton(quantised(like, main, how.bits))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    ids = data.column("token_id")
    files: dict[str, bytes] = {}

    def add(what: str, raw: bytes, of: str = map_id) -> str:
        content = pack(raw)
        name = f"{of}.{what}.{hashlib.sha256(content).hexdigest()[:10]}.bin"
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
            there = quantised(data, other, how.bits)[order]
            raw = [split16(differences(there[:, axis])) for axis in (0, 1)]
            names[other] = add(
                other,
                b"".join([*raw, data.column(f"label_{other}")[order].astype(np.uint8).tobytes()]),
            )
    k = data.about.faithfulness[main].k
    kept = [
        np.round(data.column(f"overlap_{name}")[order] * k).astype(np.uint8).tobytes()
        for name in names
    ]
    told = [plane[order].tobytes() for plane in steps(data)[1]]
    columns = [planes(ids[order], 3), split16(data.column("cluster_fine")[order]), *kept, *told]
    texts, readings = lines("text"), lines("reading")
    rows = how.rows or len(order)
    whose = like.about.map.id
    own = Files(
        texts=add("texts", "\n".join(texts[row] for row in order).encode(), whose),
        facts=add("facts", b"".join(columns)),
        near=[add("near", raw, whose) for raw in _beside(data, place, order, how.near, rows)],
        rows=rows,
        readings=add("readings", "\n".join(readings[row] for row in order).encode(), whose)
        if any(readings)
        else None,
    )
    shown = int(_near(data, how.near).shape[1])
    pins = _landmarks(data, place)
    return files, _meta(data, levels, names, shown, files=own, landmarks=pins)


def steps(data: Dataset) -> tuple[Steps, list[Array]]:
    """The steps of the tokens' norms and of their suspicion, and two planes (n,) uint8 of them;
    GREY where suspicion is not known.

    Norms are parted into eighths of the tokens; suspicion from 0, as most rows, to 1, as rows
    known to be unused.
    """
    norms = data.column("norm").astype(np.float64)
    edges = np.unique([float(f"{edge:.3g}") for edge in np.quantile(norms, EIGHTHS)])
    inner = np.searchsorted(edges[1:-1], norms, "right").astype(np.uint8)
    pairs = list(pairwise(edges.tolist())) or [(float(edges[0]), float(edges[0]))]
    scores = np.array(data.table.column("suspicion").to_pylist(), np.float64)
    known = np.isfinite(scores)
    shares = np.clip(np.where(known, scores, 0), 0, 1)
    plane = np.where(known, np.minimum(np.floor(shares * 8), 7), GREY).astype(np.uint8)
    told = Steps(norm=pairs, suspicion=list(pairwise(EIGHTHS)) if known.any() else None)
    return told, [inner, plane]


def _beside(data: Dataset, place: Array, order: Array, most: int, rows: int) -> Iterator[bytes]:
    """The files of at most `most` neighbors of each token, each for `rows` of them in the order of
    the map, so that what is near shares a file. `place` (n,) is where a row of the data stands in
    the files, `order` (n,) the row of the data at each place."""
    ids = data.column("token_id")
    row_of = np.zeros(int(ids.max(initial=0)) + 1, np.int64)
    row_of[ids] = place
    near = _near(data, most)[order].astype(np.int64)
    gaps = row_of[near] - np.arange(len(ids))[:, None]
    similar = data.lists("neighbor_similarities")[order][:, :most]
    hundredths = np.round(np.clip(similar, 0, 1) * 100).astype(np.int64)
    falls = -np.diff(hundredths.T, axis=0, prepend=100)
    signed = np.where(gaps < 0, -2 * gaps - 1, 2 * gaps).T
    for at in range(0, len(ids), rows):
        part = slice(at, at + rows)
        yield planes(signed[:, part], 3) + planes(falls[:, part], 1)


def _near(data: Dataset, most: int = NEAR) -> Array:
    """Ids (n, at most `most`) of each token's neighbors; of one without any its own."""
    near = data.lists("neighbor_ids")[:, :most]
    return np.where(near == NOBODY, data.column("token_id")[:, None], near)


def _tiled(data: Dataset, levels: Levels) -> tuple[dict[str, bytes], Meta]:
    """The files of a map that is loaded in tiles, and its description."""
    ids = data.column("token_id")
    near = _near(data)
    layouts = [_tiling(data, name) for name in _main_first(data)]
    pins = _landmarks(data, np.arange(len(ids)))
    tokens = tiles.Tokens(
        [str(text) for text in data.strings("text")],
        data.strings("reading"),
        ids,
        data.column("cluster_fine"),
        near,
        data.lists("neighbor_similarities")[:, :NEAR],
        [np.array(landmark.rows, np.int64) for landmark in pins],
        steps(data)[1],
    )
    packed = {f"{name}.bin": pack(raw) for name, raw in tiles.files(layouts, tokens)}
    folder = tiles.folder(data.about.map.id, packed)
    own = Tiles(
        folder=f"{folder}/",
        labels=tiles.LABELS,
        deepest=tiles.DEEPEST,
        chunks=Chunks(facts=tiles.CHUNK_FACTS, near=tiles.CHUNK_NEAR, ids=tiles.CHUNK_IDS),
        ids=ids[:: tiles.CHUNK_IDS].tolist(),
        grams=sum(name.startswith("grams.") for name in packed),
        extent={
            layout.name: round(float(np.ptp(layout.unit, axis=0).max()) * 65535)
            for layout in layouts
        },
    )
    counts = Counts(
        **{
            what: np.bincount(plane[plane < GREY]).tolist()
            for what, plane in zip(PROPERTIES, layouts[0].groups[2:], strict=True)
        }
    )
    points = {
        layout.name: f"{folder}/{f'{layout.name}.' if at else ''}0.p.bin"
        for at, layout in enumerate(layouts)
    }
    files = {f"{folder}/{name}": content for name, content in packed.items()}
    named = [landmark.model_copy(update={"rows": []}) for landmark in pins]
    shown = int(near.shape[1])
    return files, _meta(data, levels, points, shown, landmarks=named, tiles=own, counts=counts)


def _main_first(data: Dataset) -> list[str]:
    main = data.about.map.clustered_on
    return [main, *(name for name in data.about.map.projections if name != main)]


def _tiling(data: Dataset, projection: str) -> tiles.Layout:
    unit = whole(data, projection).unit(layout(data, projection))
    groups = _groups(data, projection)
    cap = tiles.LARGE_CAP if len(unit) > tiles.MANY else tiles.CAP
    kept = np.round(data.column(f"overlap_{projection}") * data.about.faithfulness[projection].k)
    return tiles.Layout(projection, unit, tiles.tree(unit, groups[0], cap), groups, kept)


def _landmarks(data: Dataset, place: Array) -> list[Landmark]:
    """The landmarks that have measurements, with the rows of their members, which `place` (n,)
    maps from rows of the data.

    The largest comes first: the page colours in this order, so a token of two sets gets the colour
    of the smaller one.
    """
    ids = data.column("token_id")
    return [
        Landmark(
            name=landmark.name,
            title=landmark.title,
            rows=np.sort(place[np.searchsorted(ids, landmark.members)]).tolist(),
        )
        for landmark in sorted(data.about.landmarks, key=lambda landmark: -len(landmark.members))
        if landmark.spaces
    ]


def _view(data: Dataset, projection: str) -> Rectangle:
    """The frame of the first view, in units of the whole frame's width / 65535."""
    all_of_it, shown = whole(data, projection), view(data, projection)
    x, y = all_of_it.unit(np.array([[shown.left, shown.bottom]]))[0] * 65535
    width = shown.width / all_of_it.width * 65535
    return Rectangle(left=round(float(x)), bottom=round(float(y)), width=round(width))


def _levels(data: Dataset, chosen: dict[int, int], pages: str) -> Levels:
    """The clusters of both levels."""
    coarse = [cluster for cluster in data.about.clusters if cluster.level == "coarse"]

    def told(cluster: facts.Cluster) -> Cluster:
        own = cluster.key if cluster.level == "coarse" else cluster.parent
        return Cluster(
            name=cluster.name,
            title=cluster.title or None,
            page=page_of(cluster, coarse, pages),
            size=cluster.size,
            colour=GREY if own is None else chosen.get(own, GREY),
        )

    fine = [told(cluster) for cluster in data.about.clusters if cluster.level == "fine"]
    return Levels(coarse=[told(cluster) for cluster in coarse], fine=fine)


def _places(clusters: list[facts.Cluster], projection: str, frame: Frame) -> Places:
    """The places of the names of a level's clusters on a projection."""
    anchors = np.array([cluster.anchors[projection] for cluster in clusters]).reshape(-1, 2)
    x, y = np.round(frame.unit(anchors) * 65535).astype(int).T.tolist()
    return Places(zoom=[cluster.zooms[projection] for cluster in clusters], x=x, y=y)
