"""The targets of vocabularies: of each model, of its orders, and of each pair of models."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from atlas.engine.clock import built
from atlas.engine.stage import AnyStage, Span
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.findings.finding import FindingTarget
from atlas.findings.senses.plan import SenseTarget
from atlas.findings.vocabularies import data
from atlas.findings.vocabularies.config import Vocabularies
from atlas.findings.vocabularies.sets import ERAS, NUMERALS
from atlas.findings.vocabularies.stages.counted import counted
from atlas.findings.vocabularies.stages.orders import orders
from atlas.findings.vocabularies.stages.shared import joined, shared
from atlas.findings.vocabularies.stages.wall import wall
from atlas.maps import cldr
from atlas.maps.config import Model
from atlas.maps.plan import MapTarget
from atlas.maps.stages.lexicon import lexicon
from atlas.models.checkpoint import Checkpoint
from atlas.section import Ground, Target, recorded
from atlas.spaces.config import Selection
from atlas.spaces.corpus import first_chunk
from atlas.spaces.plan import Source, Wanted, plan_space
from atlas.spaces.records import Vocabulary

_SAMPLE = 200_000  # bytes of a corpus whose tokens are counted


@dataclass(frozen=True)
class Corpus:
    """A corpus of the atlas: its path, the field of its texts, and its language."""

    path: str
    field: str
    language: str


@dataclass(frozen=True)
class Subject:
    """A model, its vocabulary, and the maps of its spaces."""

    model: Model
    checkpoint: Checkpoint
    vocabulary: Task
    maps: tuple[MapTarget, ...]


@dataclass(frozen=True)
class VocabularyTarget(FindingTarget):
    """A vocabulary by itself: its tasks by corpus, and that of the wall."""

    subject: Subject
    read: tuple[tuple[Corpus, Task], ...]
    wall: Task | None

    @property
    def id(self) -> str:
        """The model's id."""
        return self.subject.model.id

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"the vocabulary of {self.id}"

    @property
    def optional(self) -> bool:
        """Whether the model is."""
        return self.subject.model.optional

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return data.of_model(self.id)

    def tasks(self) -> tuple[Task, ...]:
        """All its tasks."""
        walls = (self.wall,) if self.wall else ()
        return (self.subject.vocabulary, *(task for _, task in self.read), *walls)

    def without(self, lost: Collection[str]) -> VocabularyTarget | None:
        """The same; None when one of its tasks is lost."""
        return None if any(task.key in lost for task in self.tasks()) else self

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the file."""
        model = self.subject.model
        named = [[corpus.path, corpus.language] for corpus, _ in self.read]
        return _digest(model.id, model.language, named, [task.key for task in self.tasks()])

    def gather(self, store: Store) -> data.OfModel:
        """The file's content. Raises StoreError when an artifact is damaged."""
        words = store.read(self.subject.vocabulary.key, Vocabulary)
        kinds = Counter(words.kinds)
        scripts = Counter(script for script in words.scripts if script)
        return data.OfModel(
            schema_version=data.SCHEMA_VERSION,
            recipe=self.recipe,
            built=_measured(store, self.tasks()),
            model=self.subject.model.id,
            language=self.subject.model.language,
            family=words.family,
            tokens=len(words),
            kinds=dict(kinds.most_common()),
            scripts=dict(scripts.most_common()),
            read=tuple(
                data.Read(
                    corpus=Path(corpus.path).name,
                    language=corpus.language,
                    counted=store.read(task.key, data.Counted),
                )
                for corpus, task in self.read
            ),
            wall=store.read(self.wall.key, data.Wall) if self.wall else None,
        )


@dataclass(frozen=True)
class OrdersTarget(FindingTarget):
    """The orders in the spaces of a model."""

    model: Model
    task: Task

    @property
    def id(self) -> str:
        """Its name among the targets of this section."""
        return f"{self.model.id}.orders"

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"order in {self.model.id}"

    @property
    def optional(self) -> bool:
        """Whether the model is."""
        return self.model.optional

    @property
    def file(self) -> str:
        """Its file in the data folder."""
        return data.of_orders(self.model.id)

    def tasks(self) -> tuple[Task, ...]:
        """Its task."""
        return (self.task,)

    def without(self, lost: Collection[str]) -> OrdersTarget | None:
        """The same; None when its task is lost."""
        return None if self.task.key in lost else self

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the file."""
        return _digest(self.model.id, self.model.language, self.task.key)

    def gather(self, store: Store) -> data.OfOrders:
        """The file's content. Raises StoreError when an artifact is damaged."""
        return data.OfOrders(
            schema_version=data.SCHEMA_VERSION,
            recipe=self.recipe,
            built=_measured(store, self.tasks()),
            model=self.model.id,
            language=self.model.language,
            **dict(store.read(self.task.key, data.Orders)),
        )


