"""Vocabularies, arranged for their pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from atlas.config.fields import Text
from atlas.config.site import text
from atlas.findings.vocabularies.config import JAPANESE, Vocabularies
from atlas.findings.vocabularies.data import (
    STATES,
    Asked,
    Counts,
    Measured,
    OfModel,
    OfOrders,
    OfPair,
    Ordered,
    Read,
)
from atlas.findings.vocabularies.drawing import COLOURS, FILLED
from atlas.maps.config import Model
from atlas.web.lettering import text_width

_LEAST = 12  # scripts of a page's table, at most; the rest is one row
# A model's state on a cell of a wall; of several tokens their number.
MARKS = {"t": "●", "o": "≈", "b": "#", "u": "?", "-": "·"}
_PAGE = 1250  # cells on a page


class ModelView:
    """A vocabulary by itself."""

    def __init__(self, model: Model, data: OfModel) -> None:
        self.model, self.data, self.id = model, data, model.id

    def title(self, language: str) -> str:
        """The model's title."""
        return text(self.model.title, language, self.model.id)

    def read(self, corpus: str) -> Read | None:
        """A corpus as it reads it; None where it was not asked or cannot."""
        found = (one for one in self.data.read if one.corpus == corpus)
        return next((one for one in found if not one.counted.reason), None)


class PairView:
    """Two vocabularies beside one another."""

    def __init__(self, first: ModelView, second: ModelView, data: OfPair) -> None:
        self.first, self.second, self.data = first, second, data
        self.id = f"{first.id}--{second.id}"

    def title(self, language: str) -> str:
        """Both titles."""
        return f"{self.first.title(language)} / {self.second.title(language)}"

    @property
    def equal(self) -> bool:
        """Whether both have the same tokens under the same ids."""
        return self.data.same_id == self.data.ids == max(self.data.tokens)

    @property
    def versions(self) -> bool:
        """Whether they look like versions of one vocabulary: at least half of the ids agree."""
        return bool(self.data.ids) and self.data.same_id >= 0.5 * self.data.ids

    @property
    def share(self) -> float:
        """The share of the texts of both that both have (Jaccard's index)."""
        counts = self.data.texts
        return counts.shared / max(counts.shared + counts.first + counts.second, 1)

    @cached_property
    def scripts(self) -> list[tuple[str, Counts]]:
        """The scripts, the largest first; small ones together under an empty name."""
        every = list(self.data.scripts.items())
        rest = [counts for _, counts in every[_LEAST:]]
        if len(rest) < 2:
            return every
        sums = Counts(
            shared=sum(one.shared for one in rest),
            first=sum(one.first for one in rest),
            second=sum(one.second for one in rest),
        )
        return [*every[:_LEAST], ("", sums)]


@dataclass(frozen=True)
class Cell:
    """A member of a set on a wall: a mark for each model, and in how many it is one token: `all`,
    `some` or `none`."""

    text: str
    marks: str
    shared: str


@dataclass(frozen=True)
class Group:
    """A group of a set: its number, its name, the number of the page that it is on, its cells, and
    how many of them are one token, by model."""

    number: int
    name: str
    part: int
    cells: tuple[Cell, ...]
    counts: tuple[int, ...]


class SetView:
    """A set of signs or words in all vocabularies that were asked for it.

    pictures   addresses of its pictures by model
    """

    marks, colours, filled = MARKS, COLOURS, FILLED

    def __init__(self, asked: Sequence[tuple[ModelView, Asked]]) -> None:
        self.asked = asked
        self.name = asked[0][1].name
        self.items = asked[0][1].items
        self.pictures: dict[str, str] = {}

    @property
    def japanese(self) -> bool:
        """Whether its members are Japanese."""
        return self.name in JAPANESE

    @property
    def states(self) -> str:
        """The states that there are, the best first."""
        return "".join(
            state for state in STATES if any(state in one.states for _, one in self.asked)
        )

    def of(self, model: ModelView) -> Asked | None:
        """The set in a vocabulary."""
        return next((one for view, one in self.asked if view.id == model.id), None)

    @cached_property
    def parts(self) -> list[list[Group]]:
        """The groups by the page that they are on."""
        parts: list[list[Group]] = []
        begin = full = 0
        for number, span in enumerate(self.asked[0][1].groups):
            at = slice(begin, begin + span.size)
            if not parts or full + span.size > _PAGE:
                parts.append([])
                full = 0
            begin, full = begin + span.size, full + span.size
            cells = tuple(self._cell(place) for place in range(at.start, at.stop))
            counts = tuple(one.states[at].count("t") for _, one in self.asked)
            parts[-1].append(Group(number, span.name, len(parts) - 1, cells, counts))
        return parts

    def address(self, part: int) -> str:
        """The address of a page below that of the section."""
        return f"wall/{self.name}/{f'{part + 1}/' if part else ''}"

    def _cell(self, number: int) -> Cell:
        marks = [_mark(one.states[number], one.pieces[number]) for _, one in self.asked]
        tokens = marks.count(MARKS["t"])
        shared = "all" if tokens == len(marks) else "some" if tokens else "none"
        return Cell(self.items[number], " ".join(marks), shared)


