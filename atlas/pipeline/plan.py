"""Config to plan: which tasks to run, and which map or finding each one feeds. Pure: no arrays, no
files written, nothing computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from atlas import __version__
from atlas.atlas_toml import Config
from atlas.engine.task import Task
from atlas.errors import UsageError
from atlas.findings.comparisons.plan import plan_comparison
from atlas.findings.inputs_embeds.config import FRAMEWORKS
from atlas.findings.inputs_embeds.plan import plan_writeup
from atlas.findings.senses.plan import plan_senses
from atlas.maps.plan import MapPlan, plan_map
from atlas.models.checkpoint import Checkpoint
from atlas.section import FindingPlan


@dataclass(frozen=True)
class Plan:
    """All maps of a build, and what else is measured. `version` is the atlas's own."""

    maps: tuple[MapPlan, ...]
    findings: tuple[FindingPlan, ...] = ()
    version: str = __version__

    def tasks(self) -> tuple[Task, ...]:
        every: tuple[MapPlan | FindingPlan, ...] = (*self.maps, *self.findings)
        return tuple(task for plan in every for task in plan.tasks())


def make(
    config: Config,
    checkpoints: Mapping[str, Checkpoint],
    only: Iterable[str] = (),
    frameworks: tuple[str, ...] = FRAMEWORKS[:1],
) -> Plan:
    """The plan for every map of the models in `checkpoints`; `only` keeps models and maps by id,
    and leaves the write-up and sense maps as they are. `frameworks` are those that are
    installed.

    Raises UsageError when `only` names something the config does not have, DataError when a corpus
    of sentences cannot be read.
    """
    wanted = set(only)
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
            if model.id in checkpoints and (not wanted or wanted & {model.id, entry.id(model)}):
                maps.append(
                    plan_map(
                        config.root,
                        model,
                        entry,
                        checkpoints[model.id],
                        config.landmarks,
                        config.claims,
                    )
                )
    by_id = {plan.id: plan for plan in maps}
    pairs = [one for one in config.compare if set(one.maps) <= set(by_id)]
    findings: list[FindingPlan] = [
        plan_comparison(one, by_id[one.maps[0]], by_id[one.maps[1]]) for one in pairs
    ]
    if config.pitfall and not wanted:
        findings.append(plan_writeup(config.models, config.pitfall, checkpoints, frameworks))
    if not wanted:
        models = {model.id: model for model in config.models}
        asked = [one for one in config.senses if one.model in checkpoints]
        findings += [
            plan_senses(one, models[one.model], checkpoints[one.model], config.root)
            for one in asked
        ]
    return Plan(tuple(maps), tuple(findings))
