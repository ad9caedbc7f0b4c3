"""What is measured besides maps: which tasks it takes, and how their results become a file of atlas
data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, Self

from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.findings.finding import Finding


class FindingPlan(Protocol):
    """The tasks of one finding."""

    @property
    def file(self) -> str:
        """Its file in the data folder."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def optional(self) -> bool:
        """Whether the site is made without it when a task fails."""

    @property
    def recipe(self) -> str:
        """Digest of all that the file follows from."""

    def tasks(self) -> tuple[Task, ...]: ...

    def without(self, lost: Collection[str]) -> Self | None:
        """What is left of it when the tasks with these keys failed; None when it cannot be made."""

    def gather(self, store: Store) -> Finding:
        """The file's content. Raises StoreError when an artifact is damaged."""
