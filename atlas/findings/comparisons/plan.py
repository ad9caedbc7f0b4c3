"""The target of a comparison: its tasks, and the file that is made from their results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.findings.comparisons import data as comparison
from atlas.findings.comparisons.config import Compare
from atlas.findings.comparisons.stages.compare import compare
from atlas.findings.comparisons.stages.layers import layers
from atlas.findings.finding import FindingTarget
from atlas.maps.plan import TRUST_K, MapTarget


@dataclass(frozen=True)
class ComparisonTarget(FindingTarget):
    """The tasks that compare two maps and, if both are of one model, the first with its layers."""

    table: Compare
    maps: tuple[MapTarget, MapTarget]
    both: Task
    layers: Task | None = None

    @property
    def id(self) -> str:
        """The ids of both maps."""
        return self.table.id

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return comparison.name(*self.table.maps)

    @property
    def optional(self) -> bool:
        """Whether one of the maps is optional."""
        return any(plan.model.optional for plan in self.maps)

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"the comparison of {self.table.maps[0]} and {self.table.maps[1]}"

    def without(self, lost: Collection[str]) -> ComparisonTarget | None:
        """The comparison, or None when one of its tasks is among those lost."""
        return None if any(task.key in lost for task in self.tasks()) else self

    def tasks(self) -> tuple[Task, ...]:
        """Its own tasks; those of the maps are their inputs."""
        return (self.both, *((self.layers,) if self.layers else ()))

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the comparison's data."""
        facts = [comparison.SCHEMA_VERSION, self.table.maps, [task.key for task in self.tasks()]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def gather(self, store: Store) -> comparison.Comparison:
        """The file's content. Raises StoreError when an artifact is damaged."""
        alike = store.read(self.both.key, comparison.Alike)
        layers = store.read(self.layers.key, comparison.Layers).layers if self.layers else ()
        return comparison.Comparison(
            schema_version=comparison.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            maps=self.table.maps,
            layers=layers,
            **dict(alike),
        )


def plan_comparison(table: Compare, first: MapTarget, second: MapTarget) -> ComparisonTarget:
    """The target of a comparison of two maps."""
    inputs = (
        first.vectors,
        second.vectors,
        first.selection,
        second.selection,
        first.neighbors,
        second.neighbors,
        first.vocabulary,
        second.vocabulary,
    )
    params = {"k": TRUST_K}
    of_both = Task(compare, params, inputs, label=f"{table.id}: compare")
    alone = second.map.space in ("contextual", "encoder-input") and not (
        second.map.corpus or first.map.words or second.map.words
    )
    if first.model.id != second.model.id or not alone:
        return ComparisonTarget(table, (first, second), of_both)
    deep = Task(
        layers,
        params,
        (first.vectors, first.selection, second.selection, first.neighbors),
        source=first.checkpoint.identity,
        location=first.checkpoint.location,
        label=f"{table.id}: layers",
    )
    return ComparisonTarget(table, (first, second), of_both, deep)
