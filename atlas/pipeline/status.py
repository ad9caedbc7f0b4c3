"""What a build would do: a row a task, cached or to run, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas.atlas_toml import Config
from atlas.errors import AtlasError
from atlas.pipeline.options import Options
from atlas.pipeline.places import Places
from atlas.pipeline.plan import plan


def status(config: Config, options: Options) -> list[dict[str, Any]]:
    """A row a task: what is cached, what would run and why."""
    from atlas.engine.task import order

    store = Places.of(config, options.output).store
    made = plan(config, options, lambda _: None)
    users: dict[str, list[str]] = {}
    for entry in made.maps:
        for task in entry.tasks():
            users.setdefault(task.key, []).append(entry.id)
    old: dict[str, list[dict[str, Any]]] = {}
    for key in sorted(store.keys()):
        try:
            recipe = store.manifest(key)["recipe"]
            old.setdefault(recipe["stage"], []).append(recipe)
        except (AtlasError, KeyError):
            continue
    rows = []
    for task in order(made.tasks()):
        there = store.has(task.key)
        rows.append(
            {
                "task": task.label,
                "stage": task.stage,
                "maps": sorted(set(users.get(task.key, ()))),
                "key": task.key,
                "state": "cached" if there else "to run",
                "why": "" if there else _why(task.recipe, old.get(task.stage, [])),
                "seconds": store.manifest(task.key).get("seconds") if there else None,
            }
        )
    return rows


def _why(recipe: Mapping[str, Any], old: list[dict[str, Any]]) -> str:
    """What differs from the most similar result there is."""
    if not old:
        return "never run"
    differences = [
        [
            part
            for part in ("version", "params", "source", "inputs")
            if one.get(part) != recipe[part]
        ]
        for one in old
    ]
    least = min(differences, key=len)
    words = {
        "version": "the stage changed",
        "params": "parameters changed",
        "source": "another model",
        "inputs": "its inputs changed",
    }
    return ", ".join(words[part] for part in least) or "its result is damaged"
