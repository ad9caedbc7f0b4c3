"""The tasks that make one map."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from atlas.engine.stage import AnyStage
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.errors import DataError
from atlas.maps import data
from atlas.maps.cldr import FIRST, cldr
from atlas.maps.config import Map, Model
from atlas.maps.frame import ASPECT
from atlas.maps.gather import gather
from atlas.maps.landmarks import Claim, Landmark
from atlas.maps.projections import RANDOM, Projection, named
from atlas.maps.stages.arrange import arrange, arrange_axes
from atlas.maps.stages.cluster import cluster
from atlas.maps.stages.foremost import foremost
from atlas.maps.stages.label import label
from atlas.maps.stages.landmarks import landmarks as landmarks_stage
from atlas.maps.stages.lexicon import lexicon
from atlas.maps.stages.measure import measure
from atlas.maps.stages.neighbors import neighbors
from atlas.maps.stages.project import project
from atlas.maps.stages.titles import cluster_titles
from atlas.maps.tasks import MapTasks
from atlas.maps.wording import Wording, wording
from atlas.models.checkpoint import Checkpoint
from atlas.section import recorded
from atlas.spaces.plan import Source, SpacePlan, Wanted, plan_space, plan_table, read_words

# Neighbors compared by the measures of faithfulness; the figures in the field are at 15.
TRUST_K = 15


@dataclass(frozen=True)
class MapTarget(MapTasks):
    """A map as a target of a build."""

    @property
    def title(self) -> str:
        """What people call it in a message."""
        return self.id

    @property
    def optional(self) -> bool:
        """Whether the site is made without it when a task fails."""
        return self.model.optional

    def without(self, lost: Collection[str]) -> MapTarget | None:
        """The map, without suspicion where that failed; None when another of its tasks is among
        those lost."""
        known = self.suspicion and self.suspicion.key not in lost
        left = self if known or not self.suspicion else replace(self, suspicion=None)
        return None if any(task.key in lost for task in left.tasks()) else left

    @property
    def files(self) -> tuple[str, ...]:
        """The table and the facts."""
        return tuple(path.name for path in data.paths(Path(), self.id))

    def current(self, folder: Path) -> bool:
        """Whether its files in the data folder say that they follow from its recipe."""
        table, facts = data.paths(folder, self.id)
        return table.exists() and recorded(facts) == self.recipe

    def sound(self, folder: Path) -> bool:
        """Whether its files can be read, and agree with each other and the schema."""
        try:
            data.read(folder, self.id)
        except DataError:
            return False
        return True

    def write(self, folder: Path, store: Store) -> None:
        """Write its files. Raises StoreError for a damaged artifact, DataError for the folder."""
        data.write(folder, gather(self, store))


def plan_map(
    root: Path,
    model: Model,
    entry: Map,
    checkpoint: Checkpoint,
    landmarks: Sequence[Landmark] = (),
    claims: Sequence[Claim] = (),
    said: Wording | None = None,
) -> MapTarget:
    """The tasks of one map; of the landmarks and claims those that are meant for its model are
    measured. Paths are relative to `root`, titles of clusters as `said`, in English when left out.

    Raises DataError for a corpus or a file of words that cannot be read, ConfigError for a landmark
    that CLDR does not have in the model's language.
    """
    source = Source(model.id, model.language, checkpoint)
    wanted = Wanted(
        entry.id(model),
        entry.space,
        entry.layer,
        entry.corpus,
        read_words(root / entry.words) if entry.words else None,
        entry.selection,
        entry.tensor,
    )
    space = plan_space(root, source, wanted)
    sets, meant = _meant(model, landmarks, claims)
    terms = _terms(model, space.vocabulary, sets, meant) if sets or meant else None
    said = said or wording(root, ("en",))
    naming = _Naming(
        (terms,) if terms else (),
        model.language,
        said,
    )
    plan = _drawn(model, entry, checkpoint, space, naming)
    if entry.words is None and entry.tensor is None:
        plan = replace(plan, suspicion=plan_table(source)[-1])
    return _pinned(plan, terms, sets, meant) if terms else plan


class _Naming(NamedTuple):
    """What titles of clusters are made of: the task of the map's lexicon, if it has one, the
    model's language, and the words for properties."""

    lexicon: tuple[Task, ...]
    language: str
    wording: Wording


