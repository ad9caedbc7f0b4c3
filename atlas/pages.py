"""What is on each page: atlas data arranged for the templates. Nothing here writes a file or knows HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas import config as settings
from atlas import payload
from atlas.about import Claim, Cluster, Landmark
from atlas.dataset import Dataset
from atlas.figures import CloseUp, Name, close_up, highlight, poster_names
from atlas.tiles import LIMIT

TABLED = 40  # tokens of a cluster listed with their neighbors; the others follow as text
LISTED = 3000  # tokens of a cluster named at all
SHOWN_NEIGHBORS = 6

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Page:
    """One page in every language: where it stands below the edition's root, and what its template gets."""

    url: str
    template: str
    context: dict[str, Any]
    indexed: bool = True


@dataclass(frozen=True)
class Neighbor:
    text: str
    similarity: float


@dataclass(frozen=True)
class Token:
    """A token as a table shows it."""

    id: int
    text: str
    kind: str
    pos: str | None
    reading: str | None
    neighbors: tuple[Neighbor, ...]
    overlap: float


class MapView:
    """One map, arranged for its pages. Made once and shared by all languages."""

    def __init__(self, config: settings.Config, model: settings.Model, entry: settings.Map, data: Dataset) -> None:
        self.config, self.model, self.map, self.data = config, model, entry, data
        self.about = data.about
        self.id = data.about.map.id
        self.main = data.about.map.clustered_on
        self.texts = [str(text) for text in data.strings("text")]
        self.kinds = [str(kind) for kind in data.strings("kind")]
        self.scripts, self.pos, self.readings = data.strings("script"), data.strings("pos"), data.strings("reading")
        self.ids: Array = data.column("token_id")
        self.overlaps = {name: data.column(f"overlap_{name}") for name in data.about.map.projections}
        self.near, self.similar = data.lists("neighbor_ids"), data.lists("neighbor_similarities")
        self.unit: Array = payload.view(data, self.main).unit(payload.layout(data, self.main))
        self.language = data.about.model.language

    @property
    def tiled(self) -> bool:
        """Whether the page loads the map by tiles, since it is too large to be loaded at once."""
        return len(self.ids) > LIMIT

    def row(self, token: int) -> int:
        """The row of a token id."""
        return int(np.searchsorted(self.ids, token))

    def title(self, language: str) -> str:
        named = settings.text(self.map.title, language)
        suffix = "" if self.map.name == "words" else f": {self.map.name}"
        return named or self.model_title(language) + suffix

    def model_title(self, language: str) -> str:
        return settings.text(self.model.title, language, self.model.id)

    def description(self, language: str) -> str:
        return settings.text(self.map.description, language) or settings.text(self.model.description, language)

    @cached_property
    def coarse(self) -> list[Cluster]:
        return [cluster for cluster in self.about.clusters if cluster.level == "coarse"]

    @cached_property
    def fine(self) -> list[Cluster]:
        return [cluster for cluster in self.about.clusters if cluster.level == "fine"]

    @cached_property
    def colour(self) -> dict[int, int]:
        from atlas.figures import PALETTE

        return payload.colours(self.data, len(PALETTE))

    @cached_property
    def rows(self) -> dict[tuple[str, int], Array]:
        """Rows of each cluster, ascending."""
        found: dict[tuple[str, int], Array] = {}
        for level in ("coarse", "fine"):
            keys = self.data.column(f"cluster_{level}")
            order = np.argsort(keys, kind="stable")
            values, starts = np.unique(keys[order], return_index=True)
            for key, rows in zip(values.tolist(), np.split(order, starts[1:]), strict=True):
                found[level, key] = rows
        return found

    @cached_property
    def names(self) -> list[Name]:
        return poster_names(self.data, self.main)

    def children(self, cluster: Cluster) -> list[Cluster]:
        """The fine clusters within a coarse one, largest first."""
        return [one for one in self.fine if one.parent == cluster.key] if cluster.level == "coarse" else []

    def noise(self, level: str) -> float:
        """The share of tokens in no cluster."""
        return len(self.rows.get((level, -1), ())) / max(len(self.ids), 1)

    def counts(self, what: str) -> list[tuple[str, int]]:
        """How many tokens of each kind, script or part of speech, most first; those without are left out."""
        column: Sequence[str | None] = self.column(what)
        return Counter(value for value in column if value).most_common()

    def column(self, what: str) -> Sequence[str | None]:
        """Kind, script or part of speech of every token."""
        return self.kinds if what == "kind" else self.scripts if what == "script" else self.pos

    def token(self, row: int) -> Token:
        pairs = zip(self.near[row][:SHOWN_NEIGHBORS].tolist(), self.similar[row][:SHOWN_NEIGHBORS].tolist(), strict=True)
        near = tuple(Neighbor(self.texts[self.row(other)], value) for other, value in pairs)
        return Token(
            int(self.ids[row]), self.texts[row], self.kinds[row], self.pos[row], self.readings[row], near,
            float(self.overlaps[self.main][row]),
        )  # fmt: skip

    def landmark_title(self, name: str, language: str) -> str:
        """A landmark's title, or its name where it has none."""
        [one] = [one for one in self.about.landmarks if one.name == name]
        return one.title.get(language) or next(iter(one.title.values()), one.name)

    def members(self, landmark: Landmark) -> list[str]:
        """The texts of a landmark's members, in the order of the vocabulary."""
        return [self.texts[self.row(token)] for token in landmark.members]

    def claim_title(self, claim: Claim, language: str) -> str:
        """A claim's title, or what it is about where it has none."""
        words = dict.fromkeys(word for pair in claim.pairs for word in pair.words)
        about = [self.landmark_title(name, language) for name in (claim.set, claim.near) if name]
        return claim.title.get(language) or next(iter(claim.title.values()), ("、" if language == "ja" else ", ").join(words or about))

    def examples(self, most: int = 6) -> list[Token]:
        """Tokens to show on the map's page, for readers without JavaScript: central words of its large clusters."""
        rows = [self.row(cluster.central[0]) for cluster in self.coarse]
        words = [row for row in rows if self.kinds[row] == "word"]
        return [self.token(row) for row in words[:most]]


