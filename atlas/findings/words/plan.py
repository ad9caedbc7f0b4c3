"""The targets of words: a model's vocabulary with the splits of its tokenizer, and the words that
atlas.toml lists."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from atlas.engine.clock import built
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.errors import DataError
from atlas.findings.finding import FindingTarget
from atlas.findings.words import data
from atlas.findings.words.data import Listed, ListedWord, ModelWords, Portable, Splits, WordData
from atlas.findings.words.stages.portable import portable
from atlas.findings.words.stages.splits import splits
from atlas.maps.config import Model
from atlas.models.checkpoint import Checkpoint
from atlas.section import recorded
from atlas.spaces.plan import Source, plan_tokens
from atlas.spaces.records import Annotations, Vocabulary
from atlas.spaces.stages.annotate import annotate
from atlas.spaces.stages.words import words as words_stage

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ModelTarget:
    """The words of one model.

    vocabulary   its tokens
    annotations  part of speech and reading of each
    splits       its tokenizer on the words of each vocabulary, and on those listed; none of a table
                 of vectors
    portable     its tokenizer for the browser; None of a table of vectors
    """

    model: Model
    vocabulary: Task
    annotations: Task
    splits: tuple[Task, ...]
    portable: Task | None = None

    @property
    def id(self) -> str:
        """The model's id."""
        return self.model.id

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"the words of {self.model.id}"

    @property
    def optional(self) -> bool:
        """Whether the model is."""
        return self.model.optional

    @property
    def files(self) -> tuple[str, ...]:
        """Two tables, the tokenizer and their facts."""
        return data.files(self.model.id)

    @property
    def recipe(self) -> str:
        """Digest of everything that determines its files."""
        keys = [task.key for task in self.tasks()]
        facts = [data.SCHEMA_VERSION, self.model.id, self.model.language, keys]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def tasks(self) -> tuple[Task, ...]:
        """All its tasks."""
        portable = (self.portable,) if self.portable else ()
        return (self.vocabulary, self.annotations, *self.splits, *portable)

    def without(self, lost: Collection[str]) -> ModelTarget | None:
        """The target without what the tokenizer was asked in vain, as where its library is not
        installed; None without the vocabulary."""
        if {self.vocabulary.key, self.annotations.key} & set(lost):
            return None
        splits = tuple(task for task in self.splits if task.key not in lost)
        portable = None if self.portable and self.portable.key in lost else self.portable
        return replace(self, splits=splits, portable=portable)

    def current(self, folder: Path) -> bool:
        """Whether its files in the data folder have its recipe."""
        whole = all((folder / name).exists() for name in self.files)
        return whole and recorded(folder / self.files[-1]) == self.recipe

    def sound(self, folder: Path) -> bool:
        """Whether its files can be read, and agree."""
        try:
            return data.read(folder, self.model.id) is not None
        except DataError:
            return False

    def write(self, folder: Path, store: Store) -> None:
        """Write its files. Raises StoreError for a damaged artifact, DataError for the folder."""
        vocabulary = store.read(self.vocabulary.key, Vocabulary)
        notes = store.read(self.annotations.key, Annotations)
        words = _joined([store.read(task.key, Splits) for task in self.splits])
        portable = store.read(self.portable.key, Portable) if self.portable else None
        tokenizer = data.tokenizer_file(portable, vocabulary.family)
        about = ModelWords(
            schema_version=data.SCHEMA_VERSION,
            recipe=self.recipe,
            built=_built(self.tasks(), store),
            model=self.model.id,
            language=self.model.language,
            family=vocabulary.family,
            tokens=len(vocabulary),
            words=len(words.column("word")),
            split=bool(self.splits),
            portable=len(tokenizer) if portable and portable.text else 0,
            dictionary=notes.dictionary,
        )
        data.write(folder, WordData(about, _tokens(vocabulary, notes), words), tokenizer)


def _built(tasks: Iterable[Task], store: Store) -> str:
    """When the last of some results was computed, or the time that builds are told to have: these
    files are written anew with any model that comes or goes, and are then as they were before."""
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return built()
    return max(str(store.manifest(task.key)["written"]) for task in tasks)


def _tokens(vocabulary: Vocabulary, notes: Annotations) -> pa.Table:
    """The table of a vocabulary."""
    readings = zip(vocabulary.texts, notes.readings, strict=True)
    values = {
        "token_id": np.arange(len(vocabulary), dtype=np.int32),
        "token": vocabulary.tokens,
        "text": vocabulary.texts,
        "kind": vocabulary.kinds,
        "pos": notes.pos,
        "reading": notes.readings,
        "latin": [_latin(reading) for _, reading in readings],
    }
    return data.table(values, data.token_columns())


