"""A cluster, arranged for its page, and its drawings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atlas.maps.facts import Cluster
from atlas.maps.frame import ASPECT
from atlas.maps.view import MapView, Token
from atlas.numeric.types import Array
from atlas.web.lettering import text_width

TABLED = 24  # tokens of a cluster listed with their neighbors; the others follow as text
LISTED = 600  # of the others on a cluster's page; what is left is on pages of their own
TOLD = 60  # tokens of a fine cluster told on the page of the one around it
# The same on the page of all clusters: of a coarse one, of a fine one in it, and of others.
TOLD_COARSE, TOLD_INSIDE, TOLD_OUTSIDE = 24, 8, 8
PART = 1000  # tokens on each of these; at four bytes a letter, still below web.check.PAGE_LIMIT
DOTS = 1500  # of a cluster that a picture shows
BAND = 24  # units; dots are drawn band by band, so that each is near the one before


def _even(count: int, most: int) -> Array:
    """Positions (m,) of `count` points, or of an even selection of `most` of them."""
    return np.linspace(0, count - 1, min(count, most)).astype(int)


def dots(places: Array) -> str:
    """An SVG path of a dot at each place (n, 2), to the nearest unit, each once. Dots are told by
    the step from the one before, which takes fewer signs than their places."""
    found = np.unique(places.round().astype(int), axis=0)
    found = found[np.lexsort((found[:, 1], found[:, 0] // BAND))]
    steps = np.diff(found, axis=0, prepend=np.zeros((1, 2), int))
    return "".join(f"m{x}{'' if y < 0 else ' '}{y}h0" for x, y in steps.tolist())


def highlight(unit: Array, most: int = DOTS) -> str:
    """An SVG path of dots, for points (n, 2) in units of the frame on a picture 1200 wide; of more
    than `most` points, an even selection."""
    unit = unit[_even(len(unit), most)]
    return dots(np.stack([unit[:, 0] * 1200, (ASPECT - unit[:, 1]) * 1200], axis=1))


@dataclass(frozen=True)
class CloseUp:
    """A close view of a cluster: its dots as an SVG path, and the tokens that fit, as (text, x, y,
    id)."""

    dots: str
    words: list[tuple[str, int, int, int]]


def close_up(
    xy: Array,
    texts: list[str],
    ids: Array,
    order: Array,
    wide: int = 800,
    high: int = 480,
    most: int = 60,
) -> CloseUp:
    """The points (n, 2) of a cluster, with their texts and ids (n,), fitted into a picture, of more
    than DOTS an even selection. Up to `most` tokens are written, in the order (n,) given, where
    they overlap no other."""
    low, high_end = np.quantile(xy, 0.02, axis=0), np.quantile(xy, 0.98, axis=0)
    span = np.maximum(high_end - low, 1e-6)
    scale = min((wide - 140) / span[0], (high - 50) / span[1])
    middle = (low + high_end) / 2
    x = wide / 2 + (xy[:, 0] - middle[0]) * scale
    y = high / 2 - (xy[:, 1] - middle[1]) * scale
    inside = (x > 4) & (x < wide - 4) & (y > 4) & (y < high - 4)
    seen = np.flatnonzero(inside)
    seen = seen[_even(len(seen), DOTS)]
    across, down = x.tolist(), y.tolist()  # numbers of Python, which are compared much faster
    placed: list[tuple[float, float, float]] = []
    words: list[tuple[str, int, int, int]] = []
    for row in order.tolist():
        half = text_width(texts[row], 15) / 2 + 5
        left, top = across[row], down[row]
        if not (half < left < wide - half and 14 < top < high - 10):
            continue
        if any(abs(left - a) < half + h and abs(top - b) < 19 for a, b, h in placed):
            continue
        placed.append((left, top, half))
        words.append((texts[row], round(left), round(top + 5), int(ids[row])))
        if len(words) == most:
            break
    return CloseUp(dots(np.stack([x[seen], y[seen]], axis=1)), words)


@dataclass(frozen=True)
class Inner:
    """A fine cluster on another page than its own: its atlas data, ids and texts of some of its
    tokens, its central ones first, and how many more it has."""

    facts: Cluster
    tokens: list[tuple[int, str]]
    more: int


def inner(view: MapView, cluster: Cluster, most: int = TOLD) -> Inner:
    """What is told of a fine cluster on another page: up to `most` tokens."""
    rows = _central_first(view, cluster)
    told = [(int(view.ids[row]), view.texts[row]) for row in rows[:most].tolist()]
    return Inner(cluster, told, max(len(rows) - most, 0))


def _central_first(view: MapView, cluster: Cluster) -> Array:
    """The rows (m,) of a cluster, its central tokens before the others."""
    central = [view.row(token) for token in cluster.central]
    rows = view.rows[cluster.level, cluster.key]
    first = np.array(central, rows.dtype)
    return np.concatenate([first, rows[~(rows[:, None] == first).any(axis=1)]])


@dataclass(frozen=True)
class ClusterView:
    """A cluster, arranged for its page once that is rendered.

    view      its map
    facts     its atlas data
    """

    view: MapView
    facts: Cluster

    @cached_property
    def _rows(self) -> Array:
        return self.view.rows[self.facts.level, self.facts.key]

    @cached_property
    def _order(self) -> Array:
        return _central_first(self.view, self.facts)

    @cached_property
    def tokens(self) -> list[Token]:
        """The first TABLED of its tokens, its central ones before the others, with neighbors."""
        return [self.view.token(row) for row in self._order[:TABLED].tolist()]

    @cached_property
    def _others(self) -> Array:
        """The rows (m,) of the next ones, but for those that its page tells as of its fine
        clusters."""
        others = self._order[TABLED:]
        if self.view.map.clusters.pages == "all":
            return others
        told = [token for child in self.children for token, _ in child.tokens]
        return others[~np.isin(self.view.ids[others], told)]

    @cached_property
    def others(self) -> list[tuple[int, str]]:
        """Ids and texts of the first LISTED of the other ones."""
        return _named(self.view, self._others[:LISTED])

    @cached_property
    def parts(self) -> list[list[tuple[int, str]]]:
        """Ids and texts of all further ones, PART on a page."""
        further = np.sort(self._others[LISTED:])
        starts = range(0, len(further), PART)
        return [_named(self.view, further[start : start + PART]) for start in starts]

    @property
    def pages(self) -> int:
        """How many parts there are."""
        if len(self._rows) <= LISTED:  # without a look at its fine clusters
            return 0
        return -(-max(len(self._others) - LISTED, 0) // PART)

    @cached_property
    def made_of(self) -> dict[str, list[tuple[str, float]]]:
        """Shares of the most frequent kinds, scripts and parts of speech."""
        shares: dict[str, list[tuple[str, float]]] = {}
        for what in ("kind", "script", "pos"):
            column = self.view.column(what)
            counts = Counter(value for row in self._rows.tolist() if (value := column[row]))
            if counts and not (what == "kind" and len(counts) == 1 and "word" in counts):
                common = counts.most_common(4)
                shares[what] = [(name, count / len(self._rows)) for name, count in common]
        return shares

    @cached_property
    def overlap(self) -> float:
        """Mean share of neighbors that the map keeps, 0..1."""
        return float(self.view.overlaps[self.view.main][self._rows].mean())

    @cached_property
    def nearest(self) -> list[Cluster]:
        """Nearest clusters of its level."""
        level = self.view.coarse if self.facts.level == "coarse" else self.view.fine
        return [level[key] for key in self.facts.nearest]

    @cached_property
    def parent(self) -> Cluster | None:
        """The coarse cluster that holds most of a fine one."""
        return self.view.coarse[self.facts.parent] if self.facts.parent is not None else None

    @cached_property
    def children(self) -> list[Inner]:
        """The fine clusters within a coarse one, told here where they have no page."""
        return [inner(self.view, child) for child in self.view.children(self.facts)]

    @cached_property
    def path(self) -> str:
        """SVG path of its dots on the whole map."""
        return highlight(self.view.unit[self._rows])

    @cached_property
    def close(self) -> CloseUp:
        """The close view."""
        rows = self._rows.tolist()
        position = {row: place for place, row in enumerate(rows)}
        return close_up(
            self.view.unit[self._rows],
            [self.view.texts[row] for row in rows],
            self.view.ids[self._rows],
            np.array([position[row] for row in self._order.tolist()]),
        )

    @property
    def colour(self) -> int | None:
        """Index into PALETTE; None for grey."""
        own = self.facts.key if self.facts.level == "coarse" else self.facts.parent
        return self.view.colour.get(own) if own is not None else None


def _named(view: MapView, rows: Array) -> list[tuple[int, str]]:
    """Ids and texts of rows (m,), in the order of the vocabulary."""
    return [(int(view.ids[row]), view.texts[row]) for row in np.sort(rows).tolist()]
