"""Config to plan: which tasks to run, and which map each one feeds. Pure: no arrays, no files written, nothing computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from atlas import __version__, comparison
from atlas.checkpoints import Checkpoint
from atlas.config import Compare, Config, Map, Model
from atlas.dataset import SCHEMA_VERSION
from atlas.errors import UsageError
from atlas.graph import Task
from atlas.lexicons import Claim, Landmark, words
from atlas.stages import (
    annotate,
    cluster,
    compare,
    contextual,
    describe,
    label,
    landmarks,
    layers,
    lexicon,
    measure,
    neighbors,
    project,
    select,
    vectors,
    vocabulary,
)

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
    lexicon: Task | None = None
    landmarks: Task | None = None
    sets: tuple[Landmark, ...] = ()
    claims: tuple[Claim, ...] = ()

    def tasks(self) -> tuple[Task, ...]:
        """Every task this map needs, inputs before their users."""
        single = (self.card, self.vocabulary, self.annotations, self.vectors, self.selection, self.neighbors)
        pinned = tuple(task for task in (self.lexicon, self.landmarks) if task)
        return (*single, *self.layouts.values(), self.clusters, *self.labels.values(), *self.faithfulness.values(), *pinned)

    @property
    def recipe(self) -> str:
        """Digest of all that the map's atlas data follow from."""
        facts = {
            "schema": SCHEMA_VERSION, "keys": sorted(task.key for task in self.tasks()),
            "model": [self.model.id, self.model.source, self.model.language, self.checkpoint.identity],
            "map": [self.map.name, list(self.map.projections)],
            "titles": [one.title for one in (*self.sets, *self.claims)],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ComparisonPlan:
    """The tasks of two maps compared, and of the model's layers where one model is compared with itself."""

    entry: Compare
    maps: tuple[MapPlan, MapPlan]
    comparison: Task
    layers: Task | None = None

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return comparison.name(*self.entry.maps)

    @property
    def optional(self) -> bool:
        return any(plan.model.optional for plan in self.maps)

    def tasks(self) -> tuple[Task, ...]:
        return (self.comparison, *((self.layers,) if self.layers else ()))

    @property
    def recipe(self) -> str:
        """Digest of all that the comparison's data follow from."""
        facts = [comparison.SCHEMA_VERSION, self.entry.maps, [task.key for task in self.tasks()]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """All maps of a build, and what else is measured. `version` is the atlas's own."""

    maps: tuple[MapPlan, ...]
    findings: tuple[ComparisonPlan, ...] = ()
    version: str = __version__

    def tasks(self) -> tuple[Task, ...]:
        every: tuple[MapPlan | ComparisonPlan, ...] = (*self.maps, *self.findings)
        return tuple(task for plan in every for task in plan.tasks())


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
                maps.append(_map(config, model, entry, checkpoints[model.id]))
    by_id = {plan.id: plan for plan in maps}
    pairs = [one for one in config.compare if set(one.maps) <= set(by_id)]
    return Plan(tuple(maps), tuple(_comparison(one, by_id[one.maps[0]], by_id[one.maps[1]]) for one in pairs))


def _comparison(entry: Compare, first: MapPlan, second: MapPlan) -> ComparisonPlan:
    inputs: tuple[Task, ...] = (first.vectors, second.vectors, first.selection, second.selection, first.neighbors, second.neighbors)
    params = {"k": TRUST_K}
    inputs += (first.vocabulary, second.vocabulary)
    of_both = Task("compare", compare.VERSION, params, inputs, label=f"{entry.id}: compare", weight=4)
    if first.model.id != second.model.id or second.map.space not in ("contextual", "encoder-input"):
        return ComparisonPlan(entry, (first, second), of_both)
    deep = Task(
        "layers", layers.VERSION, params, (first.vectors, first.selection, first.neighbors), first.checkpoint.identity,
        {"location": first.checkpoint.location}, f"{first.id}: layers", 40,
    )  # fmt: skip
    return ComparisonPlan(entry, (first, second), of_both, deep)


def _map(config: Config, model: Model, entry: Map, checkpoint: Checkpoint) -> MapPlan:
    map_id = entry.id(model)
    at = {"location": checkpoint.location}

    def of_model(module: Any, weight: float, **params: Any) -> Task:
        name = module.__name__.rpartition(".")[2]
        return Task(name, module.VERSION, params, (), checkpoint.identity, at, f"{model.id}: {name}", weight)

    def of_map(module: Any, inputs: tuple[Task, ...], weight: float, what: str = "", **params: Any) -> Task:
        name = module.__name__.rpartition(".")[2]
        return Task(name, module.VERSION, params, inputs, "", {}, f"{map_id}: {what or name}", weight)

    card = of_model(describe, 0.1, language=model.language)
    tokens = of_model(vocabulary, 1)
    if entry.space == "contextual":
        space = of_model(contextual, 30, layer=-1 if entry.layer is None else entry.layer)
    else:
        space = of_model(vectors, 2, space=entry.space)
    notes = Task("annotate", annotate.VERSION, {"language": model.language}, (tokens,), label=f"{model.id}: annotate", weight=2)
    selection = of_map(select, (tokens,), 0.1, **entry.selection.conditions())
    near = of_map(neighbors, (space, selection), 6, k=entry.neighbors)
    layouts: dict[str, Task] = {}
    for method in (*entry.projections, "random", "pca"):
        if method not in layouts:
            layouts[method] = of_map(
                project, (space, selection, near), _WEIGHTS[method], method, method=method, seed=entry.seed, **_options(entry, method)
            )
    shown: dict[str, Task] = {method: layouts[method] for method in entry.projections}
    groups = of_map(
        cluster, (space, selection, shown[entry.projections[0]], tokens), 3, coarse=entry.clusters.coarse, fine=entry.clusters.fine
    )
    labels: dict[str, Task] = {
        method: of_map(label, (layout, groups, tokens, selection), 2, f"label {method}") for method, layout in shown.items()
    }
    truth: dict[str, Task] = {
        method: of_map(measure, (space, selection, near, layout), 2, f"measure {method}", k=TRUST_K, seed=entry.seed)
        for method, layout in layouts.items()
    }
    made = MapPlan(map_id, model, entry, checkpoint, card, tokens, notes, space, selection, near, layouts, groups, labels, truth)
    sets, claims = _said(config, model)
    if not (sets or claims):
        return made
    terms = Task("lexicon", lexicon.VERSION, _terms(model, sets, claims), (tokens,), label=f"{model.id}: lexicon", weight=2)
    pinned = of_map(
        landmarks, (terms, tokens, space, selection, near, *shown.values()), 2, methods=list(shown), seed=entry.seed,
        claims=[one.model_dump(include={"set", "near", "words"}, exclude_none=True, mode="json") for one in claims],
    )  # fmt: skip
    return replace(made, lexicon=terms, landmarks=pinned, sets=sets, claims=claims)


def _said(config: Config, model: Model) -> tuple[tuple[Landmark, ...], tuple[Claim, ...]]:
    """The landmarks and claims that are meant for a model; a claim of a landmark that is not meant for it is not, either."""
    sets = tuple(one for one in config.landmarks if one.applies(model.id, model.language))
    names = {one.name for one in sets}
    claims = tuple(one for one in config.claims if one.applies(model.id, model.language) and {one.set, one.near} - {None} <= names)
    return sets, claims


def _terms(model: Model, sets: tuple[Landmark, ...], claims: tuple[Claim, ...]) -> dict[str, Any]:
    asked = [word for one in claims for word in one.words or ()]
    return {
        "language": model.language, "words": list(dict.fromkeys(asked)),
        "sets": [
            {"name": one.name, "tokens": list(words(one, model.language)), "unidic": one.unidic, "pattern": one.pattern,
             "scripts": list(one.scripts) if one.scripts else None}
            for one in sets
        ],
    }  # fmt: skip


_WEIGHTS = {"umap": 10.0, "tsne": 80.0, "pca": 1.0, "random": 0.1}


def _options(entry: Map, method: str) -> dict[str, Any]:
    if method == "umap":
        return entry.umap.model_dump()
    if method == "tsne":
        return entry.tsne.model_dump()
    return {}
