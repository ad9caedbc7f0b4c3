"""The state of every task of a build: cached or to run, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas.atlas_toml import Config
from atlas.errors import AtlasError
from atlas.pipeline.options import Options
from atlas.pipeline.places import Places
from atlas.pipeline.plan import plan


def status(config: Config, options: Options) -> list[dict[str, Any]]:
    """A row for each task. Raises UsageError, ModelError and DataError as the plan of a build."""
    from atlas.engine.task import order

    store = Places.of(config, options.output).store
    planned = plan(config, options, lambda _: None)
    users: dict[str, list[str]] = {}
    for target in planned.maps:
        for task in target.tasks():
            users.setdefault(task.key, []).append(target.id)
    old: dict[str, list[dict[str, Any]]] = {}
    for key in sorted(store.keys()):
        try:
            recipe = store.manifest(key)["recipe"]
            old.setdefault(recipe["stage"], []).append(recipe)
        except (AtlasError, KeyError):
            continue
    rows = []
    for task in order(planned.tasks()):
        cached = store.has(task.key)
        rows.append(
            {
                "task": task.label,
                "stage": task.stage,
                "maps": sorted(set(users.get(task.key, ()))),
                "key": task.key,
                "state": "cached" if cached else "to run",
                "why": "" if cached else _why(task.recipe, old.get(task.stage, [])),
                "seconds": store.manifest(task.key).get("seconds") if cached else None,
            }
        )
    return rows


def _why(recipe: Mapping[str, Any], old: list[dict[str, Any]]) -> str:
    """The difference from the most similar recipe among the old ones of the stage."""
    if not old:
        return "never run"
    differences = [
        [
            part
            for part in ("version", "params", "source", "inputs")
            if other.get(part) != recipe[part]
        ]
        for other in old
    ]
    least = min(differences, key=len)
    words = {
        "version": "the stage changed",
        "params": "parameters changed",
        "source": "another model",
        "inputs": "its inputs changed",
    }
    return ", ".join(words[part] for part in least) or "its result is damaged"
