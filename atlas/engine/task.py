"""Tasks: runs of stages, known by a digest of all that their results follow from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from atlas.engine.libraries import versions
from atlas.engine.stage import AnyStage, Span
from atlas.engine.store import Store


@dataclass(frozen=True, eq=False)
class Task:
    """One run of a stage. Tasks with the same key are equal.

    of          the stage
    params      JSON values it reads
    inputs      tasks whose records it takes, in order
    source      identity of the model it reads, if any
    location    where that model is; the result does not depend on it
    span        the part of a file it reads; the result does not depend on it
    label       what people call it
    libraries   distributions whose versions the result depends on, besides those of the stage
    cost        about how many seconds it takes, where that is not the stage's weight
    """

    of: AnyStage
    params: Mapping[str, object] = field(default_factory=dict)
    inputs: tuple[Task, ...] = ()
    source: str = ""
    location: str = ""
    span: Span | None = None
    label: str = ""
    libraries: tuple[str, ...] = ()
    cost: float | None = None

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self.of.name

    @property
    def weight(self) -> float:
        """About how many seconds it takes; what takes longest, with all that follows, starts
        first."""
        return self.of.weight if self.cost is None else self.cost

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """All that the result follows from. Helpers at version 1 are left out, as are libraries
        where there are none: recipes are as they were before either was known."""
        recipe: dict[str, Any] = {
            "stage": self.of.name,
            "version": self.of.version,
            "params": dict(self.params),
            "source": self.source,
            "inputs": [task.key for task in self.inputs],
        }
        if helpers := {used.name: used.version for used in self.of.uses if used.version > 1}:
            recipe["helpers"] = helpers
        if names := (*self.of.libraries, *self.libraries):
            recipe["libraries"] = versions(names)
        return recipe

    @cached_property
    def key(self) -> str:
        """sha256 of the recipe as canonical JSON."""
        text = json.dumps(self.recipe, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def order(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Every task once by key, inputs before their users."""
    ordered: dict[str, Task] = {}

    def visit(task: Task) -> None:
        if task.key not in ordered:
            for before in task.inputs:
                visit(before)
            ordered[task.key] = task

    for task in tasks:
        visit(task)
    return tuple(ordered.values())


def missing(tasks: Iterable[Task], store: Store, refresh: Collection[str] = ()) -> tuple[Task, ...]:
    """The tasks a run would run, inputs first: those the store does not have, and the stages to
    `refresh` (or "all").

    A refreshed result may differ from the one before, so all that follows from it runs again too.
    """
    every = order(tasks)
    again: set[Task] = set()
    for task in every:
        if task.stage in refresh or "all" in refresh or not again.isdisjoint(task.inputs):
            again.add(task)
    return tuple(task for task in every if task in again or not store.has(task.key))
