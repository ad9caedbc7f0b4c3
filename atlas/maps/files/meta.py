"""The JSON file that the page of a map reads first. It names the others.

The scripts' types are made from these models (templates/maps/map/meta.d.ts); a test compares them.
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
    """The coordinates of the names of clusters, and the zooms in half-octaves from which they are
    shown. Each list is in the order of the clusters; lists pack better than objects."""

    zoom: list[int]
    x: list[int]
    y: list[int]


class Names(Part):
    """The places of names of each level."""

    coarse: Places
    fine: Places


class Projection(Part):
    """A layout of the map: the file of its points, the first view, how much of its width is bare on
    each side, in percent, and the places of the names of clusters."""

    file: str
    view: Rectangle
    bare: int
    names: Names


class Cluster(Part):
    """A cluster; `title` by language stands in place of its name, `page` is where it is told, below
    the page of all clusters, `colour` an index into the palette, 255 for none."""

    name: str
    title: dict[str, str] | None = None
    page: str
    size: int
    colour: int


class Levels(Part):
    """The clusters of each level, in the order of their keys."""

    coarse: list[Cluster]
    fine: list[Cluster]


class Until(Part):
    """The last zooms, in half-octaves, at which the names of each level are shown."""

    coarse: float
    fine: float


class Groups(Part):
    """The values of the properties of tokens; files hold indices into these lists."""

    kind: list[str]
    script: list[str]
    pos: list[str]


class Counts(Part):
    """The number of tokens of a large map with each value of a property."""

    kind: list[int]
    script: list[int]
    pos: list[int]


class Steps(Part):
    """The least and the largest number of each step that files hold of a property: the lengths of
    vectors, and how untrained rows look, where that is known."""

    norm: list[tuple[float, float]]
    suspicion: list[tuple[float, float]] | None = None


class Landmark(Part):
    """A set of tokens with its titles by language; the largest set comes first. Rows of a map in
    tiles are in a file of their own."""

    name: str
    title: dict[str, str]
    rows: list[int]


class Files(Part):
    """The files of a map that is loaded as a whole, besides those of its projections; of neighbors
    each is for `rows` tokens."""

    texts: str
    facts: str
    near: list[str]
    rows: int
    readings: str | None


class Chunks(Part):
    """The number of rows, or ids, of a file of each kind."""

    facts: int
    near: int
    ids: int


class Tiles(Part):
    """The files of a map that is loaded in tiles.

    `folder` holds them. Labels are `labels` half-octaves ahead of their tile's level, down to the
    level `deepest`. `ids` are the first ids of the chunks that map ids to rows, `grams` is the
    number of files that lead from parts of texts to words. `extent` is the larger one of each
    projection's width and height, in units of the frame.
    """

    folder: str
    labels: int
    deepest: int
    chunks: Chunks
    ids: list[int]
    grams: int
    extent: dict[str, int]


class Meta(Part):
    """The description of a map and of its files.

    Faithfulness is measured by `k` neighbors; `neighbors` are shown. A map has `files`, or `tiles`
    and `counts`.
    """

    map: str
    language: str
    tokens: int
    main: str
    k: int
    neighbors: int
    projections: dict[str, Projection]
    groups: Groups
    steps: Steps
    clusters: Levels
    until: Until
    landmarks: list[Landmark] | None = None
    counts: Counts | None = None
    files: Files | None = None
    tiles: Tiles | None = None
