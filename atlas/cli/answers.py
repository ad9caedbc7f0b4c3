"""What `atlas words` says: the answers of all models to some words, from atlas data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import DataError, UsageError
from atlas.findings.words.forms import key
from atlas.findings.words.section import lexicon
from atlas.maps import data
from atlas.maps.view import MapView

if TYPE_CHECKING:
    from atlas.atlas_toml import Config
    from atlas.findings.words.lexicon import Answer, Lexicon

_AGAIN = "Run `atlas build` first."


def look_up(config: Config, folder: Path, asked: Sequence[str]) -> list[dict[str, Any]]:
    """The answers to each word: `word`, `key`, and `models`, each with its `id`, the `spaces` that
    its answer counts from 0, and the `answer`; `models` is None of a word of which nothing is
    known.

    Raises UsageError for a word that is nothing, DataError where the data folder has no words.
    """
    if empty := [word for word in asked if not word.strip()]:
        raise UsageError(f"{empty[0]!r} is no word", "Give one or more: atlas words victory")
    known = _opened(config, folder)
    return [_found(known, word) for word in asked]


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


def _found(known: Lexicon, word: str) -> dict[str, Any]:
    found = key(word)
    if not known.known(found):
        return {"word": word, "key": found, "models": None}
    answers = zip(known.models, known.answers(found), strict=True)
    return {
        "word": word,
        "key": found,
        "models": [
            {
                "id": model.model.id,
                "spaces": [space.view.id for space in model.spaces],
                "answer": answer,
            }
            for model, answer in answers
        ],
    }


def lines(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is found, as lines for a terminal."""
    for number, one in enumerate(found):
        if number:
            yield ""
        yield one["word"]
        width = max((len(model["id"]) for model in one["models"] or ()), default=0)
        for model in one["models"] or ():
            yield f"  {model['id']:{width}}  {_verdict(model['answer'] or {})}"
            for token in (model["answer"] or {}).get("tokens", ()):
                yield from _token(token, model["spaces"], " " * (width + 4))


def _verdict(answer: Answer) -> str:
    """Whether it is a token, and its split."""
    split = answer.get("split")
    if split is None:
        pieces = "" if answer.get("tokens") else "; its tokenizer was not asked"
    else:
        pieces = f"; read as {' '.join(split) or 'nothing'}"
    kinds = [token["kind"] for token in answer.get("tokens", ())]
    return f"a token ({', '.join(kinds)}){pieces}" if kinds else f"no token{pieces}"


def _token(token: Answer, spaces: Sequence[str], indent: str) -> Iterator[str]:
    """A token, and its neighbors in each space."""
    more = [token[name] for name in ("pos", "reading") if name in token]
    facts = [token["kind"], *more, f"id {token['id']}", f"number {token['rank']:,}"]
    yield f"{indent}{token['text']}  {' · '.join(facts)}"
    told = token.get("spaces", ())
    width = max((len(spaces[space["space"]]) for space in told), default=0)
    for space in told:
        near = ", ".join(f"{text} {similarity:.2f}" for text, similarity, _ in space["near"])
        yield f"{indent}  {spaces[space['space']]:{width}}  {near or 'none: its vector is zero'}"
