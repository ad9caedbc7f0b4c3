"""From the store to atlas data: the results of one map's tasks as a table and a JSON file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from atlas.config.fields import Text
from atlas.config.languages import LANGUAGES
from atlas.engine.clock import built
from atlas.engine.record import Record
from atlas.engine.run import Task
from atlas.engine.store import Store, libraries
from atlas.maps.data import SCHEMA_VERSION, Dataset, table
from atlas.maps.facts import (
    About,
    Claim,
    Cluster,
    Cohesion,
    CorpusFacts,
    Figures,
    Landmark,
    MapFacts,
    ModelFacts,
    Pair,
)
from atlas.maps.names import cluster_name
from atlas.maps.plan import MapPlan
from atlas.maps.records import NOISE, Clusters, Faithfulness, Labels, Landmarks, Layout, Neighbors
from atlas.numeric.types import Floats
from atlas.spaces.records import Annotations, Averages, Card, Selection, Vectors, Vocabulary

_NEAREST = 8  # clusters named as nearest to a cluster


R = TypeVar("R", bound=Record)


def gather(plan: MapPlan, store: Store) -> Dataset:
    """The atlas data of a map. Raises StoreError when one of its artifacts is damaged."""

    def read(task: Task, kind: type[R]) -> R:
        return cast(R, store.read(task.key))

    words, notes = read(plan.vocabulary, Vocabulary), read(plan.annotations, Annotations)
    ids = np.asarray(read(plan.selection, Selection).ids)
    near, groups = read(plan.neighbors, Neighbors), read(plan.clusters, Clusters)
    space = read(plan.vectors, Vectors)
    shown = plan.map.projections
    layouts: dict[str, Layout] = {name: read(plan.layouts[name], Layout) for name in shown}
    labels: dict[str, Labels] = {name: read(plan.labels[name], Labels) for name in shown}
    truth = {name: read(task, Faithfulness) for name, task in plan.faithfulness.items()}

    def of(column: Sequence[Any]) -> list[Any]:
        return [column[row] for row in ids]

    values: dict[str, Any] = {
        "token_id": ids,
        "token": of(words.tokens),
        "text": of(words.texts),
        "kind": of(words.kinds),
        "script": [name or None for name in of(words.scripts)],
        "pos": of(notes.pos),
        "reading": of(notes.readings),
        "cluster_coarse": groups.coarse,
        "cluster_fine": groups.fine,
        "neighbor_ids": ids[near.rows] if near.rows.size else near.rows,
        "neighbor_similarities": np.asarray(near.similarities),
    }
    for name in shown:
        xy = np.asarray(layouts[name].xy)
        values |= {f"x_{name}": xy[:, 0], f"y_{name}": xy[:, 1]}
        values |= {f"overlap_{name}": truth[name].overlap, f"label_{name}": labels[name].zooms}
    texts = values["text"]
    pinned = read(plan.landmarks, Landmarks) if plan.landmarks else None
    about = About(
        schema_version=SCHEMA_VERSION,
        recipe=plan.recipe,
        model=ModelFacts(
            id=plan.model.id,
            source=_told(plan.model.source),
            revision=plan.checkpoint.revision,
            digest=plan.checkpoint.identity,
            language=plan.model.language,
            facts=read(plan.card, Card).facts,
        ),
        map=MapFacts(
            id=plan.id,
            model=plan.model.id,
            name=plan.map.name,
            space=plan.map.space,
            selection=plan.map.selection.conditions(),
            tokens=len(ids),
            dimensions=space.values.shape[1],
            tensor=space.tensor,
            neighbors=near.rows.shape[1],
            seed=plan.map.seed,
            dictionary=notes.dictionary,
            projections={name: layout.parameters for name, layout in layouts.items()},
            clustered_on=shown[0],
            cluster_parameters=groups.parameters,
            layer=plan.map.layer,
            corpus=_corpus(plan, cast(Averages, space), np.asarray(read(plan.asked, Selection).ids))
            if plan.asked
            else None,
        ),
        faithfulness={name: Figures(**found.figures) for name, found in truth.items()},
        clusters=_clusters(groups, space.values[ids], ids, texts, labels),
        landmarks=_landmarks(plan, pinned, ids) if pinned else (),
        claims=_claims(plan, pinned) if pinned else (),
        libraries=libraries(),
        built=built(),
    )
    return Dataset(about, table(values, shown))


def _corpus(plan: MapPlan, space: Averages, asked: Any) -> CorpusFacts:
    """What the corpus held, and what of the selected tokens it did not."""
    least = plan.map.corpus.least if plan.map.corpus else 1
    counts = np.asarray(space.counts)[asked]
    return CorpusFacts(
        **space.figures,
        least=least,
        unseen=int((counts == 0).sum()),
        rare=int(((counts > 0) & (counts < least)).sum()),
    )


def _told(source: str) -> str:
    """A source as it is published: of a folder outside the atlas only the name, since the rest is
    about somebody's machine."""
    kind, _, place = source.partition(":")
    folder = Path(place)
    return (
        f"path:{folder.name}"
        if kind == "path" and (folder.is_absolute() or ".." in folder.parts)
        else source
    )


