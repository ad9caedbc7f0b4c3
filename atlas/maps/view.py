"""A map, arranged for its pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atlas.config.languages import LANGUAGES
from atlas.config.site import Site, text
from atlas.maps import colours, frame, names
from atlas.maps.config import Map, Model
from atlas.maps.data import NOBODY, Dataset
from atlas.maps.facts import Claim, Cluster, Landmark
from atlas.maps.files.addresses import MapFiles
from atlas.maps.files.tiles import LIMIT
from atlas.maps.posters import Name, poster_names
from atlas.maps.projections import PROJECTIONS, RANDOM, named
from atlas.numeric.types import Array
from atlas.web.palette import PALETTE

SHOWN_NEIGHBORS = 6
SOME = 4  # members of a landmark that is worth a look


@dataclass(frozen=True)
class Neighbor:
    """A neighbor of a token, and its cosine similarity."""

    text: str
    similarity: float


@dataclass(frozen=True)
class Token:
    """A token with its nearest neighbors, as tables show it."""

    id: int
    text: str
    kind: str
    pos: str | None
    reading: str | None
    neighbors: tuple[Neighbor, ...]
    overlap: float


class MapView:
    """A map, arranged for its pages. All languages share it."""

    files: MapFiles
    site: Site

    def __init__(self, model: Model, table: Map, data: Dataset) -> None:
        self.model, self.map, self.data = model, table, data
        self.about = data.about
        self.id = data.about.map.id
        self.main = data.about.map.clustered_on
        self.texts = [str(text) for text in data.strings("text")]
        self.kinds = [str(kind) for kind in data.strings("kind")]
        self.scripts, self.pos, self.readings = (
            data.strings("script"),
            data.strings("pos"),
            data.strings("reading"),
        )
        self.ids: Array = data.column("token_id")
        self.overlaps = {
            name: data.column(f"overlap_{name}") for name in data.about.map.projections
        }
        self.near, self.similar = data.lists("neighbor_ids"), data.lists("neighbor_similarities")
        self.unit: Array = frame.view(data, self.main).unit(frame.layout(data, self.main))
        self.bare = frame.bare(self.unit)
        self.language = data.about.model.language

    @property
    def size(self) -> int:
        """The number of its tokens."""
        return len(self.ids)

    @property
    def cards(self) -> Mapping[str, str]:
        """The addresses of the pictures of link previews, by language."""
        return self.files.cards

    @property
    def tiled(self) -> bool:
        """Whether the map is so large that its page loads it in tiles."""
        return len(self.ids) > LIMIT

    @property
    def suspicious(self) -> bool:
        """Whether it is known how untrained its tokens look."""
        column = self.data.table.column("suspicion")
        return bool(column.null_count < len(column))

    def row(self, token: int) -> int:
        """The row of a token id that it has."""
        return self._row[token]

    @cached_property
    def _row(self) -> dict[int, int]:
        return {token: row for row, token in enumerate(self.ids.tolist())}

    def title(self, language: str) -> str:
        """Its own title, else the model's with the map's name, unless that is `words`."""
        own = text(self.map.title, language)
        suffix = "" if self.map.name == "words" else f": {self.map.name}"
        return own or self.model_title(language) + suffix

    def model_title(self, language: str) -> str:
        """The title of its model, else the model's id."""
        return text(self.model.title, language, self.model.id)

    def description(self, language: str) -> str:
        """Its own description, else the model's; may be empty."""
        return text(self.map.description, language) or text(self.model.description, language)

    def projection_title(self, name: str) -> str:
        """The title of a projection. Raises StageError for an unknown one."""
        return named(name).title

    @property
    def measured(self) -> list[str]:
        """The projections whose faithfulness is known, the random baseline last."""
        return [name for name in (*PROJECTIONS, RANDOM.name) if name in self.about.faithfulness]

    @property
    def aspect(self) -> float:
        """The height of its pictures over their width."""
        return frame.ASPECT

    @cached_property
    def coarse(self) -> list[Cluster]:
        """Its coarse clusters, in the order of their keys."""
        return [cluster for cluster in self.about.clusters if cluster.level == "coarse"]

    @cached_property
    def fine(self) -> list[Cluster]:
        """Its fine clusters, in the order of their keys."""
        return [cluster for cluster in self.about.clusters if cluster.level == "fine"]

    @cached_property
    def colour(self) -> dict[int, int]:
        """The index into PALETTE of each coarse cluster, by key."""
        return colours.colours(self.data, len(PALETTE))

    @cached_property
    def rows(self) -> dict[tuple[str, int], Array]:
        """The rows (c,) of each cluster, ascending, by level and key; -1 is noise."""
        rows_of: dict[tuple[str, int], Array] = {}
        for level in ("coarse", "fine"):
            keys = self.data.column(f"cluster_{level}")
            order = np.argsort(keys, kind="stable")
            values, starts = np.unique(keys[order], return_index=True)
            for key, rows in zip(values.tolist(), np.split(order, starts[1:]), strict=True):
                rows_of[level, key] = rows
        return rows_of

    def names(self, language: str) -> list[Name]:
        """The names on its poster."""
        return poster_names(self.data, self.main, language)

    def page_of(self, cluster: Cluster) -> str:
        """The address of what is told of a cluster."""
        below = names.page_of(cluster, self.coarse, self.map.clusters.pages)
        return f"maps/{self.id}/clusters/{below}"

    def outside(self) -> list[Cluster]:
        """The fine clusters in no coarse one, largest first."""
        return [cluster for cluster in self.fine if cluster.parent is None]

    def children(self, cluster: Cluster) -> list[Cluster]:
        """The fine clusters within a coarse one, largest first."""
        if cluster.level != "coarse":
            return []
        return [child for child in self.fine if child.parent == cluster.key]

    def noise(self, level: str) -> float:
        """The share of tokens in no cluster of a level."""
        return len(self.rows.get((level, -1), ())) / max(len(self.ids), 1)

    def counts(self, what: str) -> list[tuple[str, int]]:
        """The number of tokens of each kind, script or part of speech, most frequent first."""
        return [(value, count) for value, count in self._counts[what].most_common() if value]

    @cached_property
    def _counts(self) -> dict[str, Counter[str | None]]:
        return {what: Counter(self.column(what)) for what in ("kind", "script", "pos")}

    def column(self, what: str) -> Sequence[str | None]:
        """The kind, script or part of speech of every token."""
        return self.kinds if what == "kind" else self.scripts if what == "script" else self.pos

    def token(self, row: int) -> Token:
        """The token of a row, with its nearest neighbors."""
        ids = self.near[row][:SHOWN_NEIGHBORS]
        near = tuple(
            Neighbor(self.texts[place], value)
            for other, place, value in zip(
                ids.tolist(),
                np.searchsorted(self.ids, ids).tolist(),
                self.similar[row][:SHOWN_NEIGHBORS].tolist(),
                strict=True,
            )
            if other != NOBODY
        )
        return Token(
            int(self.ids[row]),
            self.texts[row],
            self.kinds[row],
            self.pos[row],
            self.readings[row],
            near,
            float(self.overlaps[self.main][row]),
        )

    def landmark_title(self, name: str, language: str) -> str:
        """The title of a landmark, else its name."""
        [landmark] = [row for row in self.about.landmarks if row.name == name]
        return landmark.title.get(language) or next(iter(landmark.title.values()), name)

    def chips(self, most: int = 10) -> list[Landmark]:
        """Landmarks to look at first: those that keep together best, neither tiny nor most of
        the map."""
        found = [
            landmark
            for landmark in self.about.landmarks
            if landmark.spaces
            and landmark.spaces["space"].holds
            and SOME <= len(landmark.members) <= self.size / 4
        ]
        found.sort(key=lambda one: one.chance - one.spaces["space"].cohesion)
        return found[:most]

    def first(self, text: str) -> int | None:
        """The id of the first token with a text, None where there is none."""
        rows = (row for row, other in enumerate(self.texts) if other == text)
        row = next(rows, None)
        return None if row is None else int(self.ids[row])

    def members(self, landmark: Landmark) -> list[str]:
        """The texts of a landmark's members, in the order of the vocabulary."""
        return [self.texts[self.row(token)] for token in landmark.members]

    def claim_title(self, claim: Claim, language: str) -> str:
        """The title of a claim, else its words or landmarks."""
        words = dict.fromkeys(word for pair in claim.pairs for word in pair.words)
        about = [self.landmark_title(name, language) for name in (claim.set, claim.near) if name]
        return claim.title.get(language) or next(
            iter(claim.title.values()), LANGUAGES[language].comma.join(words or about)
        )

    def examples(self, most: int = 6) -> list[Token]:
        """Central words of its large clusters, for readers without JavaScript."""
        rows = [self.row(cluster.central[0]) for cluster in self.coarse]
        words = [row for row in rows if self.kinds[row] == "word"]
        return [self.token(row) for row in words[:most]]
