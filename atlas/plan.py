"""Config to plan: which tasks to run, and which map each one feeds. Pure: no arrays, no files written, nothing computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atlas import __version__
from atlas.checkpoints import Checkpoint
from atlas.config import Config, Map, Model
from atlas.dataset import SCHEMA_VERSION
from atlas.errors import UsageError
from atlas.graph import Task
from atlas.stages import annotate, cluster, describe, label, measure, neighbors, project, select, vectors, vocabulary

TRUST_K = 15  # neighbors compared by the measures of faithfulness; the figures in the field are at 15


@dataclass(frozen=True)
class MapPlan:
    """The tasks whose results make one map, by the part of the atlas data they become."""

    id: str
    model: Model
    map: Map
    checkpoint: Checkpoint
    card: Task
    vocabulary: Task
    annotations: Task
    vectors: Task
    selection: Task
    neighbors: Task
    layouts: Mapping[str, Task]
    clusters: Task
    labels: Mapping[str, Task]
    faithfulness: Mapping[str, Task]

    def tasks(self) -> tuple[Task, ...]:
        """Every task this map needs, inputs before their users."""
        single = (self.card, self.vocabulary, self.annotations, self.vectors, self.selection, self.neighbors)
        return (*single, *self.layouts.values(), self.clusters, *self.labels.values(), *self.faithfulness.values())

    @property
    def recipe(self) -> str:
        """Digest of all that the map's atlas data follow from."""
        facts = {
            "schema": SCHEMA_VERSION, "keys": sorted(task.key for task in self.tasks()),
            "model": [self.model.id, self.model.source, self.model.language, self.checkpoint.identity],
            "map": [self.map.name, list(self.map.projections)],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """All maps of a build. `version` is the atlas's own."""

    maps: tuple[MapPlan, ...]
    version: str = __version__

    def tasks(self) -> tuple[Task, ...]:
        return tuple(task for plan in self.maps for task in plan.tasks())


def make(config: Config, checkpoints: Mapping[str, Checkpoint], only: Iterable[str] = ()) -> Plan:
    """The plan for every map of the models in `checkpoints`; `only` keeps models and maps by id.

    Raises UsageError when `only` names something the config does not have.
    """
    wanted = set(only)
    known = {name for model in config.models for name in (model.id, *(entry.id(model) for entry in model.maps))}
    if unknown := sorted(wanted - known):
        raise UsageError(f"--only {unknown[0]}: no such model or map", f"There are: {', '.join(sorted(known))}.")
    maps = []
    for model in config.models:
        for entry in model.maps:
            if model.id in checkpoints and (not wanted or wanted & {model.id, entry.id(model)}):
                maps.append(_map(model, entry, checkpoints[model.id]))
    return Plan(tuple(maps))


def _map(model: Model, entry: Map, checkpoint: Checkpoint) -> MapPlan:
    map_id = entry.id(model)
    at = {"location": checkpoint.location}

    def of_model(module: Any, weight: float, **params: Any) -> Task:
        name = module.__name__.rpartition(".")[2]
        return Task(name, module.VERSION, params, (), checkpoint.identity, at, f"{model.id}: {name}", weight)

    def of_map(module: Any, inputs: tuple[Task, ...], weight: float, what: str = "", **params: Any) -> Task:
        name = module.__name__.rpartition(".")[2]
        return Task(name, module.VERSION, params, inputs, "", {}, f"{map_id}: {what or name}", weight)

    card = of_model(describe, 0.1, language=model.language)
    words = of_model(vocabulary, 1)
    space = of_model(vectors, 2, space=entry.space)
    notes = Task(
        "annotate", annotate.VERSION, {"language": model.language}, (words,), label=f"{model.id}: annotate", weight=2
    )
    selection = of_map(select, (words,), 0.1, **entry.selection.conditions())
    near = of_map(neighbors, (space, selection), 6, k=entry.neighbors)
    layouts: dict[str, Task] = {}
    for method in (*entry.projections, "random", "pca"):
        if method not in layouts:
            layouts[method] = of_map(
                project, (space, selection, near), _WEIGHTS[method], method, method=method, seed=entry.seed, **_options(entry, method)
            )
    shown: dict[str, Task] = {method: layouts[method] for method in entry.projections}
    groups = of_map(
        cluster, (space, selection, shown[entry.projections[0]], words), 3, coarse=entry.clusters.coarse, fine=entry.clusters.fine
    )
    labels: dict[str, Task] = {
        method: of_map(label, (layout, groups, words, selection), 2, f"label {method}") for method, layout in shown.items()
    }
    truth: dict[str, Task] = {
        method: of_map(measure, (space, selection, near, layout), 2, f"measure {method}", k=TRUST_K, seed=entry.seed)
        for method, layout in layouts.items()
    }
    return MapPlan(
        map_id, model, entry, checkpoint, card, words, notes, space, selection, near, layouts, groups, labels, truth
    )


_WEIGHTS = {"umap": 10.0, "tsne": 80.0, "pca": 1.0, "random": 0.1}


def _options(entry: Map, method: str) -> dict[str, Any]:
    if method == "umap":
        return entry.umap.model_dump()
    if method == "tsne":
        return entry.tsne.model_dump()
    return {}
