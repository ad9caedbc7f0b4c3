"""atlas.toml: what to map and how to publish it.

Each section has a field of `Config` and a class for its table (`config.fields.Part`). The class
method `cross_check` of that class checks what must agree with other tables. All faults are reported
together, with their places in the file.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError

from atlas.config import faults, hosts, redirects
from atlas.config.fields import Part
from atlas.config.languages import beside
from atlas.config.names import Names, tables
from atlas.config.redirects import Redirects
from atlas.config.site import Site
from atlas.config.toml_lines import line_of
from atlas.errors import ConfigError, UsageError
from atlas.findings.comparisons.config import Compare
from atlas.findings.inputs_embeds.config import Pitfall
from atlas.findings.senses.config import Senses
from atlas.findings.tables.config import Tables
from atlas.findings.vocabularies.config import Vocabularies
from atlas.findings.words.config import Words
from atlas.maps.config import Model
from atlas.maps.landmarks import Claim, Landmark

NAME = "atlas.toml"


class Config(Part):
    """The whole of atlas.toml. A table may refer to tables whose fields stand before its own."""

    site: Site = Site()
    """The website as a whole."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)]
    """The models to map."""
    landmarks: tuple[Landmark, ...] = ()
    """Lexicons pinned on the maps, each with its measured cohesion."""
    claims: tuple[Claim, ...] = ()
    """Claims about the spaces, measured on every map."""
    compare: tuple[Compare, ...] = ()
    """Pairs of maps to compare."""
    pitfall: Pitfall | None = None
    """The `inputs_embeds` experiment and its write-up; none when left out."""
    senses: tuple[Senses, ...] = ()
    """Sense maps: words of several senses in sentences."""
    words: Words = Words()
    """A word in every model: pages and files of answers."""
    redirects: Redirects = Field(default_factory=dict)
    """Old addresses below the root of the site, and what they lead to now: `"old/" = "about/"`."""
    vocabularies: Vocabularies = Vocabularies()
    """Vocabularies beside one another, and order in them."""
    tables: Tables = Tables()
    """A page of each model's input table."""

    _root: Path = PrivateAttr(default=Path())
    _file: Path = PrivateAttr(default=Path(NAME))

    @property
    def root(self) -> Path:
        """The folder of atlas.toml, to which its paths are relative."""
        return self._root

    @property
    def file(self) -> Path:
        """The file that it was read from."""
        return self._file

    @property
    def digest(self) -> str:
        """sha256 of all values, defaults included; independent of comments and the order of
        keys."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def find(start: Path | None = None) -> Path:
    """The path of an atlas.toml: `start` or in `start` if given, else in the nearest folder upward
    from the working folder, else in ./site.

    Raises UsageError when there is none.
    """
    if start is not None:
        path = start if _there(start) else start / NAME
        if not _there(path):
            raise UsageError(
                f"{start}: no {NAME} here", f"Make one with `atlas init {shlex.quote(str(start))}`."
            )
        return path
    try:
        here = Path.cwd()
    except OSError as problem:
        raise UsageError(
            f"The working folder cannot be read ({problem.strerror})",
            f"Was it deleted? Change to another, or name the folder of {NAME}.",
        ) from problem
    for folder in (here, *here.parents, here / "site"):
        if _there(folder / NAME):
            return folder / NAME
    raise UsageError(
        f"No {NAME} in this folder, above it, or in ./site", "Make one with `atlas init`."
    )


def _there(path: Path) -> bool:
    """Whether there is a file; of a path that no system takes, there is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def load(path: Path, kind: type[Config] = Config) -> Config:
    """Read atlas.toml as a `kind` of Config. Raises ConfigError with all its faults."""
    raw = _read(path)
    problems: list[str] = []
    config = None
    try:
        config = kind.model_validate(raw, context={"languages": beside(path.absolute().parent)})
    except ValidationError as problem:
        problems = faults.lines(problem, kind)
    except RecursionError as problem:
        raise _too_deep(path) from problem
    problems += _cross_checks(raw, kind)
    problems += faults.unprintable(raw)
    if problems or config is None:
        raise ConfigError(
            f"{path}: {len(problems)} problem{'' if len(problems) == 1 else 's'}",
            "Nothing was written.",
            problems,
            _lines(path, problems),
        )
    config._root, config._file = _root(path), path
    return _placed(config)


def placed(config: Config, problems: Sequence[str]) -> list[str]:
    """Faults of keys, each with the file and its line."""
    rows = zip(_lines(config.file, problems), problems, strict=False)
    return [f"{config.file.name}, line {line}: {told}" for line, told in sorted(rows)]


def _lines(path: Path, problems: Sequence[str]) -> list[int]:
    """The line of each problem; 0 where it is not found."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return [0] * len(problems)
    return [line_of(text, problem.partition(": ")[0]) for problem in problems]


def _placed(config: Config) -> Config:
    """The config with the address that the host which builds it names, unless it has its own."""
    told = hosts.address(os.environ)
    if config.site.base_url or not told:
        return config
    try:
        address = Site(base_url=told).base_url
    except ValidationError as problem:
        raise ConfigError(
            f"The environment names an address of the site, {told!r}, which is none",
            "Write the site's own as `base_url` into atlas.toml.",
        ) from problem
    site = config.site.model_copy(update={"base_url": address})
    return config.model_copy(update={"site": site})


def _root(path: Path) -> Path:
    """The full path of the folder of a file. Raises ConfigError for one that libraries, which read
    and write files in it, cannot be told."""
    try:
        root = path.resolve().parent
        str(root).encode()
    except UnicodeEncodeError as problem:
        raise ConfigError(
            f"{root}: the name of this folder is not UTF-8, which libraries need",
            "Rename it; if it is UTF-8, set PYTHONUTF8=1 or a locale such as LC_ALL=C.UTF-8.",
        ) from problem
    except (OSError, RuntimeError) as problem:  # a deleted working folder; links in a circle
        raise ConfigError(
            f"{path}: cannot be found ({problem})", "Give its full path."
        ) from problem
    return root


def _read(path: Path) -> dict[str, Any]:
    """The tables of a TOML file, unchecked. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as problem:
        raise ConfigError(f"{path}: not found", "Make one with `atlas init`.") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"{path}: cannot be read ({problem})", "It must be a UTF-8 text file."
        ) from problem
    except tomllib.TOMLDecodeError as problem:
        hint = "See https://toml.io for the syntax."
        raise ConfigError(f"{path}: not valid TOML", hint, [faults.syntax(problem)]) from problem
    except ValueError as problem:  # a number of more digits than Python reads
        hint = "A number in it has too many digits."
        raise ConfigError(f"{path}: cannot be read ({problem})", hint) from problem
    except RecursionError as problem:
        raise _too_deep(path) from problem


def _too_deep(path: Path) -> ConfigError:
    return ConfigError(f"{path}: lists or tables too deep in one another", "Nothing was written.")


def _cross_checks(raw: Mapping[str, Any], kind: type[Config]) -> Iterator[str]:
    """The faults that the `cross_check` of each table's class finds."""
    names = Names()
    fields = kind.model_fields
    for key, field in sorted(fields.items(), key=lambda row: row[0] == "site"):  # it names maps
        part = faults.table_of(field.annotation)
        if part is not None and issubclass(part, Part):
            yield from part.cross_check(tables(raw, key), names)
    yield from redirects.faults(raw.get("redirects"))


def schema() -> dict[str, Any]:
    """JSON Schema of atlas.toml, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
