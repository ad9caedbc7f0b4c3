"""What the models of a site know of words: tokens by key, and the answer of each to a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from atlas.config.site import text
from atlas.engine.parquet import numbers
from atlas.findings import finding
from atlas.findings.words import data
from atlas.findings.words.config import Words
from atlas.findings.words.data import ListedWord, ModelWords, WordData
from atlas.findings.words.forms import key, word
from atlas.maps.config import Model
from atlas.maps.data import NOBODY
from atlas.maps.view import MapView
from atlas.numeric.types import Array

Answer = dict[str, Any]  # JSON values; see the site's OpenAPI file, or `answer`


class Columns(NamedTuple):
    """What a space says of a token: the texts of its true neighbors, nearest first, and their
    similarities in thousandths, how many of its k nearest neighbors the map keeps near, its
    smallest cluster, and where it lies on the poster, in thousandths of its width and height."""

    near: list[str]
    cosine: list[int]
    kept: int
    cluster: Answer | None
    at: list[int] | None


class Space:
    """A map as one of the spaces of its model: the neighbors of its tokens, its clusters and where
    each token lies on its poster."""

    def __init__(self, view: MapView, count: int) -> None:
        self.view = view
        self.ids = view.ids
        self._row = {token: row for row, token in enumerate(self.ids.tolist())}
        self.count = min(count, view.near.shape[1])
        near = view.near[:, : self.count]
        self._near = np.where(near == NOBODY, 0, np.searchsorted(self.ids, near))
        self._some = (near != NOBODY).any(axis=1)
        self._texts = np.array(view.texts, object)
        self._similar = _thousandths(view.similar[:, : self.count])
        self._places = _thousandths(
            np.stack([view.unit[:, 0], 1 - view.unit[:, 1] / view.aspect], axis=1)
        )
        self._seen = np.all((self._places >= 0) & (self._places <= 1000), axis=1)
        fine, coarse = (
            np.asarray(view.data.column(f"cluster_{level}")) for level in ("fine", "coarse")
        )
        self._cluster = np.where(
            fine >= 0, fine, np.where(coarse >= 0, coarse + len(view.fine), -1)
        )
        self._kept = np.rint(view.overlaps[view.main] * self.k).astype(int)

    @property
    def k(self) -> int:
        """The number of neighbors that `kept` counts of."""
        return self.view.about.faithfulness[self.view.main].k

    @cached_property
    def clusters(self) -> list[Answer]:
        """What is told of each cluster, of the fine ones first."""
        return [
            {"title": one.title or one.name, "href": self.view.page_of(one)}
            for one in (*self.view.fine, *self.view.coarse)
        ]

    def columns(self, tokens: Iterable[int]) -> Iterator[tuple[int, Columns]]:
        """Of those of some token ids that the map shows, the id and what the space says of it."""
        shown = [one for one in tokens if one in self._row]
        rows = np.array([self._row[one] for one in shown], np.int64)
        near = self._texts[self._near[rows]].tolist()
        some, seen = self._some[rows].tolist(), self._seen[rows].tolist()
        similar, places = self._similar[rows].tolist(), self._places[rows].tolist()
        kept, clusters = self._kept[rows].tolist(), self._cluster[rows].tolist()
        for place, one in enumerate(shown):
            yield (
                one,
                Columns(
                    near[place] if some[place] else [],
                    similar[place] if some[place] else [],
                    kept[place],
                    None if clusters[place] < 0 else self.clusters[clusters[place]],
                    places[place] if seen[place] else None,
                ),
            )

    def told(self, token: int) -> Answer | None:
        """What the space says of a token; None where the map does not show it."""
        for _, said in self.columns([token]):
            similar = (one / 1000 for one in said.cosine)
            found: Answer = {"near": list(zip(said.near, similar, strict=True)), "kept": said.kept}
            if said.cluster is not None:
                found["cluster"] = said.cluster
            if said.at is not None:
                found["at"] = [one / 1000 for one in said.at]
            return found
        return None


class ModelLexicon:
    """What one model knows of words.

    spaces  the largest map of each of its spaces of tokens
    rows    its tokens' ids by key
    """

    def __init__(
        self, model: Model, data: WordData, views: Iterable[MapView], neighbors: int
    ) -> None:
        self.model, self.about = model, data.about
        columns = {name: data.tokens.column(name).to_pylist() for name in data.tokens.column_names}
        self.texts, self.kinds, self.pos = columns["text"], columns["kind"], columns["pos"]
        self.readings, self.latin = columns["reading"], columns["latin"]
        self.rows: dict[str, list[int]] = {}
        for row, own in enumerate(self.texts):
            self.rows.setdefault(key(own), []).append(row)
        self.forms = list(map(word, self.texts))
        splits = data.splits
        self.words = {one: row for row, one in enumerate(splits.column("word").to_pylist())}
        ids = splits.column("ids").combine_chunks()
        self._offsets, self._ids = ids.offsets.to_pylist(), numbers(ids.values)
        self._pieces = splits.column("pieces").combine_chunks().values
        self.spaces = [Space(view, neighbors) for view in self._distinct(views)]

    def title(self, language: str) -> str:
        """The model's title, else its id."""
        return text(self.model.title, language, self.model.id)

    def _distinct(self, views: Iterable[MapView]) -> list[MapView]:
        """The largest map of each space, in the order of atlas.toml, of those that show tokens of
        this vocabulary."""
        found: dict[tuple[object, ...], MapView] = {}
        for view in views:
            table = view.map
            corpus = table.corpus.model_dump_json() if table.corpus else ""
            what = (table.space, table.layer, table.tensor, corpus)
            shown = view.ids.tolist()
            own = not shown or (
                shown[-1] < len(self.texts) and [self.texts[row] for row in shown] == view.texts
            )
            if own and (what not in found or view.size > found[what].size):
                found[what] = view
        return list(found.values())

    @cached_property
    def sizes(self) -> list[int]:
        """About how many bytes of JSON what is told of each token takes."""
        rows = np.arange(len(self.texts))
        shown = sum((np.isin(rows, space.ids).astype(int) for space in self.spaces), 0 * rows)
        near = self.spaces[0].count if self.spaces else 0
        found: list[int] = (90 + shown * (150 + near * 26)).tolist()
        return found

    def split(self, asked: str) -> tuple[list[str], list[int]] | None:
        """How the tokenizer splits a word, as a person reads it, and the ids; None where it was not
        asked."""
        row = self.words.get(asked)
        if row is None:
            return None
        begin, end = self._offsets[row : row + 2]
        ids = self._ids[begin:end].tolist()
        if max(ids, default=0) < len(self.texts) and min(ids, default=0) >= 0:
            return [self.texts[one] for one in ids], ids
        return self.read(self._pieces.slice(begin, end - begin).to_pylist(), ids), ids

    def read(self, pieces: Sequence[str], ids: Sequence[int]) -> list[str]:
        """The pieces that the tokenizer made of a text, as a person reads them: a piece that some
        tokenizers give as it stands in the text though it is none of their tokens is the unknown
        one."""
        return [
            self.texts[one] if 0 <= one < len(self.texts) else piece
            for one, piece in zip(ids, pieces, strict=True)
        ]

    def bare(self, row: int) -> Answer:
        """What is told of a token beside what the spaces say; what is not known is left out."""
        found: Answer = {"id": row, "text": self.texts[row], "kind": self.kinds[row]}
        found["rank"] = row + 1
        if self.pos[row]:
            found["pos"] = self.pos[row]
        if self.readings[row]:
            found["reading"] = self.readings[row]
        return found

    def token(self, row: int) -> Answer:
        """What is told of a token."""
        spaces = [
            {"space": number, **told}
            for number, space in enumerate(self.spaces)
            if (told := space.told(row))
        ]
        return {**self.bare(row), **({"spaces": spaces} if spaces else {})}

    def answer(
        self, found: str, forms: Sequence[str], token: Callable[[int], Answer]
    ) -> Answer | None:
        """The answer to a key, whose forms are given, the usual one first, and in which `token`
        tells of a token; None where nothing is known.

        `split` and `ids` are of the first form, which is told where it is not the key; `forms`
        holds the splits of the others, and of forms after a space where the tokenizer tells these
        apart, by the text that was asked.
        """
        rows = self.rows.get(found, ())
        answer: Answer = {"tokens": [token(row) for row in rows]} if rows else {}
        others: dict[str, Answer] = {}
        for number, form in enumerate(forms):
            first = self.split(form)
            if first and not number:
                own = {"form": form} if form != found else {}
                answer |= {"split": first[0], "ids": first[1], **own}
            elif first:
                others[form] = {"split": first[0], "ids": first[1]}
            after = self.split(f" {form}")
            if after:
                others[f" {form}"] = {"split": after[0], "ids": after[1]}
        return {**answer, **({"forms": others} if others else {})} or None


