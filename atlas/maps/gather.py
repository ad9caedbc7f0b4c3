"""From the store to atlas data: the results of one map's tasks as a table and a JSON file."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from atlas.config.fields import Text
from atlas.config.languages import LANGUAGES
from atlas.engine.clock import built
from atlas.engine.libraries import libraries
from atlas.engine.store import Store
from atlas.maps.data import NOBODY, SCHEMA_VERSION, Dataset, table
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
    Recall,
)
from atlas.maps.landmarks import Landmark as Landmarked
from atlas.maps.records import (
    Clusters,
    ClusterTitles,
    Faithfulness,
    Labels,
    Landmarks,
    Layout,
    Neighbors,
)
from atlas.maps.tasks import MapTasks
from atlas.numeric.density import NOISE
from atlas.numeric.types import Floats, Ints
from atlas.numeric.vectors import directed, lengths, unit
from atlas.spaces.records import Annotations, Averages, Card, Selection, Suspicion, Vocabulary

_NEAREST = 8  # clusters named as nearest to a cluster
DIGITS = 4  # of similarities in the table: what a page shows, and two more

T = TypeVar("T")


def gather(plan: MapTasks, store: Store) -> Dataset:
    """The atlas data of a map. Raises StoreError when one of its artifacts is damaged."""
    read = _Results(plan, store)
    about = About(
        schema_version=SCHEMA_VERSION,
        recipe=plan.recipe,
        model=ModelFacts(
            id=plan.model.id,
            source=_told(plan.model.source),
            revision=plan.checkpoint.revision,
            digest=plan.checkpoint.identity,
            language=plan.model.language,
            facts=store.read(plan.card.key, Card).facts,
        ),
        map=_map_facts(plan, read),
        faithfulness={
            name: Figures(**figures)
            for name, figures in zip(plan.layouts, read.faithfulness.figures, strict=True)
        },
        clusters=_clusters(read, _titles(read.titles, plan.sets)),
        landmarks=_landmarks(plan, read.pinned, read.ids) if read.pinned else (),
        claims=_claims(plan, read.pinned) if read.pinned else (),
        libraries=libraries(),
        built=built(),
    )
    return Dataset(about, table(_columns(read), read.shown))


class _Results:
    """The results of a map's tasks."""

    def __init__(self, plan: MapTasks, store: Store) -> None:
        self.words = store.read(plan.vocabulary.key, Vocabulary)
        self.notes = store.read(plan.annotations.key, Annotations)
        self.ids = np.asarray(store.read(plan.selection.key, Selection).ids)
        self.near = store.read(plan.neighbors.key, Neighbors)
        self.groups = store.read(plan.clusters.key, Clusters)
        self.titles = store.read(plan.titles.key, ClusterTitles)
        self.averages = store.read(plan.vectors.key, Averages) if plan.asked else None
        self.space = self.averages or plan.read_vectors(store)
        self.asked = np.asarray(store.read(plan.asked.key, Selection).ids) if plan.asked else None
        self.main: str = store.read(plan.main.key, Layout).parameters["method"]
        self.shown = (
            self.main,
            *(name for name in plan.map.projections if name != self.main),
        )
        self.layouts = {name: store.read(plan.layouts[name].key, Layout) for name in self.shown}
        self.labels = {name: store.read(plan.labels[name].key, Labels) for name in self.shown}
        self.faithfulness = store.read(plan.faithfulness.key, Faithfulness)
        self.overlaps = dict(zip(plan.layouts, self.faithfulness.overlap, strict=True))
        self.suspicion = store.read(plan.suspicion.key, Suspicion) if plan.suspicion else None
        self.pinned = store.read(plan.landmarks.key, Landmarks) if plan.landmarks else None
        self.texts = [self.words.texts[row] for row in self.ids]

    def spoken(self, row: int) -> str:
        """A token in Latin letters, Japanese ones by their reading; what has none is left as it
        is."""
        text: str = self.notes.readings[self.ids[row]] or self.texts[row]
        if text.isascii():
            return text
        from jaconv import kana2alphabet, kata2hira

        kana = kata2hira(unicodedata.normalize("NFKC", text)).replace("ー", "")
        return unicodedata.normalize("NFKD", kana2alphabet(kana))


