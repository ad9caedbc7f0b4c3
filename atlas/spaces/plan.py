"""The tasks that make the space of a map: its tokens, what is said of them, and their vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from atlas.config.characters import unfit
from atlas.engine.stage import AnyStage, Span
from atlas.engine.task import Task
from atlas.errors import DataError, ModelError
from atlas.models.checkpoint import Checkpoint
from atlas.spaces.config import Corpus, Selection
from atlas.spaces.corpus import chunks
from atlas.spaces.stages.annotate import annotate
from atlas.spaces.stages.average import average
from atlas.spaces.stages.contextual import contextual
from atlas.spaces.stages.describe import describe
from atlas.spaces.stages.occurrences import occurrences
from atlas.spaces.stages.seen import seen
from atlas.spaces.stages.select import select
from atlas.spaces.stages.suspect import suspect
from atlas.spaces.stages.tables import table_card, table_vectors, table_words
from atlas.spaces.stages.vectors import vectors
from atlas.spaces.stages.vocabulary import vocabulary
from atlas.spaces.stages.words import words as words_stage

_TAKE = "Take it out of the file."


@dataclass(frozen=True)
class Source:
    """A model as the tasks of its spaces know it.

    name         the model's id, which labels of tasks begin with
    language     of its vocabulary
    checkpoint   its files at one version
    """

    name: str
    language: str
    checkpoint: Checkpoint

    def task(
        self,
        stage: AnyStage,
        params: Mapping[str, object],
        *,
        label: str = "",
        span: Span | None = None,
        libraries: tuple[str, ...] = (),
        cost: float | None = None,
    ) -> Task:
        """A task that reads the model."""
        return Task(
            stage,
            params,
            source=self.checkpoint.identity,
            location=self.checkpoint.location,
            span=span,
            label=f"{self.name}: {label or stage.name}",
            libraries=libraries,
            cost=cost,
        )


@dataclass(frozen=True)
class Wanted:
    """What a map wants of a model, as [[models.maps]] says it; see maps/config.Map for its keys.

    label    the map's id, which labels of tasks begin with
    words    the words to show in place of tokens, None for tokens
    tensor   the name of the tensor to show, None for the input table
    """

    label: str
    space: str
    layer: int | None
    corpus: Corpus | None
    words: tuple[str, ...] | None
    selection: Selection
    tensor: str | None = None

    @property
    def named(self) -> dict[str, object]:
        """The tensor as a param, of those that name one."""
        return {} if self.tensor is None else {"tensor": self.tensor}


@dataclass(frozen=True)
class SpacePlan:
    """The tasks of a space.

    card          what the checkpoint's own files say of it
    vocabulary    its tokens, or the words in their place
    annotations   part of speech and reading of each
    vectors       the space
    asked         the tokens that the conditions of the selection leave
    selection     of these the ones that a corpus has shown often enough, where there is one
    """

    card: Task
    vocabulary: Task
    annotations: Task
    vectors: Task
    asked: Task
    selection: Task


def plan_space(root: Path, source: Source, wanted: Wanted) -> SpacePlan:
    """The tasks of a space. The corpus's path is relative to `root`. Raises DataError for a corpus
    that cannot be read, ModelError for a space that only a model has of a table of vectors."""
    if source.checkpoint.table and wanted.space != "input":
        raise ModelError(
            f"{wanted.label}: {source.checkpoint.source} is a table of vectors, and there is no "
            f"model to run for the space {wanted.space}",
            'Write space = "input" for this map, or leave `space` out.',
        )
    tokens = _tokens(source, wanted)
    space = _space(root, source, wanted, tokens)
    asked = selection = Task(
        select, wanted.selection.conditions(), (tokens,), label=f"{wanted.label}: select"
    )
    if wanted.corpus:
        selection = Task(
            seen,
            {"least": wanted.corpus.least},
            (asked, space),
            label=f"{wanted.label}: seen",
        )
    return SpacePlan(_card(source), tokens, _notes(source, tokens), space, asked, selection)


def plan_tokens(source: Source) -> tuple[Task, Task]:
    """The tasks that read a model's whole vocabulary, and what a dictionary says of its tokens."""
    wanted = Wanted(source.name, "input", None, None, None, Selection())
    tokens = _tokens(source, wanted)
    return tokens, _notes(source, tokens)


