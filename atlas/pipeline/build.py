"""`build()`, the function to read first: plan, compute, compose, swap."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.atlas_toml import NAME, Config
from atlas.engine.local import cores
from atlas.errors import AtlasError, ConfigError, DataError
from atlas.models import frameworks
from atlas.pipeline.options import Options, Summary, refuse
from atlas.pipeline.places import Places
from atlas.pipeline.sections import SECTIONS, entries
from atlas.web.alone import alone

if TYPE_CHECKING:
    from atlas.engine.run import Report


def build(
    config: Config,
    options: Options,
    report: Report,
    warn: Callable[[str], None] = lambda _: None,
    rendered: Callable[[int, int], None] = lambda _, __: None,
) -> Summary:
    """Compute what is missing, write atlas data, render the site beside the old one and swap it in.
    `rendered` is told how many pages of all are.

    Raises AtlasError when a map that is not optional fails, and with `strict` when there are
    warnings; the site is then left as it was.
    """
    begin = time.perf_counter()
    places = Places.of(config, options.output)
    summary = Summary(places.output)

    def record(message: str) -> None:
        summary.warnings.append(message)
        warn(message)

    check_files(config)

    def waits() -> None:
        warn(f"another build of {places.root} is running; this one waits for it")

    # Two builds must not mix data and sites.
    with alone(places.root, waits, places.root / ".atlas" / "build.lock"):
        if options.frozen:
            maps = _frozen(config, options, places)
        else:
            from atlas.pipeline.compute import compute

            check = partial(_check_own, config, drafts=options.drafts)
            maps = compute(config, options, places, report, record, summary, check)
            _warn_of_absent_frameworks(config, options, warn)
        summary.maps = len(maps)
        if options.strict:
            refuse(summary.warnings)
        if not maps:
            raise AtlasError(
                "There is no map to show", "Every model is optional and none could be reached."
            )
        from atlas.pipeline.publish import publish

        summary.pages, summary.written = publish(
            config,
            tuple(maps),
            places.data,
            places.output,
            record,
            verify=options.verify,
            strict=options.strict,
            drafts=options.drafts,
            jobs=min(options.jobs or cores(), cores()),
            rendered=rendered,
        )
    summary.seconds = time.perf_counter() - begin
    return summary


def _warn_of_absent_frameworks(
    config: Config, options: Options, warn: Callable[[str], None]
) -> None:
    """Warn of frameworks that are not installed. --strict does not count this warning: the write-up
    is complete without them and says so."""
    there = frameworks.installed()
    absent = [name for name in frameworks.FRAMEWORKS if name not in there]
    if config.pitfall and not options.only and absent:
        warn(
            f"the write-up has no column of {', '.join(absent)}, which is not installed. "
            "pip install 'atlas-embeddings[tensorflow]' brings it, and keeps transformers below 5."
        )


def _frozen(config: Config, options: Options, places: Places) -> list[str]:
    """Ids of the maps whose atlas data exist.

    Raises DataError when a file is missing that belongs to no optional model.
    """
    from atlas.pipeline.plan import check_only

    check_only(config, options.only)
    wanted = set(options.only)
    optional = {model.id for model in config.models if model.optional}
    maps = {
        row.id(model): model.id
        for model in config.models
        for row in model.maps
        if not wanted or wanted & {model.id, row.id(model)}
    }
    for section in SECTIONS:
        for expected in section.expected(entries(config, section), maps):
            path = expected.missing(places.data)
            if path is None:
                continue
            if not expected.models & optional and (expected.map_id or not wanted):
                raise DataError(
                    f"{path}: {_lack(path)}",
                    "Run `atlas build` without --frozen, copy it there, or take "
                    f"{expected.title} out of atlas.toml.",
                )
            maps.pop(expected.map_id, None)
    return list(maps)


def _lack(path: Path) -> str:
    """Why a file of atlas data is none."""
    try:
        path.read_bytes()
    except FileNotFoundError:
        return "missing"
    except OSError as problem:
        return f"cannot be read ({problem.strerror})"
    return "cannot be read as atlas data"


def _check_own(config: Config, *, drafts: bool) -> None:
    from atlas.pipeline.own import check

    check(config, drafts=drafts)


def check_files(config: Config) -> None:
    """Raise ConfigError where two things would have one file in the data folder."""
    models = {entry.id(model): model.id for model in config.models for entry in model.maps}
    owners: dict[str, str] = {}
    problems = []
    for section in SECTIONS:
        for expected in section.expected(entries(config, section), models):
            for name in expected.files:
                owner = owners.setdefault(name, expected.title)
                if owner != expected.title:
                    problems.append(f"{expected.title} and {owner} have one file, data/{name}")
    if problems:
        raise ConfigError(f"{config.root / NAME}: names collide", "Rename one of them.", problems)
