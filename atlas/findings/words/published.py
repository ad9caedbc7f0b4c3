"""The files of words: the answers of all models, and the data that they are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from atlas.findings.words import cards, data, shards, suggestions
from atlas.findings.words.entries import Entry, answer_file
from atlas.findings.words.lexicon import Lexicon
from atlas.findings.words.view import WordsView
from atlas.section import Gallery
from atlas.web.writer import Derived, Wanted

_MADE = 6  # to be raised when the files of answers change for the same data
_PAGES = 200  # words whose files are made at once
_CHUNK = 4000  # keys whose answers are held at once


def publish(view: WordsView, gallery: Gallery) -> None:
    """Ask for the files of answers and have the view told of them, then write their index; write
    the data of the words. Answers that their recipes leave unchanged are shared with the old
    site."""
    lexicon = view.lexicon
    recipes = [model.about.recipe for model in lexicon.models]
    recipes += [space.view.about.recipe for model in lexicon.models for space in model.spaces]
    listed = [one.word for one in lexicon.listed]
    clusters = [space.view.map.clusters.pages for model in lexicon.models for space in model.spaces]
    facts = [_MADE, shards.VERSION, view.table.neighbors, listed, clusters, recipes]
    key = hashlib.sha256(repr(facts).encode()).hexdigest()
    sizes = {found: lexicon.size(found) for found in lexicon.keys}
    models = lexicon.named(gallery.site.languages)
    named = repr([suggestions.VERSION, listed, recipes, models])
    wanted = [Wanted("words.suggest", named, partial(_suggestions, lexicon, models))]
    for number, part in enumerate(_chunks(shards.shards(lexicon.keys, sizes))):
        wanted.append(Wanted(f"words.{number}", key, partial(_answers, view, part)))
    answers = len(wanted)
    pictured = bool(gallery.site.base_url)  # previews need full addresses
    for number in range(0, len(view.entries), _PAGES):
        paged = view.entries[number : number + _PAGES]
        mark = repr([cards.VERSION, key, pictured, [entry.slug for entry in paged]])
        wanted.append(Wanted(f"words.pages.{number}", mark, partial(_pages, paged, pictured)))

    def tell(made: Sequence[Any]) -> None:
        view.shards = sorted(chain.from_iterable(made[1:answers]))
        for addresses in made[answers:]:
            view.cards |= addresses
        told = list(lexicon.index(gallery.site.languages))
        index = {"version": shards.VERSION, "models": told, "shards": view.shards}
        gallery.writer.write(f"{shards.FOLDER}index.json", shards.dumps(index))

    gallery.derive(wanted, tell)
    for model in lexicon.models:
        for name in data.files(model.model.id):
            if model.about.portable or not name.endswith(".tokenizer.json"):
                gallery.publish(name)
    if lexicon.listed:
        gallery.publish(data.LISTED)


def _pages(entries: Sequence[Entry], pictured: bool) -> Derived[dict[str, str]]:
    """The answers beside pages of words, and their pictures for link previews if there are any; the
    addresses of these by slug."""
    files: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for entry in entries:
        files[f"{shards.FOLDER}pages/{entry.slug}.json"] = shards.dumps(answer_file(entry))
        if pictured:
            names[entry.slug] = f"{shards.FOLDER}cards/{entry.slug}.png"
            files[names[entry.slug]] = cards.card(entry.text, entry.nearest or entry.pieces)
    return files, names


def _chunks(planned: shards.Shards) -> Iterable[shards.Shards]:
    """The planned files in parts of about _CHUNK keys, so that not all answers are held at
    once."""
    part: shards.Shards = {}
    held = 0
    for bound, keys in planned.items():
        part[bound] = keys
        held += len(keys)
        if held >= _CHUNK:
            yield part
            part, held = {}, 0
    if part:
        yield part


def _answers(view: WordsView, planned: shards.Shards) -> Derived[Sequence[str]]:
    """The files of some bounds, and the bounds."""
    made = {
        bound: content
        for begin, keys in planned.items()
        for bound, content in shards.packed(view.lexicon, begin, keys)
    }
    return {shards.file_name(bound): content for bound, content in made.items()}, list(made)


def _suggestions(lexicon: Lexicon, models: Sequence[Mapping[str, object]]) -> Derived[None]:
    """The files of suggestions."""
    made = suggestions.suggestions(_words(lexicon), models)
    return {f"{suggestions.FOLDER}{name}": content for name, content in made.items()}, None


def _words(lexicon: Lexicon) -> Iterator[suggestions.Word]:
    """Every word of a vocabulary, in its usual form."""
    for key in lexicon.keys:
        rows = [
            (place, model.rows[key])
            for place, model in enumerate(lexicon.models)
            if key in model.rows
        ]
        if not rows:
            continue
        readings = (lexicon.models[place].readings[row] for place, own in rows for row in own)
        yield suggestions.Word(
            lexicon.forms(key)[0],
            tuple(place for place, _ in rows),
            min(row for _, own in rows for row in own),
            next(filter(None, readings), None),
        )