def _drawn(
    model: Model, entry: Map, checkpoint: Checkpoint, space: SpacePlan, naming: _Naming
) -> MapTarget:
    """The tasks of a map that lay out, cluster, label and measure its space."""
    map_id = entry.id(model)
    selected = (space.vectors, space.selection)
    task = partial(_task, map_id)
    near = task(neighbors, selected, k=entry.neighbors, exact=entry.exact)
    # PCA is measured on every map, and so is what chance gives.
    names = dict.fromkeys((*entry.projections, RANDOM.name, "pca"))
    drawn = {name: _layout(entry, map_id, named(name), (*selected, near)) for name in names}
    # The random layout is what chance gives, as it is.
    layouts = {
        name: layout
        if name == RANDOM.name
        else task(
            arrange if named(name).turned else arrange_axes,
            (near, layout),
            f"arrange {name}",
            aspect=ASPECT,
        )
        for name, layout in drawn.items()
    }
    shown = {name: layouts[name] for name in entry.projections}
    faithfulness = task(measure, (*selected, near, *layouts.values()), k=TRUST_K, seed=entry.seed)
    # Clusters are found on the layout as it was drawn: on one of even density they are less pure.
    first = entry.first or (entry.projections[0] if len(entry.projections) == 1 else None)
    main = (
        drawn[first]
        if first
        else task(foremost, (faithfulness, *(drawn[name] for name in entry.projections)))
    )
    groups = task(
        cluster,
        (*selected, main, space.vocabulary, near),
        coarse=entry.clusters.coarse,
        fine=entry.clusters.fine,
    )
    words = (space.vocabulary, space.selection)
    titles = task(
        cluster_titles,
        (groups, *words, *naming.lexicon),
        language=naming.language,
        wording=naming.wording,
    )
    return MapTarget(
        id=map_id,
        model=model,
        map=entry,
        checkpoint=checkpoint,
        card=space.card,
        vocabulary=space.vocabulary,
        annotations=space.annotations,
        vectors=space.vectors,
        selection=space.selection,
        neighbors=near,
        drawn=drawn,
        main=main,
        layouts=layouts,
        clusters=groups,
        titles=titles,
        labels={
            name: task(label, (layout, groups, titles, *words), f"label {name}")
            for name, layout in shown.items()
        },
        faithfulness=faithfulness,
        asked=space.asked if entry.corpus else None,
    )


def _task(
    map_id: str, stage: AnyStage, inputs: tuple[Task, ...], what: str = "", **params: object
) -> Task:
    return Task(stage, params, inputs, label=f"{map_id}: {what or stage.name}")


def _layout(entry: Map, map_id: str, projection: Projection, inputs: tuple[Task, ...]) -> Task:
    """The task of a projection, with the options that the map's field of its name holds."""
    options = getattr(entry, projection.name, None)
    params = {} if options is None else options.model_dump()
    return Task(
        project,
        {"method": projection.name, "seed": entry.seed, **params},
        inputs,
        label=f"{map_id}: {projection.name}",
        cost=projection.weight,
    )


def _pinned(
    plan: MapTarget, terms: Task, sets: tuple[Landmark, ...], claims: tuple[Claim, ...]
) -> MapTarget:
    """A map with its landmarks and claims."""
    shown = {name: plan.layouts[name] for name in plan.map.projections}
    measured = Task(
        landmarks_stage,
        {
            "methods": list(shown),
            "seed": plan.map.seed,
            "claims": [
                claim.model_dump(include={"set", "near", "words"}, exclude_none=True, mode="json")
                for claim in claims
            ],
        },
        (
            terms,
            plan.vocabulary,
            plan.vectors,
            plan.selection,
            plan.neighbors,
            *shown.values(),
        ),
        label=f"{plan.id}: landmarks",
    )
    return replace(plan, lexicon=terms, landmarks=measured, sets=sets, claims=claims)


def _meant(
    model: Model, landmarks: Sequence[Landmark], claims: Sequence[Claim]
) -> tuple[tuple[Landmark, ...], tuple[Claim, ...]]:
    """The landmarks and claims that are meant for a model; a claim of a landmark that is not meant
    for it is not, either."""
    sets = tuple(row for row in landmarks if row.applies(model.id, model.language))
    names = {row.name for row in sets}
    return sets, tuple(
        claim
        for claim in claims
        if claim.applies(model.id, model.language) and {claim.set, claim.near} - {None} <= names
    )


def _terms(
    model: Model, vocabulary: Task, sets: tuple[Landmark, ...], claims: tuple[Claim, ...]
) -> Task:
    """The task that finds the words of landmarks and claims."""
    asked = [word for claim in claims for word in claim.words or ()]
    params = {
        "language": model.language,
        "words": list(dict.fromkeys(asked)),
        "sets": [
            {
                "name": row.name,
                "tokens": list(row.tokens),
                "cldr": list(cldr(row.cldr, model.language)) if row.cldr else [],
                "first": FIRST.get(row.cldr or ""),
                "without": list(row.without),
                "unidic": row.unidic,
                "pattern": row.pattern,
                "scripts": list(row.scripts) if row.scripts else None,
            }
            for row in sets
        ],
    }
    return Task(lexicon, params, (vocabulary,), label=f"{model.id}: lexicon")