@dataclass(frozen=True)
class PairTarget(FindingTarget):
    """Two vocabularies beside one another: a file of counts, and a table of all texts."""

    first: Subject
    second: Subject
    task: Task

    @property
    def models(self) -> tuple[str, str]:
        """The ids of the models."""
        return self.first.model.id, self.second.model.id

    @property
    def id(self) -> str:
        """Both ids, as in the address."""
        return f"{'--'.join(self.models)}.vocabularies"

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"the vocabularies of {' and '.join(self.models)}"

    @property
    def optional(self) -> bool:
        """Whether one of the models is."""
        return self.first.model.optional or self.second.model.optional

    @property
    def file(self) -> str:
        """Its JSON file in the data folder."""
        return data.of_pair(*self.models)

    @property
    def files(self) -> tuple[str, ...]:
        """The table of all texts, and the counts."""
        return (data.list_of(*self.models), self.file)

    def tasks(self) -> tuple[Task, ...]:
        """Its task, whose inputs are the vocabularies."""
        return (self.task,)

    def without(self, lost: Collection[str]) -> PairTarget | None:
        """The same; None when its task is lost."""
        return None if self.task.key in lost else self

    @property
    def recipe(self) -> str:
        """Digest of everything that determines the files."""
        return _digest(*self.models, self.task.key)

    def current(self, folder: Path) -> bool:
        """Whether both files have the recipe."""
        return {recorded(folder / self.file), data.list_recipe(folder / self.files[0])} == {
            self.recipe
        }

    def sound(self, folder: Path) -> bool:
        """Whether both files can be read."""
        return super().sound(folder) and data.list_recipe(folder / self.files[0]) is not None

    def write(self, folder: Path, store: Store) -> None:
        """Write the files. Raises StoreError for a damaged artifact, DataError for the folder."""
        rows = joined(*self._vocabularies(store))
        data.write_list(folder / self.files[0], list(zip(*rows, strict=True)), self.recipe)
        super().write(folder, store)

    def gather(self, store: Store) -> data.OfPair:
        """The file of counts. Raises StoreError when an artifact is damaged."""
        first, second = self._vocabularies(store)
        return data.OfPair(
            schema_version=data.SCHEMA_VERSION,
            recipe=self.recipe,
            built=_measured(store, self.tasks()),
            models=self.models,
            tokens=(len(first), len(second)),
            **dict(store.read(self.task.key, data.Shared)),
        )

    def _vocabularies(self, store: Store) -> tuple[Vocabulary, Vocabulary]:
        first, second = (
            store.read(side.vocabulary.key, Vocabulary) for side in (self.first, self.second)
        )
        return first, second


def plan_vocabularies(
    table: Vocabularies, ground: Ground, planned: Sequence[Target]
) -> Iterator[VocabularyTarget | OrdersTarget | PairTarget]:
    """The targets of the models that have maps. Raises DataError for a corpus that cannot be
    read."""
    subjects = [*_subjects(ground, planned)]
    corpora = _corpora(planned) if table.texts else ()
    for subject in subjects:
        yield VocabularyTarget(
            subject,
            tuple(
                (corpus, task)
                for corpus in corpora
                if (task := _counted(ground.root, subject, corpus))
            ),
            _asked(subject, wall, {"sets": list(table.wall)}, "wall") if table.wall else None,
        )
        if table.order:
            yield OrdersTarget(subject.model, _orders(table, subject))
    for first, second in combinations(subjects if table.pairs else (), 2):
        label = f"{first.model.id}--{second.model.id}: shared"
        task = Task(shared, {}, (first.vocabulary, second.vocabulary), label=label)
        yield PairTarget(first, second, task)


def _subjects(ground: Ground, planned: Sequence[Target]) -> Iterator[Subject]:
    maps: dict[str, list[MapTarget]] = {}
    for target in planned:
        if isinstance(target, MapTarget):
            maps.setdefault(target.model.id, []).append(target)
    for drawn in maps.values():
        model, checkpoint = drawn[0].model, drawn[0].checkpoint
        named = [one for one in drawn if not one.map.words]
        named.sort(key=lambda one: one.map.tensor is not None)
        if named:
            vocabulary = named[0].vocabulary
        else:  # its maps are of words alone
            source = Source(model.id, model.language, checkpoint)
            wanted = Wanted(model.id, "input", None, None, None, Selection())
            vocabulary = plan_space(ground.root, source, wanted).vocabulary
        own = tuple(one for one in drawn if one.vocabulary == vocabulary)
        yield Subject(model, checkpoint, vocabulary, own)


