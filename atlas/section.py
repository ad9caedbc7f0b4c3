"""The interface of the sections of a site: maps, comparisons, sense maps, the write-up.

A Section is one object. It plans Targets for compute, names the files of atlas data that render
expects, arranges these as Views, and lays Views out on Pages. `pipeline.sections` lists them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from atlas.config.fields import Part
    from atlas.config.site import Site
    from atlas.engine.store import Store
    from atlas.engine.task import Task
    from atlas.maps.config import Model
    from atlas.maps.landmarks import Claim, Landmark
    from atlas.models.checkpoint import Checkpoint
    from atlas.web.page import Page
    from atlas.web.writer import Books, Wanted, Writer

Entry = TypeVar("Entry", bound="Part", contravariant=True)
Shown = TypeVar("Shown", bound="View")
Value = TypeVar("Value")
Made = TypeVar("Made")


class Target(Protocol):
    """One map, comparison, sense map or write-up: its tasks, and its files in the data folder."""

    @property
    def id(self) -> str:
        """Its name, distinct within its section."""

    @property
    def title(self) -> str:
        """Its name in messages."""

    @property
    def optional(self) -> bool:
        """Whether the site is built without it when a task fails."""

    @property
    def recipe(self) -> str:
        """Digest of everything that determines its files."""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of its files in the data folder."""

    def tasks(self) -> tuple[Task, ...]:
        """All its tasks, inputs before their users."""

    def without(self, lost: Collection[str]) -> Self | None:
        """The target without the tasks with these keys, which failed; None if it needs them."""

    def current(self, folder: Path) -> bool:
        """Whether its files in the data folder have its recipe."""

    def sound(self, folder: Path) -> bool:
        """Whether its files in the data folder can be read and agree."""

    def write(self, folder: Path, store: Store) -> None:
        """Write its files. Raises StoreError for a damaged artifact, DataError for the folder."""


@dataclass(frozen=True)
class Expected:
    """Files of atlas data that belong together; the last is JSON and holds their `recipe`.

    files   names in the data folder
    title   their name in messages
    models  ids of the models they are made from; if one of them is optional, so are the files
    map_id  the id of the map they hold; empty for findings
    asked   whether atlas.toml asks for them; what it only has by default may be missing
    """

    files: tuple[str, ...]
    title: str
    models: frozenset[str] = frozenset()
    map_id: str = ""
    asked: bool = True

    def missing(self, folder: Path) -> Path | None:
        """The first file that is missing or holds no recipe; None when there is none."""
        if not self.asked and not (folder / self.files[-1]).exists():
            return None
        for name in self.files:
            if not (folder / name).exists():
                return folder / name
        return None if recorded(folder / self.files[-1]) else folder / self.files[-1]


@dataclass(frozen=True)
class Ground:
    """The input of every section's plan.

    root         the folder of atlas.toml
    models       tables [[models]] by id
    checkpoints  checkpoints of the available models, by id
    landmarks    tables [[landmarks]]
    claims       tables [[claims]]
    only         ids of the models and maps to build; empty for all
    languages    of the site
    """

    root: Path
    models: Mapping[str, Model]
    checkpoints: Mapping[str, Checkpoint]
    landmarks: Sequence[Landmark] = ()
    claims: Sequence[Claim] = ()
    only: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ("en",)


class View(Protocol):
    """One map or finding, arranged for its pages. All languages share it."""

    @property
    def id(self) -> str:
        """Its name in addresses."""

    def title(self, language: str) -> str:
        """Its title on the site."""


class Spread(Protocol):
    """As `map` does."""

    def __call__(self, work: Callable[[Value], Made], values: Sequence[Value], /) -> Iterable[Made]:
        """What a function returns for each of several values, in their order."""


@dataclass(frozen=True)
class Gallery:
    """The input of every section's views, and the views made so far.

    site    the table [site]
    root    the folder of atlas.toml
    models  tables [[models]] by id
    maps    ids of the maps to show
    data    the folder of atlas data
    writer  writes the files that belong to views
    shown   the views of the sections before, by the sections' names
    spread  calls a function with each of several values, maybe in several processes; what it
            returns, in their order
    asked   the files that sections asked for, and what takes the facts about them
    """

    site: Site
    root: Path
    models: Mapping[str, Model]
    maps: Sequence[str]
    data: Path
    writer: Writer
    shown: dict[str, tuple[View, ...]] = field(default_factory=dict)
    spread: Spread = map
    asked: list[tuple[Sequence[Wanted], Callable[[list[Any]], None]]] = field(default_factory=list)

    def of(self, section: str, kind: type[Shown]) -> list[Shown]:
        """The views of an earlier section that are instances of `kind`."""
        return [view for view in self.shown.get(section, ()) if isinstance(view, kind)]

    def derive(self, wanted: Sequence[Wanted], use: Callable[[list[Any]], None]) -> None:
        """Ask, in `show`, for files that each depend on a key alone, as the writer's `derive`. When
        all sections have asked they are written side by side, and `use` gets the facts about each.
        """
        self.asked.append((wanted, use))

    def write(self) -> None:
        """Write the files that were asked for. Raises OSError, AtlasError."""
        lacking = [
            one
            for wanted, _ in self.asked
            for one in wanted
            if not self.writer.kept(one.name, one.key)
        ]
        for books in self.spread(self._derived, lacking):
            self.writer.take(books)
        for wanted, use in self.asked:
            use([self.writer.derived[one.name]["facts"] for one in wanted])
        self.asked.clear()

    def _derived(self, one: Wanted) -> Books:
        """In any process: write some files; the books of that."""
        own = self.writer.apart()
        own.derive(*one)
        return own.books

    def publish(self, name: str) -> None:
        """Copy a file of the data folder into the site."""
        self.writer.write(f"data/{name}", (self.data / name).read_bytes())


class Section(Protocol[Entry, Shown]):
    """The maps of a site, or its findings of one kind.

    name     the folder of its templates
    table    its table in atlas.toml
    title    its name in the navigation, a message id; empty for none
    address  the address of its first page, which the navigation links to
    """

    name: str
    table: str
    title: str
    address: str

    def targets(
        self, entries: Sequence[Entry], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[Target]:
        """The targets of its tables; `planned` are those of earlier sections.

        Raises DataError when a file that a table names cannot be read.
        """

    def expected(self, entries: Sequence[Entry], maps: Mapping[str, str]) -> Iterator[Expected]:
        """The files that a site with these maps needs; `maps` are ids of models by id of map."""

    def show(self, entries: Sequence[Entry], gallery: Gallery) -> Iterator[Shown]:
        """The views whose atlas data exist. Writes the files that belong to them, or asks the
        gallery for them. Raises DataError when a file cannot be read or written."""

    def pages(self, views: Sequence[Shown]) -> Iterator[Page]:
        """The pages of its views."""


def recorded(path: Path) -> str | None:
    """The `recipe` in a JSON file of atlas data; None where the file or the key is missing."""
    try:
        recipe = json.loads(path.read_bytes()).get("recipe")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return recipe if isinstance(recipe, str) else None
