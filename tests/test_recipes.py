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
from atlas.models.tensors import TENSORS
from atlas.spaces.config import Corpus, Selection

CHECKPOINT = Checkpoint("path:m", "path:/somewhere/m", "files:0123")
MODEL = Model(id="m", source="path:m", language="ja")

# Name and version of every stage. Raise the version when the stage returns something else.
STAGES = {
    "annotate": 2,
    "architectures": 2,
    "arrange": 1,
    "average": 1,
    "cluster": 6,
    "compare": 5,
    "contextual": 2,
    "counted": 1,
    "describe": 4,
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
    "project": 3,
    "seen": 1,
    "select": 1,
    "senses": 3,
    "splits": 1,
    "shared": 2,
    "table_card": 1,
    "table_vectors": 1,
    "table_words": 1,
    "vectors": 3,
    "vocabulary": 5,
    "wall": 1,
    "words": 1,
}
KEYS: dict[str, str] = {
    "m: describe": "a5ba8388a87a",
    "m: vocabulary": "1619ad70a92f",
    "m: annotate": "1d6864bae068",
    "m: vectors": "b0107453132d",
    "m-words: select": "c76b1132cc7d",
    "m-words: neighbors": "6081d2ec074c",
    "m-words: umap": "946d26d73bd4",
    "m-words: tsne": "f34711da4df1",
    "m-words: pca": "a3d05c23eb7d",
    "m-words: random": "51d10ab31c65",
    "m-words: arrange umap": "2174f919acdf",
    "m-words: arrange tsne": "08f62e6e371b",
    "m-words: measure umap": "e15e601fba6c",
    "m-words: measure tsne": "0aee53d12ac1",
    "m-words: measure pca": "f4363e07385a",
    "m-words: measure random": "7669b3997a80",
    "m-words: foremost": "463f82902391",
    "m-words: cluster": "2a23379a78e3",
    "m-words: label umap": "1bd2f8a9da15",
    "m-words: label tsne": "ce87f36cc042",
    "m-words: label pca": "eaa08e93b79f",
    "m: lexicon": "d4b2a8027ba0",
    "m-words: landmarks": "844ac270dd1b",
    "m: contextual": "df99f92f1051",
    "m-deep: select": "824587c3e4d5",
    "m-deep: neighbors": "d9b79a8c12b6",
    "m-deep: umap": "6334caaffd98",
    "m-deep: tsne": "6bebc4ed5096",
    "m-deep: pca": "52d35b7095ba",
    "m-deep: random": "f3c0b39486f3",
    "m-deep: arrange umap": "a60898a67d47",
    "m-deep: arrange tsne": "04fd04898de7",
    "m-deep: measure umap": "a5d9a3ec2cf8",
    "m-deep: measure tsne": "be72ade5037b",
    "m-deep: measure pca": "f43242f980d6",
    "m-deep: measure random": "6951207b5c1a",
    "m-deep: foremost": "83b1f3f4a8aa",
    "m-deep: cluster": "14e2707d5dad",
    "m-deep: label umap": "83b7bfec9955",
    "m-deep: label tsne": "9b34d48d6458",
    "m-deep: label pca": "f4ffb1172908",
    "m-deep: landmarks": "6a6fcd6390bc",
    "m-first: neighbors": "fe9c97f9d5b9",
    "m-first: pca": "60c8a81a9a8f",
    "m-first: random": "1d8e6c3ce7fd",
    "m-first: measure pca": "d642709d7fd9",
    "m-first: measure random": "fd9efeef347c",
    "m-first: cluster": "2a143a509f76",
    "m-first: label pca": "5697e7379b63",
    "m-first: landmarks": "164337d92bfc",
    "m: text.txt, part 1 of 1": "cb83c22ed377",
    "m-text: average": "e0e2fc330dc4",
    "m-text: seen": "4a0e1d8bb7f4",
    "m-text: neighbors": "3898d800ae74",
    "m-text: umap": "4e38c1ec0555",
    "m-text: tsne": "8f27d0af1fe5",
    "m-text: pca": "95fd0ca8e185",
    "m-text: random": "9363dd116951",
    "m-text: arrange umap": "2b34381aacca",
    "m-text: arrange tsne": "5df41b0df9c0",
    "m-text: measure umap": "87c93b2d6313",
    "m-text: measure tsne": "59d837fa14cf",
    "m-text: measure pca": "76a8be30a020",
    "m-text: measure random": "be39bab4df8f",
    "m-text: foremost": "a7284eee5c5f",
    "m-text: cluster": "4df4a32e5e32",
    "m-text: label umap": "8e0b49e60def",
    "m-text: label tsne": "6e00d21cd112",
    "m-text: label pca": "f48d6a5169aa",
    "m-text: landmarks": "828f05d231d6",
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
        (READ_JSON, {"describe", "vocabulary", "vectors", "pitfall"}),
        (TENSORS, {"vocabulary", "vectors"}),
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
