"""The families of the write-up, arranged: each with what was measured of it under two versions of
transformers, and in groups that are given their embeddings by the same lines of code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from atlas.findings.inputs_embeds import code
from atlas.findings.inputs_embeds.data import VERDICTS, Families, Row, Verdict
from atlas.findings.inputs_embeds.measured import recorded

# Whose lines are shown for a group: the first of these that is in it.
_KNOWN = (
    *("llama", "bert", "gpt2", "granite", "marian", "albert", "gemma4_text", "gemma3_text", "t5"),
    *("bart", "esm", "mobilebert", "falcon_h1", "mbart", "mamba", "roberta", "mpt"),
)
NAME = "org/model"  # stands for the reader's model in scripts


@dataclass(frozen=True)
class Family:
    """A family and its rows by version of transformers, the newest first."""

    name: str
    rows: dict[str, Row]

    @property
    def row(self) -> Row:
        """What was measured under the newest version that has it."""
        return next(iter(self.rows.values()))

    @property
    def called(self) -> str:
        """What names of its models and of its classes begin with."""
        return " ".join(dict.fromkeys((self.name, self.name.removesuffix("_text"))))

    @property
    def changed(self) -> bool:
        """Whether another version sorts it otherwise, or lets other things be right."""
        kinds = {
            (
                row.verdict,
                row.formula,
                tuple(
                    name
                    for name, change in row.changes.items()
                    if change is not None and change <= row.near
                ),
            )
            for row in self.rows.values()
        }
        return len(kinds) > 1


@dataclass(frozen=True)
class Group:
    """Families that get their embeddings in the same way."""

    id: str
    verdict: Verdict
    way: code.Way
    families: tuple[Family, ...]

    @cached_property
    def example(self) -> Row:
        """The family whose lines are shown."""
        names = {family.name: family.row for family in self.families}
        return next((names[name] for name in _KNOWN if name in names), self.families[0].row)

    @property
    def right(self) -> str:
        """The lines that are right, also where padding is on the left."""
        return code.right(self.example, padded=True)

    @property
    def script(self) -> str:
        """A whole script of the lines that are right."""
        return code.script(self.example, NAME, code.right(self.example))

    @property
    def wrong(self) -> str:
        """The lines that are wrong; empty where there are none."""
        return code.wrong(self.example)


@dataclass(frozen=True)
class Count:
    """How many families do a thing, of how many, and the names of those that do not."""

    of: int
    others: tuple[str, ...]

    @property
    def number(self) -> int:
        """Those that do."""
        return self.of - len(self.others)


class Table:
    """The tables of all versions as one."""

    def __init__(self, measured: Families | None) -> None:
        by_version = {table.versions["transformers"]: table for table in recorded()}
        if measured is not None:
            by_version[measured.versions["transformers"]] = measured
        newest = sorted(by_version, key=lambda one: [int(n) for n in one.split(".") if n.isdigit()])
        self.tables = {version: by_version[version] for version in reversed(newest)}

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of transformers, the newest first."""
        return tuple(self.tables)

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """All families, by name."""
        found: dict[str, dict[str, Row]] = {}
        for version, table in self.tables.items():
            for row in table.rows:
                found.setdefault(row.name, {})[version] = row
        return tuple(Family(name, found[name]) for name in sorted(found))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The families in groups, by verdict, the larger first."""
        found: dict[str, list[Family]] = {}
        for family in self.families:
            found.setdefault(_group(family.row), []).append(family)
        groups = [
            Group(name, some[0].row.verdict, code.way(some[0].row), tuple(some))
            for name, some in found.items()
        ]
        groups.sort(key=lambda group: (VERDICTS.index(group.verdict), -len(group.families)))
        return tuple(groups)

    @cached_property
    def changed(self) -> tuple[Family, ...]:
        """The families that another version sorts otherwise."""
        return tuple(family for family in self.families if family.changed)

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Why there is no row of a family, under any version."""
        rows = {family.name for family in self.families}
        found: dict[str, str] = {}
        for table in self.tables.values():
            for one in table.left_out:
                if one.name not in rows:
                    found.setdefault(one.name, f"{one.kind}: {one.reason}")
        return dict(sorted(found.items()))

    def generated(self, what: str) -> Count:
        """How many families that write text do a thing under the newest version: `same`, `cached`,
        `left`, `soft`, or `new`, which is to give back what is new alone."""

        def wanted(row: Row) -> bool | None:
            if row.generated is None:
                return None
            if what == "new":
                return None if row.generated.prompt is None else not row.generated.prompt
            does: bool | None = getattr(row.generated, what)
            return does

        return self._count(wanted)

    @cached_property
    def refused(self) -> Count:
        """How many families that write text take embeddings at all."""
        return self._count(lambda row: None if row.generated is None else not row.generated.reason)

    @cached_property
    def padded(self) -> Count:
        """How many are right where padding is on the left, with the mask alone."""
        return self._count(lambda row: _near(row, "left"))

    @cached_property
    def placed(self) -> Count:
        """How many are so with `position_ids` as well."""
        return self._count(lambda row: _near(row, "left_positions"))

    @cached_property
    def unmasked(self) -> Count:
        """How many are so without a mask."""
        return self._count(lambda row: _near(row, "unmasked"))

    @cached_property
    def by_ids(self) -> tuple[str, ...]:
        """The families that ids may pad on the left and embeddings may not."""
        return tuple(
            row.name for row in self._rows() if _near(row, "left_ids") and not _near(row, "left")
        )

    def _rows(self) -> Sequence[Row]:
        return next(iter(self.tables.values())).rows

    def _count(self, wanted: Callable[[Row], bool | None]) -> Count:
        told = [(row.name, wanted(row)) for row in self._rows()]
        known = [(name, does) for name, does in told if does is not None]
        return Count(len(known), tuple(name for name, does in known if not does))


def _near(row: Row, name: str) -> bool | None:
    change = {str(key): value for key, value in row.changes.items()}.get(name)
    return None if change is None else change <= row.near


def _group(row: Row) -> str:
    """The id of the group of a row."""
    return "-".join(_parts(row))


def _parts(row: Row) -> Iterator[str]:
    yield row.verdict.replace(" ", "-")
    way = code.way(row)
    if way != "look up":
        yield way.replace(" ", "-")
    if row.verdict == "same" and "rows" in row.changes:
        yield "not-rows"
    if code.reads(row):
        yield "encoder"
    elif not code.masked(row):
        yield "no-mask"
    elif "left_positions" not in row.changes:
        yield "no-positions"
    if row.start:
        yield f"positions-from-{row.start}"
