"""The tasks whose results make one map."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.maps.config import Map, Model
from atlas.maps.data import SCHEMA_VERSION
from atlas.maps.landmarks import Claim, Landmark
from atlas.models.checkpoint import Checkpoint
from atlas.spaces.records import Averages, Vectors


@dataclass(frozen=True)
class MapTasks:
    """The tasks whose results make one map, by the part of the atlas data that they become.

    drawn      each projection, as its method draws it
    main       the one of them on which clusters are found, and whose map is shown first
    layouts    each projection as it is shown, in the order in which `faithfulness` has them
    suspicion  how untrained each row of the model's input table looks; None where tokens are none
               of its rows
    """

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
    drawn: Mapping[str, Task]
    main: Task
    layouts: Mapping[str, Task]
    clusters: Task
    titles: Task
    labels: Mapping[str, Task]
    faithfulness: Task
    lexicon: Task | None = None
    landmarks: Task | None = None
    asked: Task | None = None
    suspicion: Task | None = None
    sets: tuple[Landmark, ...] = ()
    claims: tuple[Claim, ...] = ()

    def tasks(self) -> tuple[Task, ...]:
        """All tasks of the map, inputs before their users."""
        single = (
            self.card,
            self.vocabulary,
            self.annotations,
            self.vectors,
            self.selection,
            self.neighbors,
        )
        lexicon = (self.lexicon,) if self.lexicon else ()
        pinned = tuple(task for task in (self.landmarks, self.suspicion) if task)
        return (
            *single,
            *self.drawn.values(),
            *self.layouts.values(),
            self.faithfulness,
            self.main,
            self.clusters,
            *lexicon,
            self.titles,
            *self.labels.values(),
            *pinned,
        )

    def read_vectors(self, store: Store) -> Vectors:
        """The vectors of the map's space. Raises StoreError when they are missing or damaged."""
        return store.read(self.vectors.key, Averages if self.map.corpus else Vectors)

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the map's atlas data."""
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
            "titles": [row.title for row in (*self.sets, *self.claims)],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
