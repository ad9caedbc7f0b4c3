"""The target of a sense map: its task, and the file that is made from its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.errors import ModelError
from atlas.findings.finding import FindingTarget
from atlas.findings.senses import data as sense_map
from atlas.findings.senses import sentences
from atlas.findings.senses.config import Senses
from atlas.findings.senses.stages.senses import senses
from atlas.maps.config import Model
from atlas.models.checkpoint import Checkpoint


@dataclass(frozen=True)
class SenseTarget(FindingTarget):
    """The task that reads the words of a corpus with a model; `words`, each once."""

    table: Senses
    model: Model
    task: Task
    words: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its name in atlas.toml."""
        return self.table.name

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return sense_map.file(self.table.name)

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"the sense map {self.table.name}"

    @property
    def optional(self) -> bool:
        """Whether its model is optional."""
        return self.model.optional

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the file."""
        facts = [
            sense_map.SCHEMA_VERSION,
            self.table.name,
            self.model.id,
            self.model.language,
            self.task.key,
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def tasks(self) -> tuple[Task, ...]:
        """Its only task."""
        return (self.task,)

    def without(self, lost: Collection[str]) -> SenseTarget | None:
        """The sense map, or None when its task is among those lost."""
        return None if self.task.key in lost else self

    def gather(self, store: Store) -> sense_map.SenseMap:
        """The file's content. Raises StoreError when the artifact is damaged."""
        measured = store.read(self.task.key, sense_map.Senses)
        return sense_map.SenseMap(
            schema_version=sense_map.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            name=self.table.name,
            model=self.model.id,
            language=self.model.language,
            **dict(measured),
        )


def plan_senses(table: Senses, model: Model, checkpoint: Checkpoint, root: Path) -> SenseTarget:
    """The target of a sense map. Raises DataError when its corpus cannot be read or is faulty,
    ModelError for a table of vectors."""
    if checkpoint.table:
        raise ModelError(
            f"{table.name}: {checkpoint.source} is a table of vectors, and no model reads texts",
            "Name another `model` in this table [[senses]].",
        )
    occurrences = sentences.read(root / table.corpus, table.words)
    params = {
        "occurrences": [[row.word, row.sense, row.text] for row in occurrences],
        "layer": table.layer,
    }
    return SenseTarget(
        table,
        model,
        Task(
            senses,
            params,
            source=checkpoint.identity,
            location=checkpoint.location,
            label=f"{table.name}: senses",
        ),
        tuple(dict.fromkeys(row.word for row in occurrences)),
    )