def _landmarks(plan: MapPlan, found: Landmarks, ids: Any) -> tuple[Landmark, ...]:
    return tuple(
        Landmark(
            name=one.name,
            title=_title(one.title),
            members=tuple(int(ids[row]) for row in measured["rows"]),
            outside=measured["outside"],
            missing=tuple(measured["missing"]),
            k=measured["k"],
            chance=measured["chance"],
            spaces={name: Cohesion(**some) for name, some in measured["spaces"].items()},
        )
        for one, measured in zip(plan.sets, found.sets, strict=True)
    )


def _claims(plan: MapPlan, found: Landmarks) -> tuple[Claim, ...]:
    told = []
    for one, measured in zip(plan.claims, found.claims, strict=True):
        pairs = tuple(Pair(**pair) for pair in measured.get("pairs", ()))
        known = measured.get("holds") is not None
        share = Cohesion(**measured) if known else None
        told.append(
            Claim(title=_title(one.title), set=one.set, near=one.near, measured=share, pairs=pairs)
        )
    return tuple(told)


def _title(title: Text | None) -> dict[str, str]:
    """A title by language; one text stands for every language."""
    if isinstance(title, dict):
        return {str(language): text for language, text in title.items()}
    return dict.fromkeys(LANGUAGES, title) if title else {}


def _clusters(
    groups: Clusters, values: Floats, ids: Any, texts: list[str], labels: dict[str, Labels]
) -> tuple[Cluster, ...]:
    nearest = {
        level: _nearest(np.asarray(getattr(groups, level)), values) for level in ("coarse", "fine")
    }
    slugs: set[str] = set()
    found = []
    for number, entry in enumerate(groups.entries):
        level, key = entry["level"], entry["key"]
        central = entry["central"]
        name = cluster_name([texts[row] for row in central])
        found.append(
            Cluster(
                level=level,
                key=key,
                name=name,
                slug=_slug(name, level, int(ids[central[0]]), slugs),
                size=entry["size"],
                central=tuple(int(ids[row]) for row in central),
                parent=entry["parent"],
                cohesion=entry["cohesion"],
                nearest=tuple(nearest[level][key]),
                anchors={
                    way: (float(a[number, 0]), float(a[number, 1]))
                    for way, a in _anchors(labels).items()
                },
                zooms={way: int(one.cluster_zooms[number]) for way, one in labels.items()},
            )
        )
    return tuple(found)


def _anchors(labels: dict[str, Labels]) -> dict[str, Floats]:
    return {way: np.round(one.anchors, 5) for way, one in labels.items()}


def _nearest(keys: Any, values: Floats) -> list[list[int]]:
    """For each cluster the keys of the clusters whose centroids are nearest by cosine, nearest
    first."""
    count = int(keys.max(initial=NOISE)) + 1
    if count < 1:
        return []
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, keys[keys >= 0], unit[keys >= 0])
    sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    similar = sums @ sums.T
    np.fill_diagonal(similar, -np.inf)
    order = np.argsort(-similar, axis=1, kind="stable")[:, : min(_NEAREST, count - 1)]
    return [[int(key) for key in row] for row in order]


def _slug(name: str, level: str, token: int, taken: set[str]) -> str:
    """A cluster's name in addresses: its Latin words if it has any, and the id of its most central
    token, which makes it distinct and stable while that token stays central."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain)[:3])[:40]
    slug = "-".join(
        part for part in (words, str(token), "region" if level == "coarse" else "") if part
    )
    number, unique = 2, slug
    while unique in taken:
        unique, number = f"{slug}-{number}", number + 1
    taken.add(unique)
    return unique