def _mark(state: str, pieces: int) -> str:
    return str(pieces) if state == "p" and pieces < 10 else MARKS.get(state, "+")


@dataclass(frozen=True)
class Dot:
    """A member of an order in a figure."""

    word: str
    x: float
    y: float
    named: bool


@dataclass(frozen=True)
class Figure:
    """An order in one space, 320 wide and high: its members on a dial or along a line, and the path
    that joins them in their order."""

    shape: str
    dots: tuple[Dot, ...]
    path: str


class OrderView:
    """One order in all spaces of a model."""

    def __init__(self, data: Ordered, title: Text | None) -> None:
        self.data, self.name, self._title = data, data.name, title

    def title(self, language: str) -> str:
        """Its title in atlas.toml; empty for an order that the theme names."""
        return text(self._title, language)

    @property
    def found(self) -> int:
        """The number of its words that are tokens."""
        return sum(token is not None for token in self.data.ids)

    @property
    def tokens(self) -> list[str]:
        """Its words that are tokens."""
        pairs = zip(self.data.words, self.data.ids, strict=True)
        return [word for word, token in pairs if token is not None]

    @property
    def held(self) -> list[Measured]:
        """The spaces where it holds."""
        return [one for one in self.data.spaces if one.holds]

    @cached_property
    def best(self) -> Measured | None:
        """The space where it is clearest: of those where it holds, else of all; None where nothing
        was measured."""
        return max(self.held or self.data.spaces, key=_strength, default=None)

    @property
    def shape(self) -> str:
        """What it lies on in its best space: `circle`, `line` or `none`; `few` where it was not
        measured."""
        if self.best is None:
            return "few"
        return self.best.shape if self.best.holds else "none"

    @cached_property
    def figure(self) -> Figure | None:
        """Its members in the best space, each where what was fitted to the others puts it."""
        best = self.best
        if best is None:
            return None
        words = [self.data.words[place] for place in best.at]
        if best.shape == "circle":
            largest = max((x * x + y * y) ** 0.5 for x, y in best.places) or 1.0
            spots = [(160 + 118 * y / largest, 160 - 118 * x / largest) for x, y in best.places]
        else:
            low, high = min(x for x, _ in best.places), max(x for x, _ in best.places)
            last = max(len(self.data.words) - 1, 1)
            spots = [
                (34 + 252 * at / last, 286 - 252 * (x - low) / ((high - low) or 1.0))
                for at, (x, _) in zip(best.at, best.places, strict=True)
            ]
        dots = _dots(words, spots)
        joined = "L".join(f"{dot.x:g} {dot.y:g}" for dot in dots)
        return Figure(best.shape, dots, f"M{joined}{'Z' if best.shape == 'circle' else ''}")


def _strength(measured: Measured) -> float:
    return measured.circle if measured.shape == "circle" else measured.line


def _dots(words: Sequence[str], spots: Sequence[tuple[float, float]]) -> tuple[Dot, ...]:
    """Dots of which as many are named as have room, in the order of every eighth, fourth, second
    and then all."""
    steps = (8, 4, 2, 1)
    order = sorted(
        range(len(words)), key=lambda n: next(at for at, step in enumerate(steps) if n % step == 0)
    )
    taken: list[tuple[float, float, float]] = []
    named = set()
    for number in order:
        x, y = spots[number]
        half = text_width(words[number], 12) / 2 + 3
        if all(abs(x - a) > half + b or abs(y - c) > 15 for a, b, c in taken):
            taken.append((x, half, y))
            named.add(number)
    return tuple(
        Dot(word, round(x, 1), round(y, 1), number in named)
        for number, (word, (x, y)) in enumerate(zip(words, spots, strict=True))
    )


