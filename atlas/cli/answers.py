"""What `atlas words` says: the answers of all models to some words, from atlas data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import DataError, ModelError, UsageError
from atlas.findings.words.forms import key
from atlas.findings.words.forms import word as written
from atlas.findings.words.lexicon import lexicon
from atlas.findings.words.suggestions import plain, sound
from atlas.maps import data
from atlas.maps.files.tiles import fold
from atlas.maps.view import MapView
from atlas.spaces.readable import visible

if TYPE_CHECKING:
    from atlas.atlas_toml import Config
    from atlas.findings.words.lexicon import Answer, Lexicon, ModelLexicon
    from atlas.findings.words.stages.splits import Splitter
    from atlas.maps.config import Model
    from atlas.pipeline.places import Places

_AGAIN = "Run `atlas build` first."
_BREAKS = "\t\n\r\v\f\x1b\x85\u2028\u2029"  # what would break a line, or move the cursor


def look_up(config: Config, places: Places, asked: Sequence[str]) -> list[dict[str, Any]]:
    """The answers to each word: `word`, `key`, and `models`, each with its `id`, the maps of the
    `spaces` that its answer numbers from 0, whether there is a `tokenizer`, and the `answer`;
    `models` is None of a word of which nothing is known. Of one that is no token, `sounding` are
    those that are read so.

    How a word is split that no data tell of is asked of the tokenizers that are on this machine.
    Raises UsageError for a word that is nothing, DataError where the data folder has no words.
    """
    if empty := [word for word in asked if not word.strip()]:
        raise UsageError(f"{empty[0]!r} is no word", "Give one or more: atlas words victory")
    known = _opened(config, places.data)
    models = {model.id: model for model in config.models}
    ask = cache(lambda name: _splitter(places, models[name]))
    return [_found(known, ask, word) for word in asked]


def _splitter(places: Places, model: Model) -> Splitter | None:
    """What splits words as a model's tokenizer does; None where it is not on this machine or cannot
    be made."""
    from atlas.findings.words.stages.splits import splitter
    from atlas.models.checkpoint import resolve
    from atlas.models.lock import Lock

    try:
        found = resolve(
            model.source,
            places.root,
            revision=model.revision,
            lock=Lock(places.lock),
            offline=True,
            digests=places.digests,
        )
        return splitter(found.location)
    except ModelError:
        return None


def _opened(config: Config, folder: Path) -> Lexicon:
    views = [
        MapView(model, row, data.read(folder, row.id(model)))
        for model in config.models
        for row in model.maps
        if all(path.exists() for path in data.paths(folder, row.id(model)))
    ]
    models = {model.id: model for model in config.models}
    known = lexicon(config.words, models, views, folder)
    if known is None:
        why = "" if config.words.enabled else ", and [words] in atlas.toml is turned off"
        raise DataError(f"{folder}: no data of words{why}", _AGAIN)
    return known


def _found(known: Lexicon, ask: Callable[[str], Splitter | None], word: str) -> dict[str, Any]:
    found = key(word)
    told: list[dict[str, Any]] = []
    for model, answer in zip(known.models, known.answers(found), strict=True):
        if model.about.split and not _tells(answer, word):
            answer = _with(answer, _asked(model, ask(model.model.id), word), word)
        told.append(
            {
                "id": model.model.id,
                "spaces": [space.view.id for space in model.spaces],
                "tokenizer": model.about.split,
                "answer": answer,
            }
        )
    nothing = all(one["answer"] is None for one in told)
    token = any((one["answer"] or {}).get("tokens") for one in told)
    return {
        "word": word,
        "key": found,
        "models": None if nothing else told,
        "sounding": [] if token else _sounding(known, word),
    }


def _sounding(known: Lexicon, word: str) -> list[str]:
    """Words whose reading is that of a word in kana or in Latin letters, of whichever kind."""
    folded = fold(word)
    wanted = plain(folded) if folded.isascii() else sound(folded)
    if not wanted:
        return []
    same = (
        text
        for model in known.models
        for text, kind, reading in zip(model.texts, model.kinds, model.readings, strict=True)
        if reading and kind == "word" and sound(fold(reading)) == wanted
    )
    return list(dict.fromkeys(same))


def _tells(answer: Answer | None, word: str) -> bool:
    """Whether an answer tells how a word is split as it is written, not another of its forms."""
    form = written(word)
    known = answer or {}
    return "split" in known and form in {known.get("form", key(word)), *known.get("forms", {})}


def _with(answer: Answer | None, asked: Answer, word: str) -> Answer | None:
    """An answer with what its tokenizer said: beside the split of another form, if there is one."""
    if answer is None or "split" not in answer or not asked:
        return {**(answer or {}), **asked} or None
    own = {written(word): {"split": asked["split"], "ids": asked["ids"]}}
    return {**answer, "forms": {**answer.get("forms", {}), **own, **asked.get("forms", {})}}


def _asked(model: ModelLexicon, split: Splitter | None, word: str) -> Answer:
    """A model's answer to a word of which its data tell no split, as `ModelLexicon.answer` has
    it; empty without a tokenizer."""
    from atlas.findings.words.stages.splits import tells_spaces

    if split is None:
        return {}
    form = written(word)
    texts = [form, f" {form}"] if tells_spaces(split) else [form]
    first, *after = [{"split": model.read(pieces, ids), "ids": ids} for pieces, ids in split(texts)]
    own = {"form": form} if form != key(word) else {}
    return {**first, **own, **({"forms": {texts[1]: after[0]}} if after else {})}


def lines(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is found, as lines for a terminal."""
    for number, one in enumerate(found):
        if number:
            yield ""
        yield "".join(visible(sign) if sign in _BREAKS else sign for sign in one["word"])
        if one["sounding"]:
            yield f"  read so: {', '.join(one['sounding'])}"
        width = max((len(model["id"]) for model in one["models"] or ()), default=0)
        for model in one["models"] or ():
            yield f"  {model['id']:{width}}  {_verdict(model, one)}"
            for token in (model["answer"] or {}).get("tokens", ()):
                yield from _token(token, model["spaces"], " " * (width + 4))