@dataclass(frozen=True)
class ClusterView:
    """One cluster, arranged for its page."""

    view: MapView
    cluster: Cluster
    tokens: list[Token]
    others: list[tuple[int, str]]
    unlisted: int
    made_of: dict[str, list[tuple[str, float]]]
    overlap: float
    nearest: list[Cluster]
    parent: Cluster | None
    children: list[Cluster]
    path: str
    close: CloseUp
    colour: int | None


def cluster_view(view: MapView, cluster: Cluster) -> ClusterView:
    """All that a cluster's page says, in any language."""
    rows = view.rows[cluster.level, cluster.key]
    central = [view.row(token) for token in cluster.central]
    first = set(central)
    order = np.array([*central, *(row for row in rows.tolist() if row not in first)])
    made: dict[str, list[tuple[str, float]]] = {}
    for what in ("kind", "script", "pos"):
        column = view.column(what)
        counts = Counter(value for row in rows.tolist() if (value := column[row]))
        if counts and not (what == "kind" and len(counts) == 1 and "word" in counts):
            made[what] = [(name, count / len(rows)) for name, count in counts.most_common(4)]
    level = view.coarse if cluster.level == "coarse" else view.fine
    own = cluster.key if cluster.level == "coarse" else cluster.parent
    position = {row: place for place, row in enumerate(rows.tolist())}
    return ClusterView(
        view=view,
        cluster=cluster,
        tokens=[view.token(row) for row in order[:TABLED].tolist()],
        others=[(int(view.ids[row]), view.texts[row]) for row in sorted(order[TABLED:LISTED].tolist())],
        unlisted=max(len(order) - LISTED, 0),
        made_of=made,
        overlap=float(view.overlaps[view.main][rows].mean()),
        nearest=[level[key] for key in cluster.nearest],
        parent=view.coarse[cluster.parent] if cluster.parent is not None else None,
        children=view.children(cluster),
        path=highlight(view.unit[rows]),
        close=close_up(
            view.unit[rows], [view.texts[row] for row in rows.tolist()], view.ids[rows],
            np.array([position[row] for row in order.tolist()]),
        ),
        colour=view.colour.get(own) if own is not None else None,
    )  # fmt: skip


def pages(
    config: settings.Config, views: list[MapView], compared: Sequence[Any] = (), study: Any = None, sensed: Sequence[Any] = ()
) -> Iterator[Page]:
    """Every page of the site, the same for each language; `compared` are the comparisons, `study` what the write-up shows, `sensed`
    the sense maps."""
    by_model: dict[str, list[MapView]] = {}
    for view in views:
        by_model.setdefault(view.model.id, []).append(view)
    yield Page("", "home.html", {"views": views, "models": list(by_model.values())})
    yield Page("about/", "about.html", {"views": views})
    yield Page("embedding/", "embedding.html", {"views": views})
    if compared:
        yield Page("compare/", "comparisons.html", {"pairs": compared})
    for pair in compared:
        yield Page(f"compare/{pair.id}/", "compare.html", {"pair": pair})
    if study is not None:
        yield Page("write-ups/inputs-embeds/", "write-up.html", {"study": study})
    if sensed:
        yield Page("senses/", "senses.html", {"sensed": sensed})
    for one in sensed:
        yield Page(f"senses/{one.id}/", "sense.html", {"found": one})
    for maps in by_model.values():
        yield Page(f"models/{maps[0].model.id}/", "model.html", {"maps": maps, "view": maps[0]})
    for view in views:
        base = f"maps/{view.id}/"
        yield Page(base, "map.html", {"view": view})
        yield Page(f"embed/{view.id}/", "embed.html", {"view": view}, indexed=False)
        yield Page(f"{base}clusters/", "clusters.html", {"view": view})
        for cluster in view.about.clusters:
            yield Page(f"{base}clusters/{cluster.slug}/", "cluster.html", {"view": view, "one": cluster_view(view, cluster)})
    yield Page("404.html", "404.html", {}, indexed=False)