def _columns(read: _Results) -> dict[str, Any]:
    """The columns of the table, by name."""

    def of(column: Sequence[T]) -> list[T]:
        return [column[row] for row in read.ids]

    near = read.near
    alone = ~directed(np.asarray(read.space.values), read.ids)
    neighbors = read.ids[near.rows] if near.rows.size else near.rows
    values: dict[str, Any] = {
        "token_id": read.ids,
        "token": of(read.words.tokens),
        "text": read.texts,
        "kind": of(read.words.kinds),
        "script": [name or None for name in of(read.words.scripts)],
        "pos": of(read.notes.pos),
        "reading": of(read.notes.readings),
        "norm": lengths(np.asarray(read.space.values), read.ids),
        "suspicion": _suspicion(read),
        "cluster_coarse": read.groups.coarse,
        "cluster_fine": read.groups.fine,
        "neighbor_ids": np.where(alone[:, None], NOBODY, neighbors),
        "neighbor_similarities": np.round(near.similarities, DIGITS),
    }
    for name, layout in read.layouts.items():
        xy = np.asarray(layout.xy)
        values |= {f"x_{name}": xy[:, 0], f"y_{name}": xy[:, 1]}
        values |= {
            f"overlap_{name}": read.overlaps[name],
            f"label_{name}": read.labels[name].zooms,
        }
    return values


def _suspicion(read: _Results) -> list[float | None]:
    """How untrained the row of each token looks; None where nothing tells."""
    if read.suspicion is None:
        return [None] * len(read.ids)
    scores = np.asarray(read.suspicion.scores)[read.ids].tolist()
    return [None if math.isnan(score) else score for score in scores]


def _map_facts(plan: MapTasks, read: _Results) -> MapFacts:
    return MapFacts(
        id=plan.id,
        model=plan.model.id,
        name=plan.map.name,
        space=plan.map.space,
        selection=plan.map.selection.conditions(),
        tokens=len(read.ids),
        dimensions=read.space.values.shape[1],
        tensor=read.space.tensor,
        neighbors=read.near.rows.shape[1],
        seed=plan.map.seed,
        dictionary=read.notes.dictionary,
        projections={name: layout.parameters for name, layout in read.layouts.items()},
        clustered_on=read.main,
        cluster_parameters=read.groups.parameters,
        layer=plan.map.layer,
        recall=Recall(**read.near.recall) if read.near.recall else None,
        corpus=_corpus(plan, read.averages, read.asked)
        if read.averages and read.asked is not None
        else None,
    )


def _corpus(plan: MapTasks, space: Averages, asked: Ints) -> CorpusFacts:
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
        f"{kind}:{folder.name}"
        if kind in ("path", "vectors") and (folder.is_absolute() or ".." in folder.parts)
        else source
    )


def _landmarks(plan: MapTasks, pinned: Landmarks, ids: Ints) -> tuple[Landmark, ...]:
    return tuple(
        Landmark(
            name=landmark.name,
            title=_title(landmark.title),
            members=tuple(int(ids[row]) for row in measured["rows"]),
            outside=measured["outside"],
            missing=tuple(measured["missing"]),
            k=measured["k"],
            chance=measured["chance"],
            spaces={name: Cohesion(**figures) for name, figures in measured["spaces"].items()},
        )
        for landmark, measured in zip(plan.sets, pinned.sets, strict=True)
    )


def _claims(plan: MapTasks, pinned: Landmarks) -> tuple[Claim, ...]:
    told = []
    for claim, measured in zip(plan.claims, pinned.claims, strict=True):
        pairs = tuple(Pair(**pair) for pair in measured.get("pairs", ()))
        known = measured.get("holds") is not None
        share = Cohesion(**measured) if known else None
        told.append(
            Claim(
                title=_title(claim.title),
                set=claim.set,
                near=claim.near,
                measured=share,
                pairs=pairs,
            )
        )
    return tuple(told)


