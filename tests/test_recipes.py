"""Recipes: what is kept of a build made by another release. A key that changes here costs every
user a computation, so it changes on purpose, with its stage's version."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from pathlib import Path

import pytest

import atlas
from atlas.engine.stage import AnyStage, Helper, Stage
from atlas.engine.task import Task, order
from atlas.findings.comparisons.config import Compare
from atlas.findings.comparisons.plan import plan_comparison
from atlas.findings.inputs_embeds.stages.architectures import architectures
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.findings.senses.stages.senses import senses
from atlas.maps.config import Map, Model
from atlas.maps.landmarks import Claim, Landmark
from atlas.maps.plan import MapTarget, plan_map
from atlas.maps.stages.measure import NEAREST
from atlas.maps.stages.neighbors import NEIGHBORS
from atlas.models.checkpoint import READ_JSON, Checkpoint
from atlas.models.encoder import ENCODER
from atlas.spaces.config import Corpus, Selection

CHECKPOINT = Checkpoint("path:m", "path:/somewhere/m", "files:0123")
MODEL = Model(id="m", source="path:m", language="ja")

# Name and version of every stage. Raise the version when the stage returns something else.
STAGES = {
    "annotate": 2,
    "architectures": 2,
    "average": 1,
    "cluster": 3,
    "compare": 5,
    "contextual": 2,
    "describe": 3,
    "label": 3,
    "landmarks": 1,
    "layers": 3,
    "lexicon": 1,
    "measure": 3,
    "neighbors": 2,
    "occurrences": 3,
    "pitfall": 2,
    "project": 2,
    "seen": 1,
    "select": 1,
    "senses": 3,
    "vectors": 2,
    "vocabulary": 3,
    "words": 1,
}
KEYS: dict[str, str] = {
    "m: describe": "c5264ede711e",
    "m: vocabulary": "ab66c73fc39f",
    "m: annotate": "f10f1d2106b8",
    "m: vectors": "414f861f9565",
    "m-words: select": "0f53b039cd79",
    "m-words: neighbors": "51b19ac1b3af",
    "m-words: umap": "ab035354265a",
    "m-words: tsne": "03adb0db2528",
    "m-words: pca": "2d9ed3f473bd",
    "m-words: random": "da0f17f641d4",
    "m-words: cluster": "e9dd7c42d8ba",
    "m-words: label umap": "969a3d35df52",
    "m-words: label tsne": "a8a9441e1baf",
    "m-words: label pca": "d4d3a2039396",
    "m-words: measure umap": "ecf42575052d",
    "m-words: measure tsne": "67f2e87e266e",
    "m-words: measure pca": "22912c07ee59",
    "m-words: measure random": "6d06e8590bf4",
    "m: lexicon": "52b90920c0f9",
    "m-words: landmarks": "6498ae403155",
    "m: contextual": "b8d031d0973b",
    "m-deep: select": "188fd7bcf02b",
    "m-deep: neighbors": "783d38415fcc",
    "m-deep: umap": "8072132d896b",
    "m-deep: tsne": "9718a50eb759",
    "m-deep: pca": "4d1e7dfd20aa",
    "m-deep: random": "72b878f9e359",
    "m-deep: cluster": "749356a8163c",
    "m-deep: label umap": "58bd9069f7e9",
    "m-deep: label tsne": "0f88f3d82baf",
    "m-deep: label pca": "baaee345b677",
    "m-deep: measure umap": "db15be84b867",
    "m-deep: measure tsne": "4ee8417800c4",
    "m-deep: measure pca": "966a85ce78b5",
    "m-deep: measure random": "13bf97139ee7",
    "m-deep: landmarks": "92ef430fc309",
    "m-first: neighbors": "b9403c0c3fd6",
    "m-first: pca": "c53a66f288b3",
    "m-first: random": "65b94e329d08",
    "m-first: cluster": "7b6506e1f6c9",
    "m-first: label pca": "883da19d4ccb",
    "m-first: measure pca": "49a59a738abf",
    "m-first: measure random": "541e39592aef",
    "m-first: landmarks": "c000f4e77f10",
    "m: text.txt, part 1 of 1": "d1ad57602d34",
    "m-text: average": "fcddc2183ccf",
    "m-text: seen": "093a8e29066e",
    "m-text: neighbors": "a055f97207de",
    "m-text: umap": "6cf9f5a5fddc",
    "m-text: tsne": "a6a26042510c",
    "m-text: pca": "705948499596",
    "m-text: random": "bbfdc505ce9e",
    "m-text: cluster": "47be79f2511c",
    "m-text: label umap": "d0750d9cdfc6",
    "m-text: label tsne": "73cac7ce1b7b",
    "m-text: label pca": "ace1ea758c91",
    "m-text: measure umap": "d7e30f7b3c2b",
    "m-text: measure tsne": "ad350f708a75",
    "m-text: measure pca": "20d3e304e7d1",
    "m-text: measure random": "478c9e928497",
    "m-text: landmarks": "bf2f7233f764",
    "m-words--m-deep: compare": "72bd2ff2f8bc",
    "m-words--m-deep: layers": "2d220b9f26a2",
    "senses": "2cea89e7899e",
    "pitfall": "fd653a567553",
}


def stages() -> dict[str, AnyStage]:
    """Every stage of the package by its name."""
    found: dict[str, AnyStage] = {}
    for module in pkgutil.walk_packages(atlas.__path__, "atlas."):
        if ".stages." in module.name:
            for thing in vars(importlib.import_module(module.name)).values():
                if isinstance(thing, Stage):
                    assert found.setdefault(thing.name, thing) is thing, thing.name
    return found


def planned(root: Path) -> list[MapTarget]:
    (root / "text.txt").write_text("the fox\n", encoding="utf-8")
    landmarks = [Landmark(name="years", pattern="^19"), Landmark(name="few", tokens=("犬", "猫"))]
    claims = [Claim(set="years"), Claim(words=("犬", "猫"))]
    maps = [
        Map(selection=Selection(kinds=("word",), first=1500)),
        Map(name="deep", space="contextual"),
        Map(name="first", space="encoder-input", projections=("pca",)),
        Map(name="text", space="contextual", corpus=Corpus(path="text.txt", least=2)),
    ]
    return [plan_map(root, MODEL, entry, CHECKPOINT, landmarks, claims) for entry in maps]


def every_task(root: Path) -> dict[str, Task]:
    maps = planned(root)
    compared = plan_comparison(Compare(maps=("m-words", "m-deep")), maps[0], maps[1])
    tasks = [task for plan in maps for task in plan.tasks()] + list(compared.tasks())
    tasks.append(Task(senses, {"occurrences": [["a", "b", "c"]], "layer": -1}, source="files:0"))
    tasks.append(Task(pitfall, {"framework": "torch", "sentences": ["a"]}, source="files:0"))
    return {task.label or task.stage: task for task in order(tasks)}


def test_names_and_versions_of_stages() -> None:
    assert {name: stage.version for name, stage in sorted(stages().items())} == STAGES


def test_keys_are_those_of_the_release_before(tmp_path: Path) -> None:
    keys = {label: task.key[:12] for label, task in every_task(tmp_path).items()}
    assert keys == KEYS


def test_a_key_does_not_depend_on_where_things_are(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here = every_task(tmp_path)
    there = every_task(tmp_path / "elsewhere")
    assert [task.key for task in here.values()] == [task.key for task in there.values()]


@pytest.mark.parametrize(
    ("helper", "users"),
    [
        (ENCODER, {"contextual", "occurrences", "layers", "senses", "pitfall"}),
        (NEIGHBORS, {"neighbors", "compare", "layers"}),
        (NEAREST, {"measure", "landmarks"}),
        (READ_JSON, {"describe", "vocabulary", "vectors", "pitfall"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_mended_helper_changes_the_recipes_of_those_that_use_it(
    helper: Helper, users: set[str]
) -> None:
    assert {name for name, stage in stages().items() if helper in stage.uses} == users
    for stage in stages().values():
        mended = Stage(
            stage.function,
            stage.name,
            version=stage.version,
            uses=tuple(
                dataclasses.replace(one, version=2) if one == helper else one for one in stage.uses
            ),
            libraries=stage.libraries,
        )
        assert (Task(mended).key != Task(stage).key) == (stage.name in users)


def test_results_that_libraries_make_have_their_versions() -> None:
    recipe = Task(architectures).recipe
    assert list(recipe["libraries"]) == ["torch", "transformers"]
    assert "libraries" not in planned_vocabulary(CHECKPOINT).recipe
    read = dataclasses.replace(CHECKPOINT, libraries=("sentencepiece", "transformers"))
    assert list(planned_vocabulary(read).recipe["libraries"]) == ["sentencepiece", "transformers"]


def planned_vocabulary(checkpoint: Checkpoint) -> Task:
    return plan_map(Path(), MODEL, Map(), checkpoint).vocabulary


def test_every_stage_returns_a_class_and_runs_where_a_worker_finds_it() -> None:
    from atlas.engine.stage import address, stage_at

    for stage in stages().values():
        assert stage_at(address(stage)) is stage
        assert isinstance(stage.record, type)
        assert stage.weight > 0


def test_nothing_is_cast_that_is_read_from_the_store() -> None:
    package = Path(atlas.__file__).parent
    for path in [*package.rglob("plan.py"), package / "maps" / "gather.py"]:
        assert "cast(" not in path.read_text(encoding="utf-8"), path
