"""atlas.toml: what to map and how to publish it. Frozen pydantic models; every error at once, with
its place in the file."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError

from atlas.config import faults as problems
from atlas.config.fields import Part
from atlas.config.site import Site
from atlas.errors import ConfigError, UsageError
from atlas.findings.comparisons.config import Compare
from atlas.findings.inputs_embeds.config import Pitfall
from atlas.findings.senses.config import Senses
from atlas.maps.config import Model
from atlas.maps.landmarks import Claim, Landmark

NAME = "atlas.toml"


class Config(Part):
    """The whole of atlas.toml."""

    site: Site = Site()
    """The website as a whole."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)]
    """The models to map."""
    landmarks: tuple[Landmark, ...] = ()
    """Lexicons pinned on the maps, each with its measured cohesion."""
    claims: tuple[Claim, ...] = ()
    """What somebody says of the spaces, measured on every map."""
    compare: tuple[Compare, ...] = ()
    """Pairs of maps to compare."""
    pitfall: Pitfall | None = None
    """The `inputs_embeds` experiment and its write-up; none when left out."""
    senses: tuple[Senses, ...] = ()
    """Sense maps: words of several senses in sentences."""

    _root: Path = PrivateAttr(default=Path())

    @property
    def root(self) -> Path:
        """The folder of atlas.toml, to which its paths are relative."""
        return self._root

    @property
    def digest(self) -> str:
        """sha256 of everything the file says, defaults included; comments and the order of keys do
        not change it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def find(start: Path | None = None) -> Path:
    """The atlas.toml of a folder given, else of the nearest folder upward, else of ./site.

    Raises UsageError when there is none.
    """
    if start is not None:
        found = start if start.is_file() else start / NAME
        if not found.is_file():
            raise UsageError(f"{start}: no {NAME} here", f"Make one with `atlas init {start}`.")
        return found
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    if (here / "site" / NAME).is_file():
        return here / "site" / NAME
    raise UsageError(
        f"No {NAME} in this folder, above it, or in ./site", "Make one with `atlas init`."
    )


def load(path: Path) -> Config:
    """Read atlas.toml. Raises ConfigError with every problem in it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as problem:
        raise ConfigError(f"{path}: not found", "Make one with `atlas init`.") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"{path}: cannot be read ({problem})", "It must be a UTF-8 text file."
        ) from problem
    except tomllib.TOMLDecodeError as problem:
        hint = "See https://toml.io for the syntax."
        raise ConfigError(f"{path}: not valid TOML", hint, [problems.syntax(problem)]) from problem
    found: list[str] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as problem:
        found = problems.lines(problem, Config)
    found += problems.collisions(raw) + problems.references(raw)
    if found or config is None:
        raise ConfigError(
            f"{path}: {len(found)} problem{'' if len(found) == 1 else 's'}",
            "Nothing was written.",
            found,
        )
    config._root = path.resolve().parent
    return config


def schema() -> dict[str, Any]:
    """JSON Schema of atlas.toml, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
