"""The target of the `inputs_embeds` experiment: its tasks, and the file that is made from their
results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.errors import ModelError
from atlas.findings.finding import FindingTarget
from atlas.findings.inputs_embeds import data as writeup
from atlas.findings.inputs_embeds.config import Pitfall
from atlas.findings.inputs_embeds.stages.families import families
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.maps.config import Model
from atlas.models.checkpoint import Checkpoint
from atlas.models.frameworks import FRAMEWORKS


@dataclass(frozen=True)
class WriteUpTarget(FindingTarget):
    """The tasks of each model by framework, and the task of the table of families, if any."""

    models: tuple[tuple[Model, Mapping[str, Task]], ...]
    families: Task | None
    missing: tuple[str, ...]
    id: str = "inputs-embeds"
    file: str = writeup.NAME
    title: str = "the write-up of inputs_embeds"
    optional: bool = False

    def tasks(self) -> tuple[Task, ...]:
        """All its tasks."""
        first = () if self.families is None else (self.families,)
        return (*first, *(task for _, runs in self.models for task in runs.values()))

    def without(self, lost: Collection[str]) -> WriteUpTarget | None:
        """The write-up without the optional models that failed; None when another task is lost."""
        kept = tuple(
            (model, runs)
            for model, runs in self.models
            if not (model.optional and any(task.key in lost for task in runs.values()))
        )
        left = replace(self, models=kept)
        return None if any(task.key in lost for task in left.tasks()) else left

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the write-up's data."""
        facts = [
            writeup.SCHEMA_VERSION,
            self.families.key if self.families else "",
            self.missing,
            [
                [model.id, model.language, sorted(task.key for task in runs.values())]
                for model, runs in self.models
            ],
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def gather(self, store: Store) -> writeup.WriteUp:
        """The file's content. Raises StoreError when an artifact is damaged."""
        table = store.read(self.families.key, writeup.Families) if self.families else None
        models = tuple(
            writeup.Measured(
                model=model.id,
                language=model.language,
                runs=tuple(store.read(task.key, writeup.Run) for task in runs.values()),
            )
            for model, runs in self.models
        )
        return writeup.WriteUp(
            schema_version=writeup.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            missing=self.missing,
            models=models,
            families=table,
        )


def plan_writeup(
    table: Pitfall,
    models: Iterable[Model],
    checkpoints: Mapping[str, Checkpoint],
    frameworks: tuple[str, ...],
) -> WriteUpTarget:
    """The target of the experiment on the available models that take part, in these frameworks.
    Tables of vectors take no part: they have no model to run. Raises ModelError when all are
    such."""
    runs = []
    there = [model for model in models if model.id in checkpoints]
    if there and all(checkpoints[model.id].table for model in there):
        raise ModelError(
            "[pitfall]: every model of this atlas is a table of vectors, and none can be run",
            "Take the table [pitfall] out of atlas.toml, or add a model.",
        )
    for model in there:
        checkpoint = checkpoints[model.id]
        if model.pitfall and not checkpoint.table:
            tasks = {
                framework: Task(
                    pitfall,
                    {"framework": framework, "sentences": list(table.of(model.language))},
                    source=checkpoint.identity,
                    location=checkpoint.location,
                    label=f"{model.id}: pitfall, {framework}",
                )
                for framework in frameworks
            }
            runs.append((model, tasks))
    missing = tuple(name for name in FRAMEWORKS if name not in frameworks)
    measured = Task(families, label="families of inputs_embeds") if table.families else None
    return WriteUpTarget(tuple(runs), measured, missing)