class OrdersView:
    """The orders in the spaces of a model."""

    def __init__(self, model: ModelView, data: OfOrders, table: Vocabularies) -> None:
        titles = {row.name: row.title or row.name for row in table.orders}
        self.model, self.data, self.id = model, data, model.id
        self.orders = [OrderView(one, titles.get(one.name)) for one in data.orders]

    def title(self, language: str) -> str:
        """The model's title."""
        return self.model.title(language)

    def of(self, name: str) -> OrderView | None:
        """An order by its name."""
        return next((one for one in self.orders if one.name == name), None)

    @property
    def shown(self) -> list[OrderView]:
        """The orders that were measured."""
        return [one for one in self.orders if one.best]

    @property
    def few(self) -> list[OrderView]:
        """The orders of which too few are tokens."""
        return [one for one in self.orders if not one.best]

    @property
    def layered(self) -> bool:
        """Whether layers were looked at."""
        return any(
            measured.layer is not None for one in self.orders for measured in one.data.spaces
        )

    def count(self, shape: str) -> int:
        """The number of orders of a shape."""
        return sum(one.shape == shape for one in self.orders)


class VocabulariesView:
    """All vocabularies of the atlas."""

    id = "vocabularies"

    def __init__(
        self,
        table: Vocabularies,
        models: Mapping[str, Model],
        own: Sequence[OfModel],
        orders: Sequence[OfOrders],
        pairs: Sequence[OfPair],
    ) -> None:
        self.table = table
        self.models = [ModelView(models[data.model], data) for data in own]
        known = {view.id: view for view in self.models}
        self.orders = [
            OrdersView(known[data.model], data, table) for data in orders if data.model in known
        ]
        self.pairs = [
            PairView(known[data.models[0]], known[data.models[1]], data) for data in pairs
        ]
        self.sets = [SetView(asked) for asked in self._asked()]

    def title(self, language: str) -> str:
        """It has none of its own: the theme names it."""
        return ""

    def _asked(self) -> Iterator[list[tuple[ModelView, Asked]]]:
        """Each set with the vocabularies that were asked for it. One of Japanese signs of which no
        vocabulary has a member is left out, unless a model is Japanese or the table asks for it."""
        names: dict[str, list[tuple[ModelView, Asked]]] = {}
        for view in self.models:
            for asked in view.data.wall.sets if view.data.wall else ():
                names.setdefault(asked.name, []).append((view, asked))
        every = "wall" in self.table.model_fields_set or any(
            view.data.language.split("-")[0] == "ja" for view in self.models
        )
        for name in self.table.wall:
            asked_of = names.get(name, [])
            known = any(asked.count("to") for _, asked in asked_of)
            if asked_of and (every or known or name not in JAPANESE):
                yield asked_of

    @property
    def corpora(self) -> list[Read]:
        """The corpora that a model has read, each once."""
        found = {one.corpus: one for view in self.models for one in view.data.read}
        return list(found.values())

    @cached_property
    def scripts(self) -> list[str]:
        """The scripts of all vocabularies, the largest first."""
        sums: dict[str, int] = {}
        for view in self.models:
            for script, count in view.data.scripts.items():
                sums[script] = max(sums.get(script, 0), count)
        return sorted(sums, key=lambda script: (-sums[script], script))[:_LEAST]

    @property
    def order_names(self) -> list[OrderView]:
        """The orders of all models, each once."""
        found = {one.name: one for view in self.orders for one in view.orders}
        return list(found.values())

    def orders_of(self, model: ModelView) -> OrdersView | None:
        """The orders of a model."""
        return next((one for one in self.orders if one.id == model.id), None)

    def pair(self, first: ModelView, second: ModelView) -> PairView | None:
        """Two vocabularies, in either order."""
        ids = {first.id, second.id}
        return next((one for one in self.pairs if {one.first.id, one.second.id} == ids), None)
