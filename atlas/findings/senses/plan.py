"""The task of a sense map, and the file it becomes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.findings.finding import FindingTarget
from atlas.findings.senses import data as sense_map
from atlas.findings.senses import sentences
from atlas.findings.senses.config import Senses
from atlas.findings.senses.stages.senses import senses
from atlas.maps.config import Model
from atlas.models.checkpoint import Checkpoint


@dataclass(frozen=True)
class SenseTarget(FindingTarget):
    """The words of one corpus through one model."""

    entry: Senses
    model: Model
    task: Task

    @property
    def id(self) -> str:
        """Its name among those of its kind."""
        return self.entry.name

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return sense_map.file(self.entry.name)

    @property
    def title(self) -> str:
        """What people call it in a message."""
        return f"the sense map {self.entry.name}"

    @property
    def optional(self) -> bool:
        """Whether the site is made without it when a task fails."""
        return self.model.optional

    @property
    def recipe(self) -> str:
        """Digest of all that the file follows from."""
        facts = [
            sense_map.SCHEMA_VERSION,
            self.entry.name,
            self.model.id,
            self.model.language,
            self.task.key,
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def tasks(self) -> tuple[Task, ...]:
        """Every task that it needs."""
        return (self.task,)

    def without(self, lost: Collection[str]) -> SenseTarget | None:
        """It, or None when one of its tasks is among those lost."""
        return None if self.task.key in lost else self

    def gather(self, store: Store) -> sense_map.SenseMap:
        """The file's content. Raises StoreError when the artifact is damaged."""
        measured = store.read(self.task.key, sense_map.Senses)
        return sense_map.SenseMap(
            schema_version=sense_map.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            name=self.entry.name,
            model=self.model.id,
            language=self.model.language,
            **dict(measured),
        )


def plan_senses(entry: Senses, model: Model, checkpoint: Checkpoint, root: Path) -> SenseTarget:
    """The task of a sense map. Raises DataError for a corpus that cannot be read."""
    occurrences = sentences.read(root / entry.corpus, entry.words)
    params = {
        "occurrences": [[row.word, row.sense, row.text] for row in occurrences],
        "layer": entry.layer,
    }
    return SenseTarget(
        entry,
        model,
        Task(
            senses,
            params,
            source=checkpoint.identity,
            location=checkpoint.location,
            label=f"{entry.name}: senses",
        ),
    )
