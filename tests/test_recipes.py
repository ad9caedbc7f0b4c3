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
from atlas.findings.inputs_embeds.stages.families import families
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.findings.senses.stages.senses import senses
from atlas.maps.config import Map, Model
from atlas.maps.landmarks import Claim, Landmark
from atlas.maps.plan import MapTarget, plan_map
from atlas.maps.stages.measure import NEAREST
from atlas.maps.stages.neighbors import NEIGHBORS
from atlas.models.checkpoint import READ_JSON, Checkpoint
from atlas.models.encoder import ENCODER
from atlas.models.tensors import TENSORS
from atlas.spaces.config import Corpus, Selection

CHECKPOINT = Checkpoint("path:m", "path:/somewhere/m", "files:0123")
MODEL = Model(id="m", source="path:m", language="ja")

# Name and version of every stage. Raise the version when the stage returns something else.
STAGES = {
    "annotate": 2,
    "arrange": 1,
    "average": 1,
    "cluster": 6,
    "compare": 5,
    "contextual": 2,
    "counted": 1,
    "describe": 4,
    "families": 1,
    "foremost": 1,
    "label": 5,
    "landmarks": 2,
    "layers": 3,
    "lexicon": 2,
    "measure": 5,
    "neighbors": 3,
    "occurrences": 3,
    "orders": 2,
    "pitfall": 3,
    "portable": 1,
    "project": 4,
    "rows": 1,
    "seen": 1,
    "select": 1,
    "senses": 3,
    "shape": 4,
    "splits": 1,
    "shared": 2,
    "suspect": 2,
    "table_card": 1,
    "table_vectors": 1,
    "table_words": 1,
    "vectors": 3,
    "verify": 1,
    "vocabulary": 5,
    "wall": 1,
    "words": 1,
}
KEYS: dict[str, str] = {
    "m: describe": "a5ba8388a87a",
    "m: vocabulary": "1619ad70a92f",
    "m: annotate": "1d6864bae068",
    "m: vectors": "b0107453132d",
    "m: suspect": "d1862c48352c",
    "m-words: select": "c76b1132cc7d",
    "m-words: neighbors": "6081d2ec074c",
    "m-words: umap": "9cd318e86f22",
    "m-words: tsne": "c22051ad0a34",
    "m-words: pca": "d8c22b0e5b27",
    "m-words: random": "cf652ed86590",
    "m-words: arrange umap": "4c248a3eec92",
    "m-words: arrange tsne": "bc90813ceadf",
    "m-words: measure umap": "125d8520282a",
    "m-words: measure tsne": "686270f18e9f",
    "m-words: measure pca": "ab499ee25d14",
    "m-words: measure random": "64b2277cc5e4",
    "m-words: foremost": "41e74fbd3f86",
    "m-words: cluster": "e8b239206dcd",
    "m-words: label umap": "b15d8e5d208d",
    "m-words: label tsne": "242c6f332f82",
    "m-words: label pca": "9edc047418c9",
    "m: lexicon": "d4b2a8027ba0",
    "m-words: landmarks": "eb728ee2675e",
    "m: contextual": "df99f92f1051",
    "m-deep: select": "824587c3e4d5",
    "m-deep: neighbors": "d9b79a8c12b6",
    "m-deep: umap": "71fef2a74462",
    "m-deep: tsne": "458f3b7ce09f",
    "m-deep: pca": "d634935fc32d",
    "m-deep: random": "a30ed9e0e77b",
    "m-deep: arrange umap": "2a706fa2e1ea",
    "m-deep: arrange tsne": "7a596c538619",
    "m-deep: measure umap": "886c1d7c4a44",
    "m-deep: measure tsne": "52c120cc71ae",
    "m-deep: measure pca": "b1b59e4c9f11",
    "m-deep: measure random": "3d264e05453c",
    "m-deep: foremost": "6ed043d0ddc7",
    "m-deep: cluster": "525a4238f1ad",
    "m-deep: label umap": "a6f274396f35",
    "m-deep: label tsne": "cea58f975554",
    "m-deep: label pca": "419280aa3601",
    "m-deep: landmarks": "d023a189c4aa",
    "m-first: neighbors": "fe9c97f9d5b9",
    "m-first: pca": "d49ed1d1ab05",
    "m-first: random": "332d56a98b11",
    "m-first: measure pca": "5b6f5e7b91bf",
    "m-first: measure random": "cc997b8902ec",
    "m-first: cluster": "56ae4299a9db",
    "m-first: label pca": "d79765ba8e49",
    "m-first: landmarks": "c6858d421e48",
    "m: text.txt, part 1 of 1": "cb83c22ed377",
    "m-text: average": "e0e2fc330dc4",
    "m-text: seen": "4a0e1d8bb7f4",
    "m-text: neighbors": "3898d800ae74",
    "m-text: umap": "f0f51086694f",
    "m-text: tsne": "471f47f93d93",
    "m-text: pca": "f309ba362033",
    "m-text: random": "fa511a73471b",
    "m-text: arrange umap": "9096cb2347d7",
    "m-text: arrange tsne": "73eaba44a1be",
    "m-text: measure umap": "6502f2cee432",
    "m-text: measure tsne": "9ec783314152",
    "m-text: measure pca": "e9ce98ab2519",
    "m-text: measure random": "7eab21dcbf5d",
    "m-text: foremost": "9c2ce12fe0f7",
    "m-text: cluster": "84ddc4ba06cf",
    "m-text: label umap": "6b3236406f38",
    "m-text: label tsne": "b60b4a3a5477",
    "m-text: label pca": "0aac1047d7ff",
    "m-text: landmarks": "511b7438ad89",
    "m-words--m-deep: compare": "0851bd62d319",
    "m-words--m-deep: layers": "377de01e3d25",
    "senses": "45e503c12021",
    "pitfall": "dab0613da588",
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


# Of a table of vectors, whose stages are its own.
TABLE = Checkpoint("vectors:t.gguf", "vectors:/somewhere/t.gguf", "files:0123", table="gguf")
TABLE_KEYS = {
    "m: table_card": "de2e84d07545",
    "m: table_words": "67eb80542e71",
    "m: table_vectors": "21ba8a6cf649",
}


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


def test_a_table_of_vectors_has_stages_of_its_own(tmp_path: Path) -> None:
    found = plan_map(tmp_path, MODEL, Map(projections=("pca",)), TABLE)
    own = {task.label: task.key[:12] for task in (found.card, found.vocabulary, found.vectors)}
    assert own == TABLE_KEYS
    assert found.vectors.recipe.get("libraries") is None
    read = dataclasses.replace(TABLE, libraries=("gguf",))
    recipe = plan_map(tmp_path, MODEL, Map(), read).vectors.recipe
    assert list(recipe["libraries"]) == ["gguf"]


def test_a_key_does_not_depend_on_where_things_are(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here = every_task(tmp_path)
    there = every_task(tmp_path / "elsewhere")
    assert [task.key for task in here.values()] == [task.key for task in there.values()]


@pytest.mark.parametrize(
    ("helper", "users"),
    [
        (ENCODER, {"contextual", "occurrences", "layers", "senses", "pitfall", "orders"}),
        (NEIGHBORS, {"neighbors", "compare", "layers"}),
        (NEAREST, {"measure", "landmarks", "cluster"}),
        (READ_JSON, {"describe", "vocabulary", "vectors", "pitfall", "rows", "verify"}),
        (TENSORS, {"vocabulary", "vectors", "rows", "suspect"}),
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
                dataclasses.replace(one, version=one.version + 1) if one == helper else one
                for one in stage.uses
            ),
            libraries=stage.libraries,
        )
        assert (Task(mended).key != Task(stage).key) == (stage.name in users)


def test_results_that_libraries_make_have_their_versions() -> None:
    recipe = Task(families).recipe
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
