"""The tasks that compare two maps, and the file they become."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from atlas.engine.clock import built
from atlas.engine.run import Task
from atlas.engine.store import Store
from atlas.findings.comparisons import data as comparison
from atlas.findings.comparisons.config import Compare
from atlas.findings.comparisons.records import Comparison, Layers
from atlas.findings.comparisons.stages import compare, layers
from atlas.findings.finding import FindingTarget
from atlas.maps.plan import TRUST_K, MapPlan
from atlas.spaces.records import Vocabulary


@dataclass(frozen=True)
class ComparisonTarget(FindingTarget):
    """The tasks of two maps compared, and of the model's layers where one model is compared with
    itself."""

    entry: Compare
    maps: tuple[MapPlan, MapPlan]
    both: Task
    layers: Task | None = None

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return comparison.name(*self.entry.maps)

    @property
    def optional(self) -> bool:
        return any(plan.model.optional for plan in self.maps)

    @property
    def title(self) -> str:
        return f"the comparison of {self.entry.maps[0]} and {self.entry.maps[1]}"

    def without(self, lost: Collection[str]) -> ComparisonTarget | None:
        return None if any(task.key in lost for task in self.tasks()) else self

    def tasks(self) -> tuple[Task, ...]:
        return (self.both, *((self.layers,) if self.layers else ()))

    @property
    def recipe(self) -> str:
        """Digest of all that the comparison's data follow from."""
        facts = [comparison.SCHEMA_VERSION, self.entry.maps, [task.key for task in self.tasks()]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def gather(self, store: Store) -> comparison.Comparison:
        """The file's content. Raises StoreError when an artifact is damaged."""
        found = cast(Comparison, store.read(self.both.key))
        layers = cast(Layers, store.read(self.layers.key)).entries if self.layers else ()
        one, other = (cast(Vocabulary, store.read(plan.vocabulary.key)) for plan in self.maps)
        pairs = [(int(one), int(two)) for one, two in found.ids]
        figures = dict(found.figures)
        k = figures["k"]

        rows = [*figures.pop("most"), *figures.pop("least")]
        moved = [
            comparison.Moved(
                ids=pairs[row],
                text=one.texts[pairs[row][0]],
                kept=round(float(found.kept[row]) * k),
                similarity=value,
            )
            for row, value in zip(rows, figures.pop("similar"), strict=True)
        ]
        half = len(moved) // 2

        return comparison.Comparison(
            schema_version=comparison.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            maps=self.entry.maps,
            tokens=len(pairs),
            pairs=None if one.tokens == other.tokens else tuple(pairs),
            most=tuple(moved[:half]),
            least=tuple(moved[half:]),
            layers=tuple(comparison.Layer(**one) for one in layers),
            **figures,
        )


def plan_comparison(entry: Compare, first: MapPlan, second: MapPlan) -> ComparisonTarget:
    """The tasks that compare two maps."""
    inputs: tuple[Task, ...] = (
        first.vectors,
        second.vectors,
        first.selection,
        second.selection,
        first.neighbors,
        second.neighbors,
    )
    params = {"k": TRUST_K}
    inputs += (first.vocabulary, second.vocabulary)
    of_both = Task(
        "compare", compare.VERSION, params, inputs, label=f"{entry.id}: compare", weight=4
    )
    alone = second.map.space in ("contextual", "encoder-input") and not (
        second.map.corpus or first.map.words or second.map.words
    )
    if first.model.id != second.model.id or not alone:
        return ComparisonTarget(entry, (first, second), of_both)
    deep = Task(
        "layers",
        layers.VERSION,
        params,
        (first.vectors, first.selection, second.selection, first.neighbors),
        first.checkpoint.identity,
        {"location": first.checkpoint.location},
        f"{entry.id}: layers",
        40,
    )
    return ComparisonTarget(entry, (first, second), of_both, deep)
