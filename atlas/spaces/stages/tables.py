"""Tables of vectors without a model: their words, their vectors, and what their files say of
them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from atlas.engine.stage import Work, stage
from atlas.errors import ModelError
from atlas.models.tables import gguf
from atlas.models.tables.formats import FORMATS
from atlas.models.tables.table import WORDS
from atlas.spaces.readable import script, told_apart, unmarked, visible, whole_token
from atlas.spaces.records import Card, Vectors, Vocabulary
from atlas.spaces.stages.describe import front_matter
from atlas.spaces.stages.vocabulary import readable


@stage("table_words", version=1, weight=2)
def table_words(*, format: str, work: Work = Work()) -> Vocabulary:  # noqa: A002  # a param's name
    """The words of a table, one a row, or the tokens where a tokenizer has made them. Raises
    ModelError naming the file, and the line or the row."""
    found = FORMATS[format].tokens(_path(work))
    if found.family != WORDS:
        made = readable(found.names, found.family, found.special, found.added)
        kinds = ["unused" if row in found.unused else kind for row, kind in enumerate(made.kinds)]
        scripts = ["" if row in found.unused else name for row, name in enumerate(made.scripts)]
        return replace(made, kinds=tuple(kinds), scripts=tuple(scripts))
    texts = told_apart(found.names, [_shown(word) for word in found.names])
    return Vocabulary(
        tuple(map(whole_token, found.names)),
        texts,
        ("word",) * len(texts),
        tuple(map(script, texts)),
        WORDS,
    )


@stage("table_vectors", version=1, weight=5)
def table_vectors(*, format: str, work: Work = Work()) -> Vectors:  # noqa: A002  # a param's name
    """The vectors of a table, (v, d) float32, row i for word i. Raises ModelError naming the file,
    and the line or the row."""
    return Vectors(*FORMATS[format].table(_path(work), work.progress))


@stage("table_card", version=1, weight=0.1)
def table_card(*, format: str, language: str, work: Work = Work()) -> Card:  # noqa: A002
    """What a table's files say of it: its format and its size, of GGUF also the model, and the
    front matter of a README.md beside it. Raises ModelError."""
    path = _path(work)
    form = FORMATS[format]
    facts = gguf.read_head(path).facts if format == "gguf" else {}
    name, license_ = front_matter(path.with_name("README.md"))
    return Card(
        {
            "architecture": _text(facts.get("general.architecture")),
            "model_type": None,
            "hidden_size": None,
            "layers": None,
            "heads": None,
            "vocab_size": None,
            "positions": None,
            "tied": None,
            "dtype": None,
            "tokenizer": _text(facts.get("tokenizer.ggml.model")),
            "lowercase": None,
            "name": _text(facts.get("general.name")) or name,
            "license": _text(facts.get("general.license")) or license_,
            "language": language,
            "bytes": sum(one.stat().st_size for one in form.files(path)),
            "format": form.TITLE,
        }
    )


def _path(work: Work) -> Path:
    path = Path(work.location.removeprefix("vectors:"))
    if not path.is_file():
        raise ModelError(
            f"{path}: is not there any more", "Was it moved while the atlas was built?"
        )
    return path


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _shown(word: str) -> str:
    """A word as a person reads it. Spaces at its ends would not be seen."""
    inner = word.strip(" ")
    if inner == word:
        return visible(unmarked(word))
    before = len(word) - len(word.lstrip(" "))
    return "␣" * before + visible(unmarked(inner)) + "␣" * (len(word) - len(inner) - before)
