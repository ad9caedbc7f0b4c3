"""Config to plan: which targets a build makes, and which tasks they take. Nothing is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from atlas import __version__
from atlas.atlas_toml import Config
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
    """All targets of a build, those of each section after those it may use. `version` is the
    atlas's own."""

    targets: tuple[Target, ...]
    version: str = __version__

    @property
    def maps(self) -> tuple[MapTarget, ...]:
        """The targets that are maps."""
        return tuple(target for target in self.targets if isinstance(target, MapTarget))

    def tasks(self) -> tuple[Task, ...]:
        """The tasks of all targets; what several need is there several times."""
        return tuple(task for target in self.targets for task in target.tasks())


def plan(config: Config, options: Options, warn: Callable[[str], None]) -> Plan:
    """The plan of a build: resolves every model, and keeps the commits in atlas.lock.

    Raises ModelError for a model that is not optional and cannot be had, and what `make` raises.
    """
    places = Places.of(config, options.output)
    return make(config, checkpoints(config, options, places, warn), options.only)


def make(config: Config, checkpoints: Mapping[str, Checkpoint], only: Iterable[str] = ()) -> Plan:
    """The plan for the models in `checkpoints`; `only` keeps models and maps by id, with what is
    made of them alone.

    Raises UsageError when `only` names something the config does not have, DataError for a file
    that atlas.toml names and that cannot be read.
    """
    check_only(config, only)
    ground = Ground(
        config.root,
        {model.id: model for model in config.models},
        checkpoints,
        config.landmarks,
        config.claims,
        frozenset(only),
    )
    targets: list[Target] = []
    for section in SECTIONS:
        targets += list(section.targets(entries(config, section), ground, targets))
    return Plan(tuple(targets))


def check_only(config: Config, only: Iterable[str]) -> None:
    """Raise UsageError for a name that is neither a model's nor a map's."""
    known = {
        name
        for model in config.models
        for name in (model.id, *(entry.id(model) for entry in model.maps))
    }
    if unknown := sorted(set(only) - known):
        hint = f"There are: {', '.join(sorted(known))}."
        raise UsageError(f"--only {unknown[0]}: no such model or map", hint)


def checkpoints(
    config: Config, options: Options, places: Places, warn: Callable[[str], None]
) -> dict[str, Checkpoint]:
    """The models that can be had, by id; one that is optional and cannot be reached is a warning.

    Raises ModelError for one that is not optional.
    """
    lock = Lock(places.lock)
    reached = {}
    for model in config.models:
        maps = {entry.id(model) for entry in model.maps}
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
            # With --offline nobody expects a hub model that was never fetched, so it is left out
            # without a word.
            if not (options.offline and model.source.startswith("hub:")):
                warn(f"{model.id} is left out: {problem.message}. {problem.hint}")
    lock.save()
    return reached
