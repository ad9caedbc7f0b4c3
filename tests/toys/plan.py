"""The task of a toy, and the file it becomes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.findings.finding import FindingTarget
from toys.config import Toy
from toys.data import SCHEMA_VERSION, Letters, ToyFile, file
from toys.stages import toys


@dataclass(frozen=True)
class ToyTarget(FindingTarget):
    """The letters of one vocabulary."""

    entry: Toy
    task: Task
    optional: bool = False

    @property
    def id(self) -> str:
        return self.entry.name

    @property
    def file(self) -> str:
        return file(self.entry.name)

    @property
    def title(self) -> str:
        return f"the toy {self.entry.name}"

    @property
    def recipe(self) -> str:
        return self.task.key

    def tasks(self) -> tuple[Task, ...]:
        return (self.task,)

    def without(self, lost: Collection[str]) -> ToyTarget | None:
        return None if self.task.key in lost else self

    def gather(self, store: Store) -> ToyFile:
        letters = store.read(self.task.key, Letters)
        return ToyFile(
            schema_version=SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            name=self.entry.name,
            letters=letters.letters,
        )


def plan_toy(entry: Toy, vocabulary: Task) -> ToyTarget:
    """The task of a toy."""
    return ToyTarget(entry, Task(toys, {"most": 5}, (vocabulary,), label=f"{entry.name}: toys"))
