"""A model's table, arranged for its page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from atlas.config.site import text
from atlas.findings.tables.data import COMPONENTS, LISTS, Group, Listed, Suspect, TableFile
from atlas.maps.config import Model
from atlas.maps.view import MapView
from atlas.web.charts import Chart, chart

SHOWN = 60  # tokens of a list that a page shows; all are in its files
COPIED = 5000  # ids of a list that a page holds
WIDE, HIGH = 460, 150  # of the picture of scores
_FORMULA = tuple("=+-@\t\r＝＋－＠'")  # cells that a spreadsheet would take for formulas


@dataclass(frozen=True)
class Row:
    """A line of the table of rows and tokens: its name, its tokens, and how many there are."""

    name: str
    listed: Listed

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.listed.ids)

    @property
    def shown(self) -> Sequence[str]:
        """The texts of the first of them."""
        return self.listed.texts[:SHOWN]


@dataclass(frozen=True)
class Bar:
    """The height of a twentieth of the scores: of the other rows, and of the references."""

    x: float
    width: float
    others: float
    known: float


class TableView:
    """A model's table, arranged for its page. All languages share it."""

    def __init__(self, model: Model, data: TableFile, maps: Sequence[MapView]) -> None:
        self.model, self.data, self.maps = model, data, maps
        self.id, self.language = data.model, data.language
        self.rows, self.untrained, self.shape = data.rows, data.untrained, data.shape
        self.address = f"models/{self.id}/table/"
        self.csv = f"{self.id}.table.csv"
        self.wide, self.high, self.copied = WIDE, HIGH, COPIED

    def title(self, language: str) -> str:
        """The title of its model."""
        return self.model_title(language)

    def model_title(self, language: str) -> str:
        """The title of its model, else the model's id."""
        return text(self.model.title, language, self.model.id)

    def listed(self, name: str) -> Listed:
        """A list, empty where there is none."""
        return self.rows.lists.get(name) or Listed(ids=(), texts=())

    def count(self, name: str) -> int:
        """How many tokens a list holds."""
        return len(self.listed(name).ids)

    @cached_property
    def lists(self) -> list[Row]:
        """The lists that hold something, in their order; added tokens only if not all of them are
        special."""
        names = [name for name in LISTS if self.count(name)]
        if self.listed("added") == self.listed("special"):
            names = [name for name in names if name != "added"]
        return [Row(name, self.listed(name)) for name in names]

    @property
    def known(self) -> dict[str, int]:
        """How many of the rows known to be unused look so: `padding`, `reserved` and `bytes`; the
        bytes with those that are not known to be unused and look so."""
        known = self.untrained.known
        return {
            "padding": known.get("padding", 0),
            "reserved": known.get("unused", 0) + known.get("reserved", 0),
            "bytes": known.get("bytes", 0) + len(self.suspects("byte")),
        }

    def suspects(self, *kinds: str) -> list[Suspect]:
        """Tokens that look untrained, of some kinds; of all but bytes when none are named."""
        wanted = set(kinds)
        return [
            one
            for one in self.untrained.suspects
            if (one.kind in wanted if wanted else one.kind != "byte")
        ]

    @property
    def references(self) -> int:
        """How many rows are known to be unused."""
        return sum(len(one.ids) for one in self.untrained.references.values())

    @property
    def learned(self) -> tuple[str, ...]:
        """The classes of rows known to be unused that the others are judged by, if not all."""
        told = self.untrained
        return told.learned if told.best and len(told.learned) < len(told.references) else ()

    @cached_property
    def examples(self) -> list[str]:
        """Three tokens that look untrained, words before signs and parts of words."""

        def plain(one: Suspect) -> tuple[bool, bool]:
            letters = one.text.lstrip("␣#")
            return not (letters.isalpha() and len(letters) > 1), one.kind != "word"

        return [one.text for one in sorted(self.suspects(), key=plain)[:3]]

    @cached_property
    def also_unreachable(self) -> int:
        """How many of the tokens that look untrained no text leads to."""
        never = self.listed("unreachable").ids
        return len({one.id for one in self.suspects()} & set(never))

    @cached_property
    def scores(self) -> list[Bar]:
        """The scores of all rows in twentieths, each side by the largest of its own."""
        histogram = self.untrained.histogram
        if not histogram:
            return []
        most = [max(*side, 1) for side in zip(*histogram, strict=True)]
        wide = WIDE / len(histogram)
        half = (HIGH - 30) / 2
        return [
            Bar(
                round(number * wide, 1),
                round(wide - 1, 1),
                round(half * (others / most[0]) ** 0.5, 1),
                round(half * (known / most[1]) ** 0.5, 1),
            )
            for number, (others, known) in enumerate(histogram)
        ]

    def at(self, score: float) -> float:
        """Where a score stands in the picture of scores."""
        return round(WIDE * min(max((score + 0.5) / 2, 0), 1), 1)

    @cached_property
    def by_place(self) -> Chart:
        """Lengths of rows in tenths of the vocabulary, by the first id of each."""
        places = self.shape.by_place
        labels = [_short(int(one.name)) for one in places]
        lines = {
            "low": [one.low for one in places],
            "middle": [one.middle for one in places],
            "high": [one.high for one in places],
        }
        return chart(labels, lines)

    @property
    def plain(self) -> bool:
        """Whether lengths are neither so large nor so small that an axis cannot hold them."""
        return 1e-3 < max(one.high for one in self.shape.by_place) < 1e6

    @cached_property
    def by_component(self) -> Chart:
        """The share of variance of the first components."""
        shares = self.shape.components
        labels = [str(count) for count in COMPONENTS[: len(shares)]]
        return chart(labels, {"overlap": list(shares)}, percent=True)

    @property
    def failed(self) -> int:
        """How many of the tokens that look untrained the model did not repeat."""
        v = self.data.verified
        return sum(one.chance < v.least for one in v.suspects) if v else 0

    @property
    def others_failed(self) -> int:
        """How many of the ordinary ones it did not repeat."""
        v = self.data.verified
        return sum(one.chance < v.least for one in v.others) if v else 0

    @property
    def alike(self) -> Sequence[Group]:
        """The first of the groups of tokens whose texts are alike."""
        return self.rows.alike[:SHOWN]

    @property
    def same(self) -> Sequence[Group]:
        """The first of the groups of tokens whose rows are equal."""
        return self.rows.same[:SHOWN]

    def lists_csv(self) -> str:
        """All lists as CSV: list, id, text, and of tokens that look untrained score and length of
        the row. A cell that a spreadsheet would take for a formula has an apostrophe before it."""
        sink = io.StringIO()
        out = csv.writer(sink, lineterminator="\n")
        out.writerow(("list", "id", "text", "score", "norm"))
        for row in self._entries():
            out.writerow((row[0], row[1], _cell(row[2]), *row[3:]))
        return sink.getvalue()

    def _entries(self) -> Iterator[tuple[str | int | float, ...]]:
        for one in self.untrained.suspects:
            yield "untrained", one.id, one.text, one.score, one.norm
        for why, listed in self.untrained.references.items():
            for row, told in zip(listed.ids, listed.texts, strict=True):
                yield f"known_{why}", row, told, "", ""
        for line in self.lists:
            for row, told in zip(line.listed.ids, line.listed.texts, strict=True):
                yield line.name, row, told, "", ""
        for name, groups in (("alike", self.rows.alike), ("same", self.rows.same)):
            for number, group in enumerate(groups, 1):
                for row, told in zip(group.ids, group.texts, strict=True):
                    yield f"{name}_{number}", row, told, "", ""


def _short(number: int) -> str:
    """A number in few signs, thousands as k: the labels of an axis."""
    return str(number) if number < 10_000 else f"{number / 1000:.0f}k"


def _cell(told: str | int | float) -> str:
    cell = str(told)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
