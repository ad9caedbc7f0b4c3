"""The tasks that make one map."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.engine.run import Task
from atlas.errors import DataError
from atlas.maps import data as maps_data
from atlas.maps.config import Map, Model
from atlas.maps.data import SCHEMA_VERSION
from atlas.maps.landmarks import Claim, Landmark, words
from atlas.maps.stages import cluster, label, landmarks, lexicon, measure, neighbors, project
from atlas.models.checkpoint import Checkpoint
from atlas.spaces.config import Corpus
from atlas.spaces.corpus import chunks
from atlas.spaces.stages import (
    annotate,
    average,
    contextual,
    describe,
    occurrences,
    seen,
    select,
    vectors,
    vocabulary,
)
from atlas.spaces.stages import words as words_stage

if TYPE_CHECKING:
    from atlas.engine.store import Store

TRUST_K = (
    15  # neighbors compared by the measures of faithfulness; the figures in the field are at 15
)


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
    asked: Task | None = None
    sets: tuple[Landmark, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def title(self) -> str:
        """What people call it in a message."""
        return self.id

    @property
    def optional(self) -> bool:
        """Whether the site is made without it when a task fails."""
        return self.model.optional

    def without(self, lost: Collection[str]) -> MapPlan | None:
        """The map, or None when one of its tasks is among those lost."""
        return None if any(task.key in lost for task in self.tasks()) else self

    def current(self, folder: Path) -> bool:
        """Whether its files in the data folder follow from its recipe."""
        return maps_data.recipe(folder, self.id) == self.recipe

    def write(self, folder: Path, store: Store) -> None:
        """Write its files. Raises StoreError for a damaged artifact, DataError for the folder."""
        from atlas.maps.gather import gather

        maps_data.write(folder, gather(self, store))

    def tasks(self) -> tuple[Task, ...]:
        """Every task this map needs, inputs before their users."""
        single = (
            self.card,
            self.vocabulary,
            self.annotations,
            self.vectors,
            self.selection,
            self.neighbors,
        )
        pinned = tuple(task for task in (self.lexicon, self.landmarks) if task)
        return (
            *single,
            *self.layouts.values(),
            self.clusters,
            *self.labels.values(),
            *self.faithfulness.values(),
            *pinned,
        )

    @property
    def recipe(self) -> str:
        """Digest of all that the map's atlas data follow from."""
        facts = {
            "schema": SCHEMA_VERSION,
            "keys": sorted(task.key for task in self.tasks()),
            "model": [
                self.model.id,
                self.model.source,
                self.model.language,
                self.checkpoint.identity,
            ],
            "map": [self.map.name, list(self.map.projections)],
            "titles": [one.title for one in (*self.sets, *self.claims)],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def plan_map(
    root: Path,
    model: Model,
    entry: Map,
    checkpoint: Checkpoint,
    landmarks_: Sequence[Landmark] = (),
    claims_: Sequence[Claim] = (),
) -> MapPlan:
    """The tasks of one map. Paths are relative to `root`.

    Raises DataError for a corpus or a file of words that cannot be read.
    """
    map_id = entry.id(model)
    at = {"location": checkpoint.location}

    def of_model(module: Any, weight: float, **params: Any) -> Task:
        name = module.__name__.rpartition(".")[2]
        return Task(
            name, module.VERSION, params, (), checkpoint.identity, at, f"{model.id}: {name}", weight
        )

    def of_map(
        module: Any, inputs: tuple[Task, ...], weight: float, what: str = "", **params: Any
    ) -> Task:
        name = module.__name__.rpartition(".")[2]
        return Task(
            name, module.VERSION, params, inputs, "", {}, f"{map_id}: {what or name}", weight
        )

    card = of_model(describe, 0.1, language=model.language)
    named = _words(root / entry.words) if entry.words else None
    tokens = (
        Task("words", words_stage.VERSION, {"words": named}, label=f"{map_id}: words")
        if named
        else of_model(vocabulary, 1)
    )
    layer = {"layer": -1 if entry.layer is None else entry.layer} | (
        {"words": named} if named else {}
    )
    if entry.space == "encoder-input":
        space = of_model(contextual, 8, layer=0)
    elif entry.corpus:
        params = {"field": entry.corpus.field, **layer}
        parts = _parts(root, entry.corpus, model, checkpoint, params)
        space = Task("average", average.VERSION, {}, (tokens, *parts), label=f"{map_id}: average")
    elif entry.space == "contextual":
        space = of_model(contextual, 30, **layer)
    else:
        space = of_model(vectors, 2, space=entry.space)
    notes = Task(
        "annotate",
        annotate.VERSION,
        {"language": model.language},
        (tokens,),
        label=f"{model.id}: annotate",
        weight=2,
    )
    asked = selection = of_map(select, (tokens,), 0.1, **entry.selection.conditions())
    if entry.corpus:
        selection = of_map(seen, (asked, space), 0.1, least=entry.corpus.least)
    near = of_map(neighbors, (space, selection), 6, k=entry.neighbors)
    layouts: dict[str, Task] = {}
    for method in (*entry.projections, "random", "pca"):
        if method not in layouts:
            layouts[method] = of_map(
                project,
                (space, selection, near),
                _WEIGHTS[method],
                method,
                method=method,
                seed=entry.seed,
                **_options(entry, method),
            )
    shown: dict[str, Task] = {method: layouts[method] for method in entry.projections}
    groups = of_map(
        cluster,
        (space, selection, shown[entry.projections[0]], tokens),
        3,
        coarse=entry.clusters.coarse,
        fine=entry.clusters.fine,
    )
    labels: dict[str, Task] = {
        method: of_map(label, (layout, groups, tokens, selection), 2, f"label {method}")
        for method, layout in shown.items()
    }
    truth: dict[str, Task] = {
        method: of_map(
            measure,
            (space, selection, near, layout),
            2,
            f"measure {method}",
            k=TRUST_K,
            seed=entry.seed,
        )
        for method, layout in layouts.items()
    }
    made = MapPlan(
        map_id,
        model,
        entry,
        checkpoint,
        card,
        tokens,
        notes,
        space,
        selection,
        near,
        layouts,
        groups,
        labels,
        truth,
        asked=asked if entry.corpus else None,
    )
    sets, claims = _said(landmarks_, claims_, model)
    if not (sets or claims):
        return made
    terms = Task(
        "lexicon",
        lexicon.VERSION,
        _terms(model, sets, claims),
        (tokens,),
        label=f"{model.id}: lexicon",
        weight=2,
    )
    pinned = of_map(
        landmarks,
        (terms, tokens, space, selection, near, *shown.values()),
        2,
        methods=list(shown),
        seed=entry.seed,
        claims=[
            one.model_dump(include={"set", "near", "words"}, exclude_none=True, mode="json")
            for one in claims
        ],
    )
    return replace(made, lexicon=terms, landmarks=pinned, sets=sets, claims=claims)


def _parts(
    root: Path, corpus: Corpus, model: Model, checkpoint: Checkpoint, params: dict[str, Any]
) -> list[Task]:
    """A task for each chunk of a corpus, known by the chunk's digest, so that a killed build goes
    on where it was."""
    parts = chunks(root, corpus.path, corpus.chunk)
    return [
        Task(
            "occurrences",
            occurrences.VERSION,
            {"chunk": {"kind": part.kind, "digest": part.digest}, **params},
            (),
            checkpoint.identity,
            {"location": checkpoint.location, "place": [part.path, part.begin, part.end]},
            f"{model.id}: {Path(part.path).name}, part {number} of {len(parts)}",
            60,
        )
        for number, part in enumerate(parts, 1)
    ]


def _words(path: Path) -> list[str]:
    """The lines of a file of words, each once."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        hint = "`words` is relative to atlas.toml; a word stands on each line."
        raise DataError(f"{path}: cannot be read ({problem})", hint) from problem
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not found:
        raise DataError(f"{path}: no words", "A word stands on each line.")
    return found


def _said(
    landmarks_: Sequence[Landmark], claims_: Sequence[Claim], model: Model
) -> tuple[tuple[Landmark, ...], tuple[Claim, ...]]:
    """The landmarks and claims that are meant for a model; a claim of a landmark that is not meant
    for it is not, either."""
    sets = tuple(one for one in landmarks_ if one.applies(model.id, model.language))
    names = {one.name for one in sets}
    claims = tuple(
        one
        for one in claims_
        if one.applies(model.id, model.language) and {one.set, one.near} - {None} <= names
    )
    return sets, claims


def _terms(model: Model, sets: tuple[Landmark, ...], claims: tuple[Claim, ...]) -> dict[str, Any]:
    asked = [word for one in claims for word in one.words or ()]
    return {
        "language": model.language,
        "words": list(dict.fromkeys(asked)),
        "sets": [
            {
                "name": one.name,
                "tokens": list(words(one, model.language)),
                "unidic": one.unidic,
                "pattern": one.pattern,
                "scripts": list(one.scripts) if one.scripts else None,
            }
            for one in sets
        ],
    }


_WEIGHTS = {"umap": 10.0, "tsne": 80.0, "pca": 1.0, "random": 0.1}


def _options(entry: Map, method: str) -> dict[str, Any]:
    if method == "umap":
        return entry.umap.model_dump()
    if method == "tsne":
        return entry.tsne.model_dump()
    return {}
