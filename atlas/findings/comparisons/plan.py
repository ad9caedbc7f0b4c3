"""The tasks that compare two maps, and the file they become."""

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
    """The tasks of two maps compared, and of the model's layers where one model is compared with
    itself."""

    entry: Compare
    maps: tuple[MapTarget, MapTarget]
    both: Task
    layers: Task | None = None

    @property
    def id(self) -> str:
        """Its name among those of its kind."""
        return self.entry.id

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return comparison.name(*self.entry.maps)

    @property
    def optional(self) -> bool:
        """Whether the site is made without it when a task fails."""
        return any(plan.model.optional for plan in self.maps)

    @property
    def title(self) -> str:
        """What people call it in a message."""
        return f"the comparison of {self.entry.maps[0]} and {self.entry.maps[1]}"

    def without(self, lost: Collection[str]) -> ComparisonTarget | None:
        """It, or None when one of its tasks is among those lost."""
        return None if any(task.key in lost for task in self.tasks()) else self

    def tasks(self) -> tuple[Task, ...]:
        """Every task that it needs."""
        return (self.both, *((self.layers,) if self.layers else ()))

    @property
    def recipe(self) -> str:
        """Digest of all that the comparison's data follow from."""
        facts = [comparison.SCHEMA_VERSION, self.entry.maps, [task.key for task in self.tasks()]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def gather(self, store: Store) -> comparison.Comparison:
        """The file's content. Raises StoreError when an artifact is damaged."""
        alike = store.read(self.both.key, comparison.Alike)
        layers = store.read(self.layers.key, comparison.Layers).layers if self.layers else ()
        return comparison.Comparison(
            schema_version=comparison.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            maps=self.entry.maps,
            layers=layers,
            **dict(alike),
        )


def plan_comparison(entry: Compare, first: MapTarget, second: MapTarget) -> ComparisonTarget:
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
    of_both = Task(compare, params, inputs, label=f"{entry.id}: compare")
    alone = second.map.space in ("contextual", "encoder-input") and not (
        second.map.corpus or first.map.words or second.map.words
    )
    if first.model.id != second.model.id or not alone:
        return ComparisonTarget(entry, (first, second), of_both)
    deep = Task(
        layers,
        params,
        (first.vectors, first.selection, second.selection, first.neighbors),
        source=first.checkpoint.identity,
        location=first.checkpoint.location,
        label=f"{entry.id}: layers",
    )
    return ComparisonTarget(entry, (first, second), of_both, deep)
