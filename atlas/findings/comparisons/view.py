"""Two maps side by side, the second aligned with the first and in its colours, and the figures of
their page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from atlas.config.site import text
from atlas.engine.parquet import of_numbers
from atlas.findings.comparisons.beside import Beside, beside
from atlas.findings.comparisons.config import Compare
from atlas.findings.comparisons.data import Comparison, Layer
from atlas.maps.data import Dataset
from atlas.maps.facts import Cluster
from atlas.maps.frame import layout
from atlas.maps.names import FINE_UNTIL, VIEW
from atlas.maps.view import MapView
from atlas.numeric.alignment import Fit, procrustes
from atlas.numeric.boxes import NEVER
from atlas.numeric.gathering import gathered
from atlas.numeric.types import Array
from atlas.web.charts import Chart, chart
from atlas.web.lettering import text_width

if TYPE_CHECKING:
    import pyarrow as pa

_TRIED = 8  # words of which one is the example
VERSION = 3  # to be raised when the files of a comparison change for the same data
# The largest median distance, as a share of the map's extent, of a named cluster's members from
# their middle on the second map.
NAMED = 0.12
NAME = 16  # the size of names in pixels


@dataclass(frozen=True)
class Bar:
    """A bar of a chart 320 wide and 100 high; the label may be empty."""

    x: float
    width: float
    height: float
    value: float
    label: str


class ComparisonView:
    """A comparison, arranged for its page. All languages share it.

    pairs  address of the ids of shared tokens on either map; None if they are equal
    """

    pairs: str | None = None

    def __init__(self, table: Compare, data: Comparison, first: MapView, second: MapView) -> None:
        self.table, self.data, self.first, self.second = table, data, first, second
        self.id = table.id
        self.beside = MapView(second.model, second.map, self.aligned)
        vars(self.beside)["colour"] = first.colour

    def title(self, language: str) -> str:
        """Its own title, else the titles of both maps."""
        named = text(self.table.title, language)
        return named or f"{self.first.title(language)} / {self.second.title(language)}"

    def description(self, language: str) -> str:
        """Its description; may be empty."""
        return text(self.table.description, language)

    @property
    def self_compared(self) -> bool:
        """Whether it compares a model's input embeddings with its contextual ones."""
        return (
            bool(self.data.layers)
            and self.first.map.space == "input"
            and self.second.map.space == "contextual"
        )

    @cached_property
    def ids(self) -> Array:
        """The ids (n, 2) of the shared tokens."""
        if self.data.pairs is not None:
            return np.array(self.data.pairs, np.int64).reshape(-1, 2)
        same = np.intersect1d(self.first.ids, self.second.ids)
        return np.stack([same, same], axis=1)

    @cached_property
    def rows(self) -> tuple[Array, Array]:
        """The rows (n,) of the shared tokens on either map."""
        first, second = self.ids.T
        return np.searchsorted(self.first.ids, first), np.searchsorted(self.second.ids, second)

    @cached_property
    def fit(self) -> Fit:
        """The fit of the second map to the first."""
        mine, other = (
            layout(view.data, view.main)[rows]
            for view, rows in zip((self.first, self.second), self.rows, strict=True)
        )
        return procrustes(other, mine)

    @property
    def angle(self) -> int:
        """The degrees by which the second map is turned, after mirroring if it is mirrored."""
        turn = self.fit.rotation
        return round(float(np.degrees(np.arctan2(turn[0, 1], turn[0, 0]))))

    @cached_property
    def aligned(self) -> Dataset:
        """The second map's atlas data with its main projection aligned with the first map's, and
        with the first map's clusters. Tokens that do not lie among others of their coarse cluster
        there have none, and so no colour."""
        data, main = self.second.data, self.second.main
        places = self.fit(layout(data, main))
        size = float(np.ptp(places, axis=0).max())
        mine, rows = self.rows
        table = data.table
        for axis, name in enumerate((f"x_{main}", f"y_{main}")):
            table = _replaced(table, name, places[:, axis])
        keys = {}
        for level in ("coarse", "fine"):
            column = np.full(len(places), -1, np.int32)
            column[rows] = self.first.data.column(f"cluster_{level}")[mine]
            keys[level] = column
            shown = np.where(gathered(places, column), column, -1) if level == "coarse" else column
            table = _replaced(table, f"cluster_{level}", shown)
        clusters: list[Cluster] = []
        taken = _Taken(size)
        for cluster in self.first.about.clusters:
            members = places[keys[cluster.level] == cluster.key]
            middle = np.median(members, axis=0) if len(members) else np.zeros(2)
            name = cluster.called()
            zoom = max(cluster.zooms[self.first.main], _zoom(members, middle, name, taken))
            if zoom < NEVER:
                taken.add(middle, name)
            where = {"anchors": {main: (float(middle[0]), float(middle[1]))}, "zooms": {main: zoom}}
            clusters.append(cluster.model_copy(update=where))
        about = self.second.about
        own = {"id": self.id, "projections": {main: about.map.projections[main]}}
        return Dataset(
            about.model_copy(
                update={"map": about.map.model_copy(update=own), "clusters": tuple(clusters)}
            ),
            table,
        )

    @cached_property
    def example(self) -> Beside | None:
        """A word with its neighbors in both spaces: of the first examples of the first map that
        the second shows, and of its first words where these are few, the one that keeps as many as
        is usual; words in a script that is common there come before others. None if they share no
        word."""
        rows = {one: at for at, one in enumerate(self.ids[:, 0].tolist())}
        examples = (token.id for token in self.first.examples(len(self.first.coarse)))
        words = (one for one in rows if self.first.kinds[self.first.row(one)] == "word")
        shown = dict.fromkeys(one for one in chain(examples, words) if one in rows)
        readable = sorted(shown, key=lambda one: not self._usual(one))
        some = islice(readable, _TRIED)
        found = [beside(self.first, self.second, self.ids, rows[one]) for one in some]
        usual = self.data.overlap * self.data.k
        return min(found, key=lambda one: abs(one.kept - usual), default=None)

    def _usual(self, token: int) -> bool:
        """Whether a token is in a script of many words of the first map."""
        return self.first.scripts[self.first.row(token)] in self._scripts

    @cached_property
    def _scripts(self) -> frozenset[str | None]:
        kinds, scripts = self.first.kinds, self.first.scripts
        counts = Counter(one for one, kind in zip(scripts, kinds, strict=True) if kind == "word")
        most = counts.most_common(1)[0][1] if counts else 0
        return frozenset(name for name, count in counts.items() if name and 4 * count >= most)

    @cached_property
    def histogram(self) -> list[Bar]:
        """The share of tokens by the number of neighbors that they keep."""
        whole = sum(self.data.histogram)
        return _bars(
            [count / whole for count in self.data.histogram],
            lambda n: str(n) if n % 5 == 0 else "",
        )

    @cached_property
    def ranks(self) -> list[Bar]:
        """The mean number of neighbors kept in each tenth of the vocabulary."""
        return _bars([share * self.data.k for share in self.data.ranks], lambda n: str(n + 1))

    @cached_property
    def by_layer(self) -> Chart:
        """The share of neighbors that each layer keeps, CKA, and CKA with the tokens of one space
        shuffled."""
        layers = self.data.layers
        lines = {
            "overlap": [layer.overlap for layer in layers],
            "cka": [layer.cka for layer in layers],
            "shuffled": [layer.cka_chance for layer in layers],
        }
        return chart([str(layer.layer) for layer in layers], lines)

    @property
    def middle(self) -> Layer:
        """The layer in the middle."""
        return self.data.layers[len(self.data.layers) // 2]

    @property
    def last(self) -> Layer:
        """The last layer."""
        return self.data.layers[-1]

    @property
    def verdict(self) -> str:
        """The share of neighbors that the last layer keeps beyond chance, in a word: `mostly` from
        half on, `partly` from a tenth on, else `hardly`."""
        share = (self.last.overlap - self.last.chance) / max(1 - self.last.chance, 1e-9)
        return "mostly" if share >= 0.5 else "partly" if share >= 0.1 else "hardly"


def _bars(values: list[float], label: Callable[[int], str]) -> list[Bar]:
    most = max(values, default=0) or 1
    wide = 320 / max(len(values), 1)
    return [
        Bar(
            round(number * wide + wide * 0.1, 1),
            round(wide * 0.8, 1),
            round(100 * value / most, 1),
            value,
            label(number),
        )
        for number, value in enumerate(values)
    ]


def _replaced(table: pa.Table, name: str, values: Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    field = table.schema.field(place)
    return table.set_column(place, field, of_numbers(values, field.type))


class _Taken:
    """Names on a map whose extent is `size`: where they stand, and how wide they are in pixels."""

    def __init__(self, size: float) -> None:
        self.size = size
        self.places: list[tuple[float, float]] = []
        self.widths: list[float] = []

    def add(self, middle: Array, name: str) -> None:
        """Take the place of a name."""
        self.places.append((float(middle[0]), float(middle[1])))
        self.widths.append(text_width(name, NAME))

    def scale(self, middle: Array, name: str) -> float:
        """The magnification from which a name overlaps none of them, at least 1."""
        if not self.places:
            return 1.0
        across, up = np.maximum(np.abs(np.array(self.places) - middle).T * VIEW / self.size, 1e-9)
        wide = (text_width(name, NAME) + np.array(self.widths)) / 2 + NAME
        return max(1.0, float(np.minimum(wide / across, 1.6 * NAME / up).max()))


def _zoom(members: Array, middle: Array, name: str, taken: _Taken) -> int:
    """The half-octave from which a cluster of the first map is named on the second: the first at
    which its name overlaps none of those taken. NEVER if half of the members (n, 2) are farther
    from their middle than NAMED, or if names of tokens are shown before."""
    if not len(members):
        return NEVER
    if float(np.median(np.linalg.norm(members - middle, axis=1))) > NAMED * taken.size:
        return NEVER
    zoom = 2 * np.log2(taken.scale(middle, name))
    return int(np.ceil(zoom)) if zoom < FINE_UNTIL else NEVER