def _corpora(planned: Sequence[Target]) -> tuple[Corpus, ...]:
    """The corpora of maps and of sense maps, each once."""
    found = []
    for target in planned:
        if isinstance(target, MapTarget) and target.map.corpus:
            corpus = target.map.corpus
            found.append(Corpus(corpus.path, corpus.field, target.model.language))
        elif isinstance(target, SenseTarget):
            found.append(Corpus(target.table.corpus, "text", target.model.language))
    return tuple({(corpus.path, corpus.field): corpus for corpus in reversed(found)}.values())[::-1]


def _counted(root: Path, subject: Subject, corpus: Corpus) -> Task | None:
    """The task that counts the tokens of a corpus; None where it is empty, or the model is a list
    of words, which no tokenizer has made."""
    chunk = first_chunk(root, corpus.path, _SAMPLE)
    if chunk is None or subject.checkpoint.table not in ("", "static"):
        return None
    return replace(
        _asked(
            subject,
            counted,
            {
                "chunk": {"kind": chunk.kind, "digest": chunk.digest},
                "field": corpus.field,
                "language": corpus.language,
            },
            f"count {Path(corpus.path).name}",
        ),
        span=Span(chunk.path, chunk.begin, chunk.end),
    )


def _asked(subject: Subject, stage: AnyStage, params: Mapping[str, object], what: str) -> Task:
    """A task that asks a model's tokenizer."""
    return Task(
        stage,
        params,
        (subject.vocabulary,),
        source=subject.checkpoint.identity,
        location=subject.checkpoint.location,
        label=f"{subject.model.id}: {what}",
    )


def _orders(table: Vocabularies, subject: Subject) -> Task:
    """The task of a model's orders. What layers hold anyway is not looked at as a map's space, and
    a model is run only where a map runs it, too."""
    model = subject.model
    sets = ordered(table, model.language)
    words = list(dict.fromkeys(word for row in sets for word in row["words"]))
    terms = Task(
        lexicon,
        {"language": model.language, "words": words, "sets": []},
        (subject.vocabulary,),
        label=f"{model.id}: words of orders",
    )
    run = [one for one in subject.maps if one.map.space in ("contextual", "encoder-input")]
    layers = table.layers and bool(run)
    spaces = {
        one.vectors.key: one
        for one in reversed(subject.maps)
        if not (layers and one in run and one.map.corpus is None)
    }
    shown = list(spaces.values())[::-1]
    params: dict[str, object] = {"sets": sets, "names": [[one.id, _kind(one)] for one in shown]}
    if layers:
        params["layers"] = True
    return Task(
        orders,
        params,
        (subject.vocabulary, terms, *(one.vectors for one in shown)),
        source=subject.checkpoint.identity if layers else "",
        location=subject.checkpoint.location,
        label=f"{model.id}: orders",
        cost=None if layers else 1 + len(shown),
    )


def _kind(drawn: MapTarget) -> str:
    return "averaged" if drawn.map.corpus else drawn.map.space


def ordered(table: Vocabularies, language: str) -> list[dict[str, Any]]:
    """The orders that are looked for in a language, each a `name` and its `words`: months and
    weekdays from CLDR, numbers, years, of Japanese eras and numerals, and the table's own."""
    found = calendar(language) | {
        "numbers": [str(number) for number in range(100)],
        "years": [str(year) for year in range(1900, 2030)],
    }
    base = language.split("-")[0]
    if base == "ja":
        found |= {"eras": list(ERAS), "numerals": list(NUMERALS)}
    for row in table.orders:
        if row.languages is None or {language, base} & set(row.languages):
            found[row.name] = list(row.tokens)
    return [{"name": name, "words": words} for name, words in found.items()]


def calendar(language: str) -> dict[str, list[str]]:
    """The names of months and weekdays (from Monday on) that CLDR has in a language, and their
    short forms where these differ; none for a language that it does not have."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    for name, forms in (
        ("months", cldr.own(locale, "months")),
        ("weekdays", cldr.own(locale, "days")),
    ):
        for suffix, width in (("", "wide"), ("-short", "abbreviated")):
            named = dict(forms["stand-alone"][width])
            words = [named[number].rstrip(".") for number in sorted(named)]
            if words not in found.values() and len(set(words)) == len(words):
                found[name + suffix] = words
    return found


def _measured(store: Store, tasks: Sequence[Task]) -> str:
    """When the last of these results was made, so that a file that is made of them again is as it
    was: it may follow from what other models' maps name. SOURCE_DATE_EPOCH, where that is set.
    Raises StoreError."""
    if os.environ.get("SOURCE_DATE_EPOCH", "").strip():
        return built()
    return max(str(store.manifest(task.key)["written"]) for task in tasks)


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps([data.SCHEMA_VERSION, *facts]).encode()).hexdigest()
