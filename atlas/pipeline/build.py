"""`build()` is the function to read first: plan, compute, gather, render, swap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.atlas_toml import Config
from atlas.engine import executors
from atlas.engine.store import Store
from atlas.errors import AtlasError, DataError, ModelError, UsageError
from atlas.findings.inputs_embeds.config import FRAMEWORKS, installed
from atlas.models.checkpoint import Checkpoint, resolve
from atlas.models.lock import Lock
from atlas.pipeline.options import Options, Summary
from atlas.pipeline.places import Places

if TYPE_CHECKING:
    from atlas.engine.run import Report
    from atlas.maps.plan import MapPlan
    from atlas.pipeline.plan import Plan


_HEAVY = 5.0  # the weight, about seconds, from which a projection counts as heavy


def build(
    config: Config, options: Options, report: Report, warn: Callable[[str], None] = lambda _: None
) -> Summary:
    """Compute what is missing, write atlas data, render the site beside the old one and swap it in.

    Raises AtlasError when a map that is not optional fails; the site is then left as it was. With
    `strict`, warnings fail too.
    """
    begin = time.perf_counter()
    places = Places.of(config, options.output)
    summary = Summary(places.output)

    def told(message: str) -> None:
        summary.warnings.append(message)
        warn(message)

    with _one_at_a_time(places.root):
        if options.frozen:
            maps = _frozen(config, options, places, told)
        else:
            maps = _compute(config, options, places, report, told, summary)
            _say_what_is_not_run(config, options, warn)
        summary.maps = len(maps)
        if options.strict and summary.warnings:
            raise AtlasError(
                f"{len(summary.warnings)} warning(s), and --strict is on",
                "The site was left as it was.",
            )
        if not maps:
            raise AtlasError(
                "There is no map to show", "Every model is optional and none could be reached."
            )
        from atlas.pipeline.publish import publish

        summary.pages, summary.written = publish(
            config, tuple(maps), places.data, places.output, told
        )
    summary.seconds = time.perf_counter() - begin
    return summary


def _say_what_is_not_run(config: Config, options: Options, warn: Callable[[str], None]) -> None:
    """Tell of frameworks that are not there. The write-up says so, too, and nothing is wrong with
    it: --strict does not mind."""
    if (
        config.pitfall
        and not options.only
        and (absent := [name for name in FRAMEWORKS if name not in installed()])
    ):
        hint = (
            "pip install 'atlas-embeddings[tensorflow]' brings it, and keeps transformers below 5."
        )
        warn(f"the write-up has no column of {', '.join(absent)}, which is not installed. {hint}")


def plan(config: Config, options: Options, warn: Callable[[str], None]) -> Plan:
    """The plan of a build: resolves every model, keeps the commits in atlas.lock. Raises
    ModelError."""
    from atlas.pipeline.plan import make

    places = Places.of(config, options.output)
    return make(config, checkpoints(config, options, places, warn), options.only, installed())


def checkpoints(
    config: Config, options: Options, places: Places, warn: Callable[[str], None]
) -> dict[str, Checkpoint]:
    """The models that can be had, by id; one that is optional and cannot be reached is a
    warning."""
    lock = Lock(places.lock)
    found = {}
    for model in config.models:
        if options.only and not set(options.only) & {
            model.id,
            *(entry.id(model) for entry in model.maps),
        }:
            continue
        try:
            found[model.id] = resolve(
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
    return found


def _compute(
    config: Config,
    options: Options,
    places: Places,
    report: Report,
    warn: Callable[[str], None],
    summary: Summary,
) -> list[str]:
    from atlas.engine import run as running
    from atlas.engine.task import missing as missing_of
    from atlas.engine.task import order
    from atlas.findings import finding as findings
    from atlas.maps import data as dataset

    executors.check(options.executor)
    made = plan(config, options, warn)
    tasks = order(made.tasks())
    _check_refresh(options.refresh, {task.stage for task in tasks})
    store = places.store
    missing = missing_of(tasks, store, options.refresh)
    jobs, threads = workers(
        options, sum(task.stage == "project" and task.weight >= _HEAVY for task in missing)
    )
    pool = executors.open_executor(options.executor, jobs, threads, store.root)
    stale = {
        entry.id for entry in made.maps if dataset.recipe(places.data, entry.id) != entry.recipe
    }
    optional = {entry.id for entry in made.maps if entry.model.optional}
    maps = [entry.id for entry in made.maps]
    kept, fresh = list(made.findings), set[str]()
    if missing:
        _need_models()
        outcome = running.run(
            tasks, store, pool, report=report, device=options.device, refresh=options.refresh
        )
        summary.computed, summary.cached = len(outcome.done), len(outcome.cached)
        lost = {task.key for task in (*outcome.failed, *outcome.skipped)}
        for entry in made.maps:
            if any(task.key in lost for task in entry.tasks()):
                maps.remove(entry.id)
                if entry.id in optional:
                    warn(f"{entry.id} is left out: a stage failed")
        broken = set(maps) | optional != {entry.id for entry in made.maps}
        kept = []
        for one in made.findings:
            if left := one.without(lost):
                kept.append(left)
            elif one.optional:
                warn(f"{one.title} is left out: a stage failed")
            else:
                broken = True
        if outcome.failed and broken:
            first = next(iter(outcome.failed.values()))
            raise first
        if {task.stage for task in outcome.done}:
            stale |= {
                entry.id
                for entry in made.maps
                if any(task in outcome.done for task in entry.tasks())
            }
            fresh = {one.file for one in kept if any(task in outcome.done for task in one.tasks())}
    else:
        summary.cached = len(tasks)
    for entry in made.maps:
        if entry.id in maps and entry.id in stale:
            _write(entry, store, places.data)
    for one in kept:
        if one.file in fresh or findings.recipe(places.data, one.file) != one.recipe:
            findings.write(places.data, one.file, one.gather(store))
    return maps


def _write(entry: MapPlan, store: Store, folder: Path) -> None:
    from atlas.maps import data as dataset
    from atlas.maps.gather import gather

    dataset.write(folder, gather(entry, store))


def workers(options: Options, heavy: int) -> tuple[int, int]:
    """Worker processes, and threads of each, for so many heavy projections.

    A single heavy projection gets every core, since what runs beside it is short; several share the
    cores. No result depends on the number of threads.
    """
    cores = executors.cores()
    jobs = options.jobs or (1 if options.device != "cpu" else min(cores, 4))
    return jobs, cores if heavy <= 1 else max(cores // jobs, 1)


def _need_models() -> None:
    import importlib.util

    def there(module: str) -> bool:
        try:
            return importlib.util.find_spec(module) is not None
        except (ImportError, ValueError):  # something keeps it from being imported
            return False

    needed = {
        "torch": "torch",
        "sklearn": "scikit-learn",
        "openTSNE": "openTSNE",
        "regex": "regex",
        "fugashi": "fugashi",
    }
    if lacking := [name for module, name in needed.items() if not there(module)]:
        hint = "pip install 'atlas-embeddings[models]', or render atlas data that is there with --frozen."
        raise AtlasError(
            f"Computing needs libraries that are not installed: {', '.join(lacking)}", hint
        )


def _check_refresh(names: tuple[str, ...], stages: set[str]) -> None:
    if unknown := [name for name in names if name not in stages | {"all"}]:
        raise UsageError(
            f"--refresh {unknown[0]}: no such stage",
            f"There are: all, {', '.join(sorted(stages))}.",
        )


def _frozen(
    config: Config, options: Options, places: Places, warn: Callable[[str], None]
) -> list[str]:
    """The maps whose atlas data are there. Raises DataError for one that is missing and not
    optional, or another file that the site needs."""
    from atlas.findings import finding as findings
    from atlas.maps import data as dataset
    from atlas.pipeline.publish import files

    wanted = set(options.only)
    known = {
        name
        for model in config.models
        for name in (model.id, *(entry.id(model) for entry in model.maps))
    }
    if unknown := sorted(wanted - known):
        raise UsageError(
            f"--only {unknown[0]}: no such model or map", f"There are: {', '.join(sorted(known))}."
        )
    maps = []
    for model in config.models:
        for entry in model.maps:
            map_id = entry.id(model)
            if wanted and not wanted & {model.id, map_id}:
                continue
            if dataset.recipe(places.data, map_id) is not None:
                maps.append(map_id)
            elif not model.optional:
                parquet, _ = dataset.paths(places.data, map_id)
                hint = "Run `atlas build` without --frozen, or copy the data there."
                raise DataError(f"{parquet}: no atlas data for the map {map_id}", hint)
    optional = {model.id for model in config.models if model.optional}
    for name, what, models in files(config, maps):
        if findings.recipe(places.data, name) is None and not wanted and not models & optional:
            hint = f"Run `atlas build` without --frozen, copy it there, or take {what} out of atlas.toml."
            raise DataError(f"{places.data / name}: missing", hint)
    return maps


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the atlas while its data and site are written, so that two builds do not mix. A killed
    build lets go by itself."""
    folder = root / ".atlas"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "build.lock").open("w") as file:
            try:
                import fcntl
            except ImportError:  # Windows: the swap of the site is still whole, only two builds at once may repeat work
                yield
                return
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except PermissionError as problem:
        raise AtlasError(
            f"{folder}: cannot be written ({problem.strerror})",
            "Check the permissions of the folder.",
        ) from problem