def _latin(reading: str | None) -> str | None:
    """A reading in Latin letters."""
    if not reading:
        return None
    from jaconv import kana2alphabet, kata2hira

    kana = kata2hira(unicodedata.normalize("NFKC", reading)).replace("ー", "")
    return unicodedata.normalize("NFKD", kana2alphabet(kana)) or None


def _joined(parts: Sequence[Splits]) -> pa.Table:
    """The splits of several tasks as one table, each word once."""
    import pyarrow as pa

    seen: dict[str, tuple[Sequence[str], list[int]]] = {}
    for part in parts:
        for word, split in zip(part.words, part, strict=True):
            seen.setdefault(word, split)
    found = seen.values()
    offsets = np.concatenate([[0], np.cumsum([len(ids) for _, ids in found], dtype=np.int64)])
    ids = pa.array(list(chain.from_iterable(ids for _, ids in found)), pa.int32())
    pieces = pa.array(list(chain.from_iterable(pieces for pieces, _ in found)), pa.string())
    values = {
        "word": list(seen),
        "ids": data.listed(offsets, ids),
        "pieces": data.listed(offsets, pieces),
    }
    return data.table(values, data.split_columns())


@dataclass(frozen=True)
class ListedTarget(FindingTarget):
    """The words that atlas.toml lists, and their readings."""

    vocabulary: Task
    annotations: Task
    optional: bool = False

    @property
    def id(self) -> str:
        """Its name."""
        return "listed"

    @property
    def title(self) -> str:
        """Its name in messages."""
        return "the list of words"

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return data.LISTED

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the file."""
        facts = [data.SCHEMA_VERSION, [task.key for task in self.tasks()]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def tasks(self) -> tuple[Task, ...]:
        """Its tasks."""
        return (self.vocabulary, self.annotations)

    def without(self, lost: Collection[str]) -> ListedTarget | None:
        """The target, or None when one of its tasks is among those lost."""
        return None if any(task.key in lost for task in self.tasks()) else self

    def gather(self, store: Store) -> Listed:
        """The file's content. Raises StoreError when an artifact is damaged."""
        words = store.read(self.vocabulary.key, Vocabulary).tokens
        readings = store.read(self.annotations.key, Annotations).readings
        return Listed(
            schema_version=data.SCHEMA_VERSION,
            recipe=self.recipe,
            built=_built(self.tasks(), store),
            words=tuple(
                ListedWord(word=word, reading=reading, latin=_latin(reading))
                for word, reading in zip(words, readings, strict=True)
            ),
        )


def plan_words(
    listed: Sequence[str], models: Mapping[str, Model], checkpoints: Mapping[str, Checkpoint]
) -> Iterator[ModelTarget | ListedTarget]:
    """The targets of all models that are available, and of a list of words."""
    sources = {
        name: Source(name, models[name].language, checkpoint)
        for name, checkpoint in checkpoints.items()
    }
    tokens = {name: plan_tokens(source) for name, source in sources.items()}
    named = Task(words_stage, {"words": list(dict.fromkeys(listed))}, label="listed words")
    japanese = any(source.language.split("-")[0] == "ja" for source in sources.values())
    read = Task(
        annotate,
        {"language": "ja" if japanese else "en"},
        (named,),
        label="listed words: annotate",
    )
    every = {name: vocabulary for name, (vocabulary, _) in tokens.items()}
    if listed:
        every["the list"] = named
        yield ListedTarget(named, read)
    for name, source in sources.items():
        if source.checkpoint.table:
            yield ModelTarget(models[name], *tokens[name], ())
        else:
            asked = _asked(source, every)
            yield ModelTarget(models[name], *tokens[name], asked, _portable(source))


def _portable(source: Source) -> Task:
    """One model's tokenizer for the browser."""
    return Task(
        portable,
        {},
        source=source.checkpoint.identity,
        location=source.checkpoint.location,
        label=f"{source.name}: tokenizer for the browser",
        libraries=source.checkpoint.libraries,
    )


def _asked(source: Source, vocabularies: Mapping[str, Task]) -> tuple[Task, ...]:
    """The splits of all vocabularies' words by one model's tokenizer."""
    return tuple(
        Task(
            splits,
            {},
            (vocabulary,),
            source=source.checkpoint.identity,
            location=source.checkpoint.location,
            label=f"{source.name}: splits of {name}",
            libraries=source.checkpoint.libraries,
        )
        for name, vocabulary in vocabularies.items()
    )