class Lexicon:
    """What all models of a site know of words.

    models  in the order of atlas.toml
    listed  the words that atlas.toml lists
    """

    def __init__(self, models: Sequence[ModelLexicon], listed: Sequence[ListedWord] = ()) -> None:
        self.models, self.listed = models, listed

    @cached_property
    def keys(self) -> list[str]:
        """All keys, in the order of Unicode."""
        found = {key(one.word) for one in self.listed}
        for model in self.models:
            found.update(model.rows)
        return sorted(found)

    @cached_property
    def _forms(self) -> Mapping[str, list[str]]:
        """The written forms of the listed words by key."""
        found: dict[str, list[str]] = {}
        for one in self.listed:
            found.setdefault(key(one.word), []).append(one.word)
        return found

    def forms(self, found: str) -> list[str]:
        """The written forms of a key: first the one that is listed, or the key itself where it is
        one, else the one that most models have."""
        counts: dict[str, int] = {}
        for model in self.models:
            for form in {model.forms[row] for row in model.rows.get(found, ())}:
                counts[form] = counts.get(form, 0) + 1
        named = self._forms.get(found, ())
        if not named and len(counts) < 2:
            return [form for form in counts if form]
        every = dict.fromkeys([*named, *sorted(counts)])
        order = {form: place for place, form in enumerate(named)}

        def usual(form: str) -> tuple[int, bool, int, str]:
            return order.get(form, len(order)), form != found, -counts.get(form, 0), form

        return sorted((form for form in every if form), key=usual)

    def latin(self, found: str) -> str | None:
        """The reading of a key in Latin letters, of the first token that has one."""
        readings = (model.latin[row] for model in self.models for row in model.rows.get(found, ()))
        return next(filter(None, readings), None)

    def answers(self, found: str) -> list[Answer | None]:
        """The answer of each model to a key."""
        forms = self.forms(found)
        return [model.answer(found, forms, model.token) for model in self.models]

    def known(self, found: str) -> bool:
        """Whether a key is a token of any model, or listed."""
        return found in self._forms or any(found in model.rows for model in self.models)

    def size(self, found: str) -> int:
        """About how many bytes of JSON the answers to a key take."""
        told = (model.sizes[row] for model in self.models for row in model.rows.get(found, ()))
        return 40 + 60 * len(self.models) + sum(told)

    def named(self, languages: Sequence[str]) -> list[Answer]:
        """The id and the titles of each model."""
        return [
            {
                "id": model.model.id,
                "title": {language: model.title(language) for language in languages},
            }
            for model in self.models
        ]

    def index(self, languages: Sequence[str]) -> Iterator[Answer]:
        """What is told of each model beside the answers, once the files of its maps are there."""
        for model, named in zip(self.models, self.named(languages), strict=True):
            yield {
                **named,
                "language": model.about.language,
                "spaces": [_space(space, languages) for space in model.spaces],
                "tokenizer": _tokenizer(model.about),
            }