def _verdict(model: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Whether a word is a token of a model, and how it is split as it was written; as its answer
    has it where nothing is known of that."""
    answer: Answer = model["answer"] or {}
    forms = {answer.get("form", asked["key"]): answer, **answer.get("forms", {})}
    form = written(asked["word"])
    form = form if form in forms else answer.get("form", asked["key"])
    kinds = dict.fromkeys(token["kind"] for token in answer.get("tokens", ()))
    told = [f"a token ({', '.join(kinds)})" if kinds else "no token"]
    split = forms[form].get("split")
    if split is not None:
        told.append(f"read as {' '.join(split) or 'nothing'}")
        after = forms.get(f" {form}")
        if after and after["split"] != split:
            told.append(f"after a space {' '.join(after['split'])}")
    elif not model["tokenizer"]:
        told.append("without a tokenizer")
    elif not kinds:
        told.append("its tokenizer is not on this machine")
    return "; ".join(told)


def _token(token: Answer, spaces: Sequence[str], indent: str) -> Iterator[str]:
    """A token, and its neighbors in each space."""
    more = [token[name] for name in ("pos", "reading") if name in token]
    facts = [token["kind"], *more, f"id {token['id']}", f"number {token['rank']:,}"]
    yield f"{indent}{token['text']}  {' · '.join(facts)}"
    told = token.get("spaces", ())
    width = max((len(spaces[space["space"]]) for space in told), default=0)
    for space in told:
        near = ", ".join(f"{text} {similarity:.2f}" for text, similarity in space["near"])
        yield f"{indent}  {spaces[space['space']]:{width}}  {near or 'none: its vector is zero'}"
