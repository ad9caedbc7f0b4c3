"""What every kind of thing that a site shows answers to: maps, comparisons, sense maps, the write-up.

A Section is one object for one kind. It plans Targets for compute, names the files of atlas data that
render expects, arranges these as Views, and lays Views out on Pages. `pipeline.sections` lists them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from atlas.config.fields import Part
    from atlas.config.site import Site
    from atlas.engine.store import Store
    from atlas.engine.task import Task
    from atlas.maps.config import Model
    from atlas.maps.landmarks import Claim, Landmark
    from atlas.models.checkpoint import Checkpoint
    from atlas.web.page import Page
    from atlas.web.writer import Writer

Entry = TypeVar("Entry", bound="Part", contravariant=True)
Shown = TypeVar("Shown", bound="View")


class Target(Protocol):
    """One map, comparison, sense map or write-up: its tasks, and its files in the data folder.

    id        its name among those of its kind
    title     what people call it in a message
    optional  whether the site is made without it when a task fails
    recipe    digest of all that its files follow from
    """

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def recipe(self) -> str: ...

    def tasks(self) -> tuple[Task, ...]:
        """Every task that it needs, inputs before their users."""

    def without(self, lost: Collection[str]) -> Self | None:
        """What is left of it when the tasks with these keys failed; None when it cannot be made."""

    def current(self, folder: Path) -> bool:
        """Whether its files in the data folder follow from its recipe."""

    def write(self, folder: Path, store: Store) -> None:
        """Write its files. Raises StoreError for a damaged artifact, DataError for the folder."""


@dataclass(frozen=True)
class Expected:
    """Files of atlas data that belong together; the last is JSON and holds their `recipe`.

    files   names in the data folder
    title   what people call what they hold
    models  ids of the models that they were made from; without these nobody misses the files
    map_id  the map that they hold, if it is one
    """

    files: tuple[str, ...]
    title: str
    models: frozenset[str] = frozenset()
    map_id: str = ""

    def missing(self, folder: Path) -> Path | None:
        """The first file that is not there, or that holds no recipe; None when all are there."""
        for name in self.files:
            if not (folder / name).exists():
                return folder / name
        return None if recorded(folder / self.files[-1]) else folder / self.files[-1]


@dataclass(frozen=True)
class Ground:
    """What targets are planned on.

    root         the folder of atlas.toml
    models       tables [[models]] by id
    checkpoints  those of the models that can be had, by id
    landmarks    tables [[landmarks]]
    claims       tables [[claims]]
    only         models and maps that were asked for by id; empty for all
    """

    root: Path
    models: Mapping[str, Model]
    checkpoints: Mapping[str, Checkpoint]
    landmarks: Sequence[Landmark] = ()
    claims: Sequence[Claim] = ()
    only: frozenset[str] = frozenset()


class View(Protocol):
    """One thing that the site shows, arranged for its pages. Made once, shared by all languages."""

    @property
    def id(self) -> str: ...

    def title(self, language: str) -> str:
        """Its title on the site."""


@dataclass(frozen=True)
class Gallery:
    """What views are made from.

    site    the table [site]
    root    the folder of atlas.toml
    models  tables [[models]] by id
    maps    ids of the maps that are shown
    data    the folder of atlas data
    writer  takes the files that views bring along
    shown   the views of the sections before, by their names
    """

    site: Site
    root: Path
    models: Mapping[str, Model]
    maps: Sequence[str]
    data: Path
    writer: Writer
    shown: dict[str, tuple[View, ...]] = field(default_factory=dict)

    def of(self, section: str, kind: type[Shown]) -> list[Shown]:
        """The views of a section before that are of a kind."""
        return [view for view in self.shown.get(section, ()) if isinstance(view, kind)]

    def publish(self, name: str) -> None:
        """Copy a file of the data folder into the site."""
        self.writer.write(f"data/{name}", (self.data / name).read_bytes())


class Section(Protocol[Entry, Shown]):
    """One kind of thing.

    name     the folder of its templates
    table    its table in atlas.toml
    title    its name in the navigation, a message; empty to stay out of it
    address  where its pages begin, which the navigation leads to
    """

    name: str
    table: str
    title: str
    address: str

    def targets(
        self, entries: Sequence[Entry], ground: Ground, planned: Sequence[Target]
    ) -> Iterator[Target]:
        """The targets of its tables; `planned` are those of the sections before.

        Raises DataError for a file that a table names and that cannot be read.
        """

    def expected(self, entries: Sequence[Entry], maps: Mapping[str, str]) -> Iterator[Expected]:
        """The files that a site of these maps shows; `maps` gives the model of each by its id."""

    def show(self, entries: Sequence[Entry], gallery: Gallery) -> Iterator[Shown]:
        """The views whose atlas data are there; writes what they bring along. Raises DataError."""

    def pages(self, views: Sequence[Shown]) -> Iterator[Page]:
        """The pages of its views."""


def recorded(path: Path) -> str | None:
    """The `recipe` in a JSON file of atlas data, None where there is none to be read."""
    try:
        recipe = json.loads(path.read_bytes()).get("recipe")
    except (OSError, ValueError, AttributeError):
        return None
    return recipe if isinstance(recipe, str) else None