def _thousandths(values: Array) -> Array:
    """Values in thousandths, as integers."""
    return np.rint(np.round(values.astype(np.float64), 3) * 1000).astype(np.int64)


def _tokenizer(about: ModelWords) -> Answer | None:
    """Where a browser finds a tokenizer, and what it can be asked; None of a table of vectors."""
    if not about.split:
        return None
    if not about.portable:
        return {"file": None, "known": "words"}
    file = f"data/{about.model}.tokenizer.json"
    return {"file": file, "bytes": about.portable, "known": "any"}


def _space(space: Space, languages: Sequence[str]) -> Answer:
    view = space.view
    return {
        "map": view.id,
        "space": view.map.space,
        "title": {language: view.title(language) for language in languages},
        "href": f"maps/{view.id}/",
        "poster": view.files.pictures[f"{view.main}-400"],
        "k": space.k,
    }


def lexicons(
    table: Words, models: Mapping[str, Model], views: Iterable[MapView], folder: Path
) -> Iterator[ModelLexicon]:
    """What each model that has one of these maps knows of words, from a data folder. Raises
    DataError."""
    maps: dict[str, list[MapView]] = {}
    for view in views:
        maps.setdefault(view.model.id, []).append(view)
    for model, own in maps.items():
        content = data.read(folder, model)
        if content is not None:
            yield ModelLexicon(models[model], content, own, table.neighbors)


def lexicon(
    table: Words, models: Mapping[str, Model], views: Sequence[MapView], folder: Path
) -> Lexicon | None:
    """What all models with these maps know of words; None where the data folder has nothing of it.
    Raises DataError."""
    own = list(lexicons(table, models, views, folder))
    if not own:
        return None
    read = finding.read(folder, data.LISTED, data.Listed, data.SCHEMA_VERSION)
    return Lexicon(own, read.words if read else ())
