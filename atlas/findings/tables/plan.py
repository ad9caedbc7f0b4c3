"""The target of a model's table: its tasks, and the file that is made from their results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.findings.finding import FindingTarget
from atlas.findings.tables import data
from atlas.findings.tables.data import Indicator, Listed, Suspect, TableFile, Untrained, Verified
from atlas.findings.tables.stages.rows import rows
from atlas.findings.tables.stages.shape import shape
from atlas.findings.tables.stages.verify import verify as verification
from atlas.maps.config import Model
from atlas.models.checkpoint import Checkpoint
from atlas.numeric.types import Array
from atlas.spaces.plan import Source, plan_table
from atlas.spaces.records import Suspicion, Vectors, Vocabulary

BINS = 40  # twentieths of scores from -0.5 to 1.5


@dataclass(frozen=True)
class TableTarget(FindingTarget):
    """The tasks that look at one model's table. Where one fails the site is made without its
    page."""

    model: Model
    vocabulary: Task
    vectors: Task
    suspicion: Task
    rows: Task
    shape: Task
    verified: Task | None = None
    optional: bool = True

    @property
    def id(self) -> str:
        """The model's id."""
        return self.model.id

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return data.file(self.model.id)

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"the table of {self.model.id}"

    def tasks(self) -> tuple[Task, ...]:
        """All its tasks, inputs before their users."""
        own = (self.vocabulary, self.vectors, self.suspicion, self.rows, self.shape)
        return (*own, *((self.verified,) if self.verified else ()))

    def without(self, lost: Collection[str]) -> TableTarget | None:
        """The table without its verification, where that failed; None without another task."""
        verified = None if self.verified and self.verified.key in lost else self.verified
        left = replace(self, verified=verified)
        return None if any(task.key in lost for task in left.tasks()) else left

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the file."""
        keys = [task.key for task in self.tasks()]
        facts = [data.SCHEMA_VERSION, self.model.id, self.model.language, keys]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def gather(self, store: Store) -> TableFile:
        """The file's content. Raises StoreError when an artifact is damaged."""
        words = store.read(self.vocabulary.key, Vocabulary)
        suspicion = store.read(self.suspicion.key, Suspicion)
        return TableFile(
            schema_version=data.SCHEMA_VERSION,
            recipe=self.recipe,
            built=built(),
            model=self.model.id,
            language=self.model.language,
            tensor=store.read(self.vectors.key, Vectors).tensor,
            rows=store.read(self.rows.key, data.Rows),
            untrained=untrained(words, suspicion),
            shape=store.read(self.shape.key, data.Shape),
            verified=store.read(self.verified.key, Verified) if self.verified else None,
        )


def untrained(words: Vocabulary, suspicion: Suspicion) -> Untrained:
    """What a data file says of tokens that look untrained."""
    facts = suspicion.facts
    known = {row for rows in facts["references"].values() for row in rows}
    scores, lengths = np.asarray(suspicion.scores), np.asarray(suspicion.lengths)
    suspects = [row for row in facts["flagged"] if row not in known]
    suspects.sort(key=lambda row: (-scores[row], row))

    def listed(rows: Sequence[int]) -> Listed:
        return Listed(ids=tuple(rows), texts=tuple(words.texts[row] for row in rows))

    return Untrained(
        references={why: listed(rows) for why, rows in facts["references"].items()},
        learned=tuple(facts["learned"]),
        indicators=tuple(Indicator(**one) for one in facts["indicators"]),
        best=facts["best"],
        least=facts["least"],
        suspects=tuple(
            Suspect(
                id=row,
                text=words.texts[row],
                kind=words.kinds[row],
                score=round(float(scores[row]), 4),
                norm=round(float(lengths[row]), 4),
            )
            for row in suspects
        ),
        known={
            why: len(set(rows).intersection(facts["flagged"]))
            for why, rows in facts["references"].items()
        },
        histogram=tuple(_histogram(scores, sorted(known))) if facts["best"] else (),
    )


def _histogram(scores: Array, known: Sequence[int]) -> Iterator[tuple[int, int]]:
    finite = np.isfinite(scores)
    bins = np.floor((np.where(finite, scores, 0) + 0.5) * BINS / 2)
    bins = np.clip(bins, 0, BINS - 1).astype(int)
    own = np.bincount(bins[list(known)], minlength=BINS)
    every = np.bincount(bins[finite], minlength=BINS)
    yield from zip((every - own).tolist(), own.tolist(), strict=True)


def plan_tables(model: Model, checkpoint: Checkpoint, verify: bool) -> TableTarget:
    """The target of a model's table."""
    source = Source(model.id, model.language, checkpoint)
    words, table, suspicion = plan_table(source)
    params: dict[str, Any] = {"format": checkpoint.table} if checkpoint.table else {}
    beside = replace(
        source.task(rows, params, libraries=checkpoint.libraries), inputs=(words, table)
    )
    inputs = (words, table, suspicion)
    formed = Task(shape, {}, inputs, label=f"{model.id}: shape")
    asked = None
    if verify and not checkpoint.table:
        asked = replace(source.task(verification, {}), inputs=(words, suspicion))
    return TableTarget(model, words, table, suspicion, beside, formed, asked)
