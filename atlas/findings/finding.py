"""Atlas data of findings: a JSON file each. The contract between compute and render, as `maps.data`
is for maps."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from atlas.engine.files import write_whole
from atlas.errors import DataError
from atlas.section import recorded

if TYPE_CHECKING:
    from atlas.engine.store import Store

AGAIN = "Run `atlas build` without --frozen to make it again."


class Part(BaseModel):
    """A part of the file of a finding: frozen, without unknown keys."""

    # Planning names many of these classes and reads with none: they are built at their first use.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Finding(Part):
    """The keys of the file of every finding."""

    schema_version: int = Field(
        description="version of this file's form; up when a field changes its meaning or goes"
    )
    recipe: str = Field(description="digest of everything this file follows from")
    built: str = Field(description="when it was measured, UTC, ISO 8601")


F = TypeVar("F", bound=Finding)


def read(folder: Path, name: str, kind: type[F], version: int) -> F | None:
    """A file of a data folder, None if it does not exist. Raises DataError naming the file and its
    fault."""
    path = folder / name
    try:
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict) or content.get("schema_version") != version:
            raise DataError(f"{path}: not of schema version {version}", AGAIN)
        return kind.model_validate(content)
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: {where or 'file'}: {first['msg']}", AGAIN) from problem
    except (OSError, ValueError, RecursionError) as problem:
        raise DataError(f"{path}: cannot be read ({problem})", AGAIN) from problem


def write(folder: Path, name: str, content: Finding) -> None:
    """Write a file of a data folder as a whole. Raises DataError when it cannot be written."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, content.model_dump_json() + "\n")
    except OSError as problem:
        raise DataError(
            f"{path}: {problem.strerror or problem}",
            "Check the permissions and the free space there.",
        ) from problem


class FindingTarget(ABC):
    """The target of a finding: one file, made from the store."""

    @property
    @abstractmethod
    def file(self) -> str:
        """Its file in the data folder."""

    @property
    @abstractmethod
    def recipe(self) -> str:
        """Digest of everything that determines the file."""

    @abstractmethod
    def gather(self, store: Store) -> Finding:
        """The file's content. Raises StoreError when an artifact is damaged."""

    @property
    def files(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    def current(self, folder: Path) -> bool:
        """Whether the file in the data folder has the recipe."""
        return recorded(folder / self.file) == self.recipe

    def sound(self, folder: Path) -> bool:
        """Whether the file can be read: a JSON file that holds a recipe can."""
        return recorded(folder / self.file) is not None

    def write(self, folder: Path, store: Store) -> None:
        """Write the file. Raises StoreError for a damaged artifact, DataError for the folder."""
        write(folder, self.file, self.gather(store))
