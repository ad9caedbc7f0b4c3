"""Runs the tasks that the store lacks, and writes atlas data from the store."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.atlas_toml import Config
from atlas.engine import executors
from atlas.engine import run as engine
from atlas.engine.dask import Need
from atlas.engine.task import missing, order
from atlas.errors import AtlasError, UsageError
from atlas.pipeline.ahead import ahead
from atlas.pipeline.memory import Digests, Memory
from atlas.pipeline.options import Options, Summary
from atlas.pipeline.places import Places
from atlas.pipeline.plan import Plan, plan

if TYPE_CHECKING:
    from atlas.engine.executors import Workers
    from atlas.engine.run import Outcome, Report
    from atlas.engine.store import Store
    from atlas.engine.task import Task
    from atlas.section import Target

_NEEDED = {  # by module, the library
    "torch": "torch",
    "sklearn": "scikit-learn",
    "openTSNE": "openTSNE",
    "regex": "regex",
    "fugashi": "fugashi",
}


def compute(
    config: Config,
    options: Options,
    places: Places,
    report: Report,
    warn: Callable[[str], None],
    summary: Summary,
    check: Callable[[], None] = lambda: None,
) -> list[str]:
    """Run the tasks that the store lacks and write the atlas data that are not current. Returns the
    ids of the maps that could be made. `check` is called if there is something to run, before it
    runs.

    Raises the error of the first stage that failed if a target that is not optional needs it,
    UsageError for an executor or a stage to refresh that does not exist, and what `check` raises.
    """
    executors.check(options.executor)
    if options.verify:
        places.digests.unlink(missing_ok=True)  # of the models' files, which are read again
    try:
        planned = plan(config, options, warn)
    except AtlasError:
        check()  # what it finds is told first
        raise
    if options.verify:
        _drop_damaged(planned, places.store, warn)
    with ahead(config) as idle:
        outcome = _run(planned, options, places, report, check, idle)
    summary.computed, summary.cached = len(outcome.done), len(outcome.cached)
    kept = _kept(planned, outcome, warn)
    _write(kept, outcome, places, Digests(places.files, again=options.verify))
    ids = {target.id for target in kept}
    return [target.id for target in planned.maps if target.id in ids]


def _write(targets: list[Target], outcome: Outcome, places: Places, seen: Digests) -> None:
    """Write the files of the targets that are not there as they were written."""
    known = Memory(places.root / ".atlas" / "data.json")
    for target in targets:
        new = any(task in outcome.done for task in target.tasks())
        if new or not _as_written(target, places.data, known, seen):
            target.write(places.data, places.store)
    known.keep(
        {name: text for target in targets for name, text in _told(target, places.data, seen)}
    )
    seen.keep()


def _as_written(target: Target, folder: Path, known: Memory, seen: Digests) -> bool:
    """Whether a target's files are there as they were written from the store; where nobody
    remembers that, whether they have its recipe and can be read."""
    try:
        told = dict(_told(target, folder, seen))
    except OSError:
        return False
    if all(known.get(name) == text for name, text in told.items()):
        return True
    if not target.current(folder):
        return False
    if all(known.get(name) for name in target.files):
        return all(known.get(name) == told[name] for name in target.files)
    return target.sound(folder)


def _told(target: Target, folder: Path, seen: Digests) -> Iterator[tuple[str, str]]:
    """What is remembered of a target: the digests of its files by name, and its recipe. Raises
    OSError."""
    for name in target.files:
        yield name, seen.of(folder / name)
    yield f"recipe of {' '.join(target.files)}", target.recipe


def _drop_damaged(planned: Plan, store: Store, warn: Callable[[str], None]) -> None:
    """Take what is damaged out of the store, so that what is needed of it is computed anew."""
    records = {task.key: task.of.record.__name__ for task in planned.tasks()}
    for key in list(store.keys()):
        problems = store.verify(key)
        if not problems and key in records and store.manifest(key)["record"] != records[key]:
            problems = [f"{store.path(key)}: holds no {records[key]}"]
        if problems:
            warn(f"{problems[0]}. It is computed anew where it is needed.")
            store.delete(key)


def _run(
    planned: Plan,
    options: Options,
    places: Places,
    report: Report,
    check: Callable[[], None],
    idle: Callable[[], None],
) -> Outcome:
    """Run the tasks that the store lacks."""
    store = places.store
    tasks = order(planned.tasks())
    _check_refresh(options.refresh, {task.stage for task in tasks})
    lacking = missing(tasks, store, options.refresh)
    if not lacking:
        return engine.Outcome({}, tasks, {}, ())
    return engine.run(
        tasks,
        store,
        _pool(lacking, options, store, check),
        report=report,
        device=options.device,
        refresh=options.refresh,
        idle=idle,
    )


@contextmanager
def _pool(
    lacking: Sequence[Task], options: Options, store: Store, check: Callable[[], None]
) -> Iterator[Workers]:
    """Where tasks run, once `check` was called: while processes start. What that finds is told
    before what they lack."""
    jobs, cores = workers(options)
    needs = {
        Need(task.stage, options.device if task.of.gpu else "cpu", task.of.memory)
        for task in lacking
    }
    loads = next((task.of.loads for task in lacking if task.of.loads), "")
    with ExitStack() as entered:
        try:
            _need_models()
            pool = executors.open_executor(options.executor, jobs, cores, store.root, needs, loads)
            opened = entered.enter_context(pool)
        except AtlasError:
            check()
            raise
        check()
        yield opened


def _kept(planned: Plan, outcome: Outcome, warn: Callable[[str], None]) -> list[Target]:
    """The targets without failed tasks. Raises the first failure when a target that is not optional
    cannot be made."""
    lost = {task.key for task in (*outcome.failed, *outcome.skipped)}
    kept: list[Target] = []
    broken = False
    for target in planned.targets:
        left = target.without(lost)
        if left is not None:
            kept.append(left)
        elif target.optional:
            warn(f"{target.title} is left out: a stage failed")
        else:
            broken = True
    if broken:
        raise next(iter(outcome.failed.values()))
    return kept


def workers(options: Options) -> tuple[int, int]:
    """The number of worker processes, one a core at most, and of the cores that they share. No
    result depends on either."""
    cores = executors.cores()
    return min(options.jobs or 4, cores), cores


def _need_models() -> None:
    """Raise AtlasError naming the libraries that computing needs and that are not installed."""

    def importable(module: str) -> bool:
        try:
            return importlib.util.find_spec(module) is not None
        except (ImportError, ValueError):  # such as a module that is None in sys.modules
            return False

    if lacking := [name for module, name in _NEEDED.items() if not importable(module)]:
        raise AtlasError(
            f"Computing needs libraries that are not installed: {', '.join(lacking)}",
            "pip install 'atlas-embeddings[models]', or render atlas data that is there with "
            "--frozen.",
        )


def _check_refresh(names: tuple[str, ...], stages: set[str]) -> None:
    if unknown := [name for name in names if name not in stages | {"all"}]:
        raise UsageError(
            f"--refresh {unknown[0]}: no such stage",
            f"There are: all, {', '.join(sorted(stages))}.",
        )
