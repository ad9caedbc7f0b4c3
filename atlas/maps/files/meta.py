"""What the page of a map is told of it: one JSON file, which names the others.

The scripts' types are made from these models (templates/maps/map/meta.d.ts; a test compares
them), so what a page may read is what is written here.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rectangle(Part):
    """The left lower corner and the width of a view, in units of the frame."""

    left: int
    bottom: int
    width: int


class Places(Part):
    """Where the names of clusters stand, and from which zoom in half-octaves they show: each list
    in the order of the clusters, which packs better than a place for each."""

    zoom: list[int]
    x: list[int]
    y: list[int]


class Names(Part):
    """The places of names of each level."""

    coarse: Places
    fine: Places


class Projection(Part):
    """A layout of the map: the file of its points, what the first view shows, and where the names
    of clusters stand on it."""

    file: str
    view: Rectangle
    names: Names


class Cluster(Part):
    """A cluster: `colour` is a place in the palette, 255 for none."""

    name: str
    slug: str
    size: int
    colour: int


class Levels(Part):
    """The clusters of each level, in the order of their keys."""

    coarse: list[Cluster]
    fine: list[Cluster]


class Until(Part):
    """The zooms, in half-octaves, after which the names of each level give way."""

    coarse: float
    fine: float


class Groups(Part):
    """The names of properties that stand as numbers beside the points."""

    kind: list[str]
    script: list[str]
    pos: list[str]


class Counts(Part):
    """How many tokens of a large map have each of those properties."""

    kind: list[int]
    script: list[int]
    pos: list[int]


class Landmark(Part):
    """A set of tokens with a name, and its titles by language; the largest set comes first."""

    name: str
    title: dict[str, str]
    rows: list[int]


class Files(Part):
    """The files of a map that is loaded whole; its points stand with the projections."""

    texts: str
    facts: str
    near: str
    readings: str | None


class Tiles(Part):
    """The files of a map that is loaded by need.

    `folder` holds them. Labels are `labels` half-octaves ahead of their tile's level, down to the
    level `deepest`. `ids` are the first ids of the chunks of `chunk` tokens that find a token's
    row. `extent` is that of the layout, the wider way, in units of the frame.
    """

    folder: str
    labels: int
    deepest: int
    chunk: int
    ids: list[int]
    extent: int


class Meta(Part):
    """What the page of a map is told of it.

    `k` is how many neighbors a projection's faithfulness is measured by, `neighbors` how many are
    shown. A map has `files` and landmarks, or `tiles` and counts.
    """

    map: str
    language: str
    tokens: int
    main: str
    k: int
    neighbors: int
    projections: dict[str, Projection]
    groups: Groups
    clusters: Levels
    until: Until
    landmarks: list[Landmark] | None = None
    counts: Counts | None = None
    files: Files | None = None
    tiles: Tiles | None = None