def _title(title: Text | None) -> dict[str, str]:
    """A title by language; one text stands for every language."""
    if isinstance(title, dict):
        return {str(language): text for language, text in title.items()}
    return dict.fromkeys(LANGUAGES, title) if title else {}


def _titles(found: ClusterTitles, sets: Sequence[Landmarked]) -> list[dict[str, str]]:
    """What clusters go by, by language; empty for those that their tokens name. A landmark's title
    that others have, too, names none."""
    known = {row.name: _title(row.title) or {"en": row.name} for row in sets}
    titles = [
        known.get(name, title) for title, name in zip(found.titles, found.landmarks, strict=True)
    ]
    counts = Counter(pair for title in titles for pair in title.items())
    return [
        {} if name and any(counts[pair] > 1 for pair in title.items()) else title
        for title, name in zip(titles, found.landmarks, strict=True)
    ]


def _clusters(read: _Results, titles: Sequence[dict[str, str]]) -> tuple[Cluster, ...]:
    directions = unit(np.asarray(read.space.values), read.ids)
    nearest = {
        "coarse": _nearest(np.asarray(read.groups.coarse), directions),
        "fine": _nearest(np.asarray(read.groups.fine), directions),
    }
    anchors = {
        way: np.round(np.asarray(labels.anchors, np.float64), 5)
        for way, labels in read.labels.items()
    }
    clusters = []
    for number, (entry, title) in enumerate(zip(read.groups.entries, titles, strict=True)):
        level, key, central = entry["level"], entry["key"], entry["central"]
        if title:
            spoken = [title.get("en") or next(iter(title.values()))]
        else:
            spoken = [read.spoken(row) for row in central[:3]]
        clusters.append(
            Cluster(
                level=level,
                key=key,
                name=entry["name"],
                title=title,
                slug=_slug(spoken, level, int(read.ids[central[0]])),
                size=entry["size"],
                central=tuple(int(read.ids[row]) for row in central),
                parent=entry["parent"],
                cohesion=entry["cohesion"],
                nearest=tuple(nearest[level][key]),
                anchors={
                    way: (float(places[number, 0]), float(places[number, 1]))
                    for way, places in anchors.items()
                },
                zooms={
                    way: int(labels.cluster_zooms[number]) for way, labels in read.labels.items()
                },
            )
        )
    return tuple(clusters)


def _nearest(keys: Ints, directions: Floats) -> list[list[int]]:
    """For each cluster the keys of the clusters whose centroids are nearest by cosine, nearest
    first, from the key (n,) and the direction (n, d) of each token."""
    count = int(keys.max(initial=NOISE)) + 1
    if count < 1:
        return []
    sums = np.zeros((count, directions.shape[1]))
    rows = np.argsort(keys, kind="stable")
    ends = np.searchsorted(keys[rows], np.arange(count + 1))
    for key, (begin, end) in enumerate(pairwise(ends.tolist())):
        for start in range(begin, end, 4096):
            part = directions[rows[start : min(start + 4096, end)]]
            sums[key] += part.sum(axis=0, dtype=np.float64)
    centres = unit(sums)
    similar = centres @ centres.T
    np.fill_diagonal(similar, -np.inf)
    order = np.argsort(-similar, axis=1, kind="stable")[:, : min(_NEAREST, count - 1)]
    return [[int(key) for key in row] for row in order]


def _slug(words: Sequence[str], level: str, token: int) -> str:
    """A cluster's name in addresses: the words that name it as far as Latin letters tell them, and
    the id of the first, which makes it distinct within its level, stable while that token names it,
    and lets old addresses be understood (`maps.moved`)."""
    plain = " ".join(words).replace("–", " ").encode("ascii", "ignore").decode().lower()
    told = "-".join(re.findall(r"[a-z0-9]+", plain)[:3])[:40].rstrip("-")
    parts = (told, str(token), "region" if level == "coarse" else "")
    return "-".join(part for part in parts if part)
