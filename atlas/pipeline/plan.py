"""The plan of a build: its targets and their tasks. Nothing is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.engine import clock
from atlas.engine.task import Task
from atlas.errors import ModelError, UsageError
from atlas.maps.plan import MapTarget
from atlas.models.checkpoint import Checkpoint, resolve
from atlas.models.lock import Lock
from atlas.pipeline.options import Options
from atlas.pipeline.places import Places
from atlas.pipeline.sections import SECTIONS, entries
from atlas.section import Ground, Target


@dataclass(frozen=True)
class Plan:
    """All targets of a build, in the order of SECTIONS. `version` is that of the atlas."""

    targets: tuple[Target, ...]
    version: str = __version__

    @property
    def maps(self) -> tuple[MapTarget, ...]:
        """The targets that are maps."""
        return tuple(target for target in self.targets if isinstance(target, MapTarget))

    def tasks(self) -> tuple[Task, ...]:
        """The tasks of all targets; a task that several need is repeated."""
        return tuple(task for target in self.targets for task in target.tasks())


def plan(config: Config, options: Options, warn: Callable[[str], None]) -> Plan:
    """The plan of a build. Resolves every model and keeps the commits in atlas.lock.

    Raises ModelError when a model that is not optional cannot be reached, AtlasError for a time of
    the build that is none, and the errors of `make`.
    """
    places = Places.of(config, options.output)
    clock.built()  # a time that is none is told before anything is computed
    return make(config, checkpoints(config, options, places, warn), options.only)


def make(config: Config, checkpoints: Mapping[str, Checkpoint], only: Iterable[str] = ()) -> Plan:
    """The plan for the models in `checkpoints`; `only`, unless empty, limits it to models and maps
    with these ids, and to the findings that need no others.

    Raises UsageError when `only` holds an unknown id, DataError when a file that atlas.toml names
    cannot be read.
    """
    check_only(config, only)
    ground = Ground(
        config.root,
        {model.id: model for model in config.models},
        checkpoints,
        config.landmarks,
        config.claims,
        frozenset(only),
        config.site.languages,
    )
    targets: list[Target] = []
    for section in SECTIONS:
        targets += list(section.targets(entries(config, section), ground, targets))
    return Plan(tuple(targets))


def check_only(config: Config, only: Iterable[str]) -> None:
    """Raise UsageError for an id of neither a model nor a map."""
    known = {
        name
        for model in config.models
        for name in (model.id, *(row.id(model) for row in model.maps))
    }
    if unknown := sorted(set(only) - known):
        hint = f"There are: {', '.join(sorted(known))}."
        raise UsageError(f"--only {unknown[0]}: no such model or map", hint)


def checkpoints(
    config: Config, options: Options, places: Places, warn: Callable[[str], None]
) -> dict[str, Checkpoint]:
    """The checkpoints of the models that can be reached, by id. Warns of optional models that
    cannot.

    Raises ModelError when a model that is not optional cannot be reached.
    """
    lock = Lock(places.lock)
    reached = {}
    for model in config.models:
        maps = {row.id(model) for row in model.maps}
        if options.only and not set(options.only) & {model.id, *maps}:
            continue
        try:
            reached[model.id] = resolve(
                model.source,
                places.root,
                revision=model.revision,
                lock=lock,
                offline=options.offline,
                digests=places.digests,
            )
        except ModelError as problem:
            if not model.optional:
                raise
            # With --offline, hub models that were never fetched are expected to be missing.
            if not (options.offline and model.source.startswith("hub:")):
                warn(f"{model.id} is left out: {problem.message}. {problem.hint}")
    lock.save()
    return reached