def plan_table(source: Source) -> tuple[Task, Task, Task]:
    """The tasks that read a model's vocabulary and its input table, and that find rows that look
    untrained."""
    wanted = Wanted(source.name, "input", None, None, None, Selection())
    tokens = _tokens(source, wanted)
    table = _space(Path(), source, wanted, tokens)
    inputs = (tokens, table)
    if source.checkpoint.table:
        return tokens, table, Task(suspect, {}, inputs, label=f"{source.name}: suspect")
    return tokens, table, replace(source.task(suspect, {}), inputs=inputs)


def _notes(source: Source, tokens: Task) -> Task:
    return Task(
        annotate, {"language": source.language}, (tokens,), label=f"{source.name}: annotate"
    )


def read_words(path: Path) -> tuple[str, ...]:
    """The lines of a file of words, each once. Raises DataError when it cannot be read or has
    none."""
    try:
        # Not splitlines(), which also breaks at characters that are told of below.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as problem:
        hint = "`words` is relative to atlas.toml; a word stands on each line."
        raise DataError(f"{path}: cannot be read ({problem})", hint) from problem
    for number, line in enumerate(lines, 1):
        if sign := unfit(line):
            raise DataError(f"{path}, line {number}: holds {sign}, which no page can show", _TAKE)
    words = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not words:
        raise DataError(f"{path}: no words", "A word stands on each line.")
    return words


def _card(source: Source) -> Task:
    if source.checkpoint.table:
        return source.task(
            table_card, {"format": source.checkpoint.table, "language": source.language}
        )
    return source.task(describe, {"language": source.language})


def _tokens(source: Source, wanted: Wanted) -> Task:
    if source.checkpoint.table:
        return source.task(table_words, {"format": source.checkpoint.table})
    if wanted.words:
        params = {"words": list(wanted.words)}
        return Task(words_stage, params, label=f"{wanted.label}: words")
    return source.task(vocabulary, wanted.named, libraries=source.checkpoint.libraries)


def _space(root: Path, source: Source, wanted: Wanted, tokens: Task) -> Task:
    if source.checkpoint.table:
        return source.task(
            table_vectors,
            {"format": source.checkpoint.table},
            libraries=source.checkpoint.libraries,
        )
    if wanted.space == "encoder-input":
        # A model of no layers, which takes a fraction of the time.
        return source.task(contextual, {"layer": 0}, cost=8)
    if wanted.space != "contextual":
        return source.task(vectors, {"space": wanted.space, **wanted.named})
    params: dict[str, object] = {"layer": -1 if wanted.layer is None else wanted.layer}
    if wanted.words:
        params["words"] = list(wanted.words)
    if wanted.corpus is None:
        return source.task(contextual, params)
    parts = _parts(root, source, wanted.corpus, params)
    return Task(average, {}, (tokens, *parts), label=f"{wanted.label}: average")


def _parts(
    root: Path, source: Source, corpus: Corpus, params: dict[str, object]
) -> tuple[Task, ...]:
    """A task for each chunk of a corpus, known by the chunk's digest, so that a killed build goes
    on where it was."""
    parts = chunks(root, corpus.path, corpus.chunk)
    return tuple(
        source.task(
            occurrences,
            {
                "chunk": {"kind": part.kind, "digest": part.digest},
                "field": corpus.field,
                **params,
            },
            label=f"{Path(part.path).name}, part {number} of {len(parts)}",
            span=Span(part.path, part.begin, part.end),
        )
        for number, part in enumerate(parts, 1)
    )
